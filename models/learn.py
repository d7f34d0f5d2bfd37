"""LEARN: each closed second's examples are judged by what was served, then learnt, in one order."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from features.example import Example
from models.factor_learner import FactorLearner, beside
from models.factor_settings import FactorSettings
from models.factor_table import FACTOR_NAMES, FactorTable
from models.history import History
from models.judge import Judge
from models.judged import judged_lines
from models.learn_state import StoredLearn, must_agree, pack_state, unpack_state
from models.learner import Learner
from models.preference import clicked_lists, listwise_descent, pairs_of
from models.prior import specs_of
from models.registry import ENGAGEMENT, PREFERENCE
from models.scorer import Linear, Vector, combine, logits
from models.settings import LearnSettings, columns_without
from models.table import WeightsTable


class LearnState:
    """All learners and what judges them; the kernel of LEARN.

    Order: examples may come in any order within what is still open; each second is learnt by
    (due_ms, user_id, event_id), so any cut into chunks gives the same bits. Space: bounded by
    settings. Errors: a damaged example (length, non-finite, outsized) is counted as `refused`,
    one whose second has closed as `late`; neither stops anything.
    """

    def __init__(
        self, settings: LearnSettings, names: Sequence[str], factors: FactorSettings | None = None
    ) -> None:
        """`names` are all features, those that factors add the last; no factors where None."""
        self.settings = settings
        self.names = tuple(names)
        self._width = len(self.names) - (0 if factors is None else len(FACTOR_NAMES))
        unknown = sorted(set(settings.baseline_features.values()) - set(self.names))
        if unknown:
            raise ValueError(f"baseline_features names {unknown}, which no feature has")
        self._without = columns_without(settings, self.names)
        self.learners = {
            spec.name: Learner(spec, settings, self.names) for spec in specs_of(settings)
        }
        self.evaluates = False
        self._judged: list[bytes] = []
        self.late = 0
        self.refused = 0
        self._closed_s: int | None = None
        self._open: dict[int, list[Example]] = {}
        self._open_count = 0
        self._sorted_s: int | None = None
        """The second whose examples stand last first, to be learnt from the end on."""
        self._exports = {name: learner.export() for name, learner in self.learners.items()}
        self._told = {name: learner.examples for name, learner in self.learners.items()}
        """Of how many examples each export knows."""
        self._rank = combine(self._exports, settings)
        keep_s = settings.label_horizon_s + settings.history_slack_s + settings.table_delay_s
        self._history = History(self._served_now(), keep_s)
        self._judge = Judge(settings, list(self.learners), self.names)
        self._factors = None if factors is None else FactorLearner(factors, settings.seed, keep_s)
        self._new_factors: list[FactorTable] = []

    def add(self, example: Example) -> None:
        """Takes an example, to be learnt when its second closes."""
        second = example.due_ms // 1000
        if self._closed_s is not None and second <= self._closed_s:
            self.late += 1
        elif self._open_count >= self.settings.open_examples_max or not self._is_sound(example):
            self.refused += 1
        else:
            self._open.setdefault(second, []).append(example)
            self._open_count += 1
            if second == self._sorted_s:
                self._sorted_s = None

    def _is_sound(self, example: Example) -> bool:
        return (
            len(example.x) == 8 * self._width and 0.0 < example.weight <= self.settings.weight_max
        )

    def close(self, upto_s: int) -> list[tuple[int, WeightsTable]]:
        """Closes every second up to and with `upto_s`: no example due in them comes any more.

        Gives, in order, a table for each second in which something was learnt.
        """
        tables = []
        for second in sorted(s for s in self._open if s <= upto_s):
            batch = self._open.pop(second)
            self._open_count -= len(batch)
            batch.sort(key=_order)
            if self._close_one(second, batch):
                tables.append((second, self.table()))
        if self._closed_s is None or upto_s > self._closed_s:
            self._closed_s = upto_s
        return tables

    def close_some(
        self, upto_s: int, examples_max: int
    ) -> tuple[list[tuple[int, WeightsTable]], bool]:
        """As `close`, but only the next so many examples: what it gives, and whether that is all.

        A user's examples of one instant stay together, so that no list is torn apart. A second's
        table comes with the last of it.
        """
        second = min((s for s in self._open if s <= upto_s), default=None)
        if second is None:
            return self.close(upto_s), True
        rest = self._open[second]
        if second != self._sorted_s:
            # Once a second, not once a helping: a second may hold many thousands.
            rest.sort(key=_order, reverse=True)
            self._sorted_s = second
        start = max(0, len(rest) - examples_max)
        while start and _together(rest[start - 1], rest[start]):
            start -= 1
        batch = rest[start:]
        batch.reverse()
        del rest[start:]
        self._open_count -= len(batch)
        if rest:
            self._close_one(second, batch, exports=False)
            return [], False
        del self._open[second]
        self._sorted_s = None
        tables = [(second, self.table())] if self._close_one(second, batch) else []
        return tables, False

    def take_judged(self) -> list[bytes]:
        """What was judged since last time, as lines for a backtest; nothing unless `evaluates`."""
        judged, self._judged = self._judged, []
        return judged

    def table(self) -> WeightsTable:
        """What is known now; before anything was learnt, the prior, stamped 0."""
        second = max(export.version for export in self._exports.values())
        return WeightsTable(second, dict(self._exports), self._rank)

    def _close_one(self, second: int, batch: list[Example], exports: bool = True) -> bool:
        rows = np.frombuffer(b"".join([e.x for e in batch]), dtype="<f8").reshape(len(batch), -1)
        # Written so that NaN, which compares as False, is refused too.
        sound = (np.abs(rows) <= self.settings.feature_abs_max).all(axis=1)
        if not sound.all():
            self.refused += int(len(batch) - sound.sum())
            batch = [example for example, ok in zip(batch, sound.tolist(), strict=True) if ok]
            rows = rows[sound]
            if not batch:
                return exports and self._export(second)
        served_s = [e.shown_ms // 1000 - self.settings.table_delay_s for e in batch]
        if self._factors is not None:
            rows = np.column_stack((rows, self._factors.served(batch, served_s)))
        if self._without:
            rows = rows.copy()
            rows[:, self._without] = 0.0
        scores = self._history.served(rows, served_s)
        lists = clicked_lists(batch)
        self._judge.judge(batch, rows, scores, lists)
        if self.evaluates:
            self._judged += judged_lines(batch, scores)
        if not self.settings.learn:
            return False
        if self._factors is not None:
            self._factors.learn(batch, beside(rows, self._exports[ENGAGEMENT.name]))
        self._learn_examples(batch, rows)
        for members in lists:
            self._learn_list([batch[i] for i in members], rows[members])
        return exports and self._export(second)

    def _learn_examples(self, batch: list[Example], rows: Vector) -> None:
        sampled = [place for place, example in enumerate(batch) if example.sampled]
        for spec in specs_of(self.settings):
            if spec.label is None:
                continue
            labels = [spec.label(batch[place]) for place in sampled]
            used = [place for place, label in zip(sampled, labels, strict=True) if label >= 0]
            if used:
                self.learners[spec.name].learn_rows(
                    rows[used],
                    [label == 1 for label in labels if label >= 0],
                    [batch[place].weight for place in used],
                )

    def _learn_list(self, members: list[Example], rows: Vector) -> None:
        learner = self.learners.get(PREFERENCE.name)
        engaged = [e.engaged for e in members]
        if learner is None or all(label == 1 for label in engaged):
            return
        if self.settings.preference_loss == "listwise":
            scores = logits(rows, learner.export())
            learner.learn(self.names, listwise_descent(rows, engaged, scores).tolist(), True)
        else:
            for preferred, other in pairs_of(members, self.settings.pairs_per_list_max):
                learner.learn(self.names, (rows[preferred] - rows[other]).tolist(), True)

    def _export(self, second: int) -> bool:
        changed = [name for name, lr in self.learners.items() if lr.examples != self._told[name]]
        for name in changed:
            export = self.learners[name].export(second)
            if not (np.isfinite(export.coef).all() and math.isfinite(export.intercept)):
                raise FloatingPointError(
                    f"model {name} left the finite numbers at second {second}: "
                    "lower learning_rate or gradient_max"
                )
            self._exports[name] = export
            self._told[name] = self.learners[name].examples
        if changed:
            self._rank = combine(self._exports, self.settings)
            self._history.add(second, self._served_now())
            factors = None if self._factors is None else self._factors.publish(second)
            if factors is not None:
                self._new_factors.append(factors)
        return bool(changed)

    def take_factors(self) -> list[FactorTable]:
        """The tables of factors that were published since last time, in order."""
        made, self._new_factors = self._new_factors, []
        return made

    def _served_now(self) -> list[Linear]:
        return [*self._exports.values(), self._rank]

    def cards(self) -> dict[str, dict[str, object]]:
        """A model card for each learner, ready for JSON."""
        return self._judge.cards(self._exports)

    def metrics(self) -> dict[str, object]:
        """Figures of models and rankers since the start, ready for JSON."""
        counts = {"late": self.late, "refused": self.refused, "open": self._open_count}
        factors = {} if self._factors is None else self._factors.figures()
        return {**self._judge.metrics(), "learning": {**counts, **factors}}

    def snapshot(self) -> bytes:
        """The whole state as versioned bytes; changes nothing."""
        state = StoredLearn(
            list(self.names),
            list(self.learners),
            self._closed_s,
            self.late,
            self.refused,
            [example for second in sorted(self._open) for example in self._open[second]],
            [learner.snapshot() for learner in self.learners.values()],
            [export.version for export in self._exports.values()],
            self._history.snapshot(),
            self._judge.snapshot(),
            None if self._factors is None else self._factors.snapshot(),
        )
        return pack_state(state)

    @classmethod
    def restore(
        cls,
        data: bytes,
        settings: LearnSettings,
        names: Sequence[str],
        factors: FactorSettings | None = None,
    ) -> LearnState:
        """Continues a snapshot, bit by bit.

        Raises `StateError` for cut, damaged or other bytes, and where features, models, rankers
        or the optimizer are no longer those of the snapshot.
        """
        state = unpack_state(data)
        new = cls(settings, names, factors)
        must_agree("features", state.names, new.names)
        must_agree("models", state.models, list(new.learners))
        must_agree("rankers", state.judge.ranking.rankers, new._judge.ranking.rankers)
        new._closed_s, new.late, new.refused = state.closed_s, state.late, state.refused
        for example in state.open:
            new._open.setdefault(example.due_ms // 1000, []).append(example)
        new._open_count = len(state.open)
        for learner, held, version in zip(
            new.learners.values(), state.learners, state.versions, strict=True
        ):
            learner.restore(held)
            new._exports[learner.spec.name] = learner.export(version)
            new._told[learner.spec.name] = learner.examples
        new._rank = combine(new._exports, settings)
        new._history.restore(state.history)
        new._judge.restore(state.judge)
        if new._factors is not None and state.factors is not None:
            new._factors.restore(state.factors)
        return new


def _order(example: Example) -> tuple[int, str, str]:
    return example.due_ms, example.user_id, example.event_id


def _together(one: Example, other: Example) -> bool:
    return one.due_ms == other.due_ms and one.user_id == other.user_id
