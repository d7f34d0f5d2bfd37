"""Judges served predictions: figures a model, drift, and rankers beside their baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from events.hashing import uniforms
from features.example import Example
from models.baselines import BASELINES, RoomCounts
from models.cards import model_card, ranking_report
from models.drift import Drift, DriftState
from models.preference import pairs_of
from models.progressive import Progressive, ProgressiveState
from models.ranking import Ranking, RankingState
from models.registry import LEARNERS, PREFERENCE
from models.scorer import Vector, Weights
from models.settings import LearnSettings

_SERVED = "served"


class JudgeState(msgspec.Struct, array_like=True):
    """A judge at rest."""

    progressive: list[ProgressiveState]
    drift: list[DriftState]
    ranking: RankingState
    rooms: tuple[float, float, list[tuple[str, float, float]]]


class Judge:
    """Progressive validation of a set of models and of the utility that lists are ranked by.

    Scores come in one block of shape (models + 1, examples): the models in the order given, the
    utility last. Examples that are not sampled count in lists only, so that each impression
    counts once, by its weight.
    """

    def __init__(
        self, settings: LearnSettings, models: Sequence[str], names: Sequence[str]
    ) -> None:
        self._settings = settings
        self._specs = [spec for spec in LEARNERS if spec.name in models]
        self._progressive = {
            name: Progressive(settings.rolling_examples, settings.calibration_bins)
            for name in models
        }
        self._drift = {
            name: Drift(settings.drift_delta, settings.drift_block_examples) for name in models
        }
        self._columns = [names.index(name) for name in settings.baseline_features.values()]
        rankers = (_SERVED, *BASELINES, *settings.baseline_features)
        self.ranking = Ranking(rankers, settings.ranking_last_lists)
        self._rooms = RoomCounts(settings.baseline_rooms_max, settings.baseline_prior_impressions)

    def judge(
        self, batch: Sequence[Example], rows: Vector, scores: Vector, lists: list[list[int]]
    ) -> None:
        """Judges one second's examples, none of them learnt yet; `lists` indexes clicked ones."""
        self._judge_examples(batch, scores)
        if lists:
            self._judge_lists(batch, rows, scores, lists)
        self._count_rooms(batch, lists)

    def _judge_examples(self, batch: Sequence[Example], scores: Vector) -> None:
        weights = np.array([e.weight if e.sampled else 0.0 for e in batch])
        for row, spec in enumerate(self._specs):
            if spec.label is None:
                continue
            labels = np.array([spec.label(e) for e in batch])
            used = np.flatnonzero((weights > 0.0) & (labels >= 0))
            if len(used):
                losses = self._progressive[spec.name].update(
                    scores[row, used], labels[used] == 1, weights[used]
                )
                self._drift[spec.name].update(losses, batch[-1].due_ms)

    def _judge_lists(
        self, batch: Sequence[Example], rows: Vector, scores: Vector, lists: list[list[int]]
    ) -> None:
        seed = self._settings.seed
        of_all = [i for members in lists for i in members]
        items = [batch[i] for i in of_all]
        rooms, names = [item.room_id for item in items], [item.event_id for item in items]
        by_ranker = np.vstack(
            (
                scores[-1, of_all],
                uniforms(names, seed),
                self._rooms.popularity(rooms),
                self._rooms.click_rate(rooms),
                [-float(item.position) for item in items],
                *(rows[of_all, column] for column in self._columns),
            )
        )
        self.ranking.update(
            by_ranker,
            np.array([item.engaged for item in items]),
            np.array(uniforms(names, seed + 1)),
            np.array([len(members) for members in lists]),
        )
        for row, spec in enumerate(self._specs):
            if spec is PREFERENCE:
                for members in lists:
                    self._judge_pairs([batch[i] for i in members], scores[row, members])

    def _judge_pairs(self, members: list[Example], scores: Vector) -> None:
        chosen = pairs_of(members, self._settings.pairs_per_list_max)
        if not chosen:
            return
        # Every other pair is turned round: a stream of nothing but "yes" has no AUC.
        turned = np.array([1.0 if i % 2 == 0 else -1.0 for i in range(len(chosen))])
        differences = np.array([scores[p] - scores[n] for p, n in chosen]) * turned
        losses = self._progressive[PREFERENCE.name].update(
            differences, turned > 0.0, np.ones(len(chosen))
        )
        self._drift[PREFERENCE.name].update(losses, members[0].due_ms)

    def _count_rooms(self, batch: Sequence[Example], lists: list[list[int]]) -> None:
        # A clicked list is there as a whole, so each member stands for itself alone.
        whole = {i for members in lists for i in members}
        for i, example in enumerate(batch):
            if i in whole:
                self._rooms.add(example.room_id, example.engaged == 1, 1.0)
            elif example.sampled and example.engaged >= 0:
                self._rooms.add(example.room_id, example.engaged == 1, example.weight)

    def cards(self, exports: Mapping[str, Weights]) -> dict[str, dict[str, object]]:
        """A card for each model, of its newest export."""
        return {
            spec.name: model_card(
                spec, exports[spec.name], self._progressive[spec.name], self._drift[spec.name]
            )
            for spec in self._specs
        }

    def metrics(self) -> dict[str, object]:
        """Figures of models and rankers since the start."""
        return {
            "models": {
                name: {**figures.overall(), "drift": self._drift[name].figures()}
                for name, figures in self._progressive.items()
            },
            "ranking": ranking_report(self.ranking, self._settings),
        }

    def snapshot(self) -> JudgeState:
        """The figures as plain values."""
        return JudgeState(
            [figures.snapshot() for figures in self._progressive.values()],
            [drift.snapshot() for drift in self._drift.values()],
            self.ranking.snapshot(),
            self._rooms.snapshot(),
        )

    def restore(self, state: JudgeState) -> None:
        """Continues a snapshot of the same models and rankers."""
        for figures, held in zip(self._progressive.values(), state.progressive, strict=True):
            figures.restore(held)
        for drift, window in zip(self._drift.values(), state.drift, strict=True):
            drift.restore(window)
        self.ranking.restore(state.ranking)
        self._rooms.restore(state.rooms)
