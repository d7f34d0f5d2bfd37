"""One policy measured: every figure as sums over users, so that it can be resampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from evaluation import beyond, progressive
from evaluation.arrays import Flags, Floats, Ints, counts, totals
from evaluation.cold import cold_sums
from evaluation.exposure import exposure_of, exposure_sums
from evaluation.journal import Examples, Journal
from evaluation.offers import offer_sums
from evaluation.offpolicy import Sums, estimate
from evaluation.ranking import live_figures, ranks_in_lists, shown_figures
from evaluation.segments import segments_of
from evaluation.settings import BoundSettings
from evaluation.target import slots_of

IN_SEGMENTS = (
    "shown.ndcg@10",
    "live.ndcg@10",
    "live.hr@10",
    "live.mrr",
    "slate.new_hosts",
    "slate.bubble",
)
OVER_TIME = ("shown.ndcg@10", "live.ndcg@10", "slate.bubble", "slate.diversity")
LABELS = {"engagement": "engaged", "quick_leave": "left", "order": "ordered", "watch": "watched"}
CURVE_BINS = 12
SLICES = 24
CLIP_MAX = 100.0
_BOUNDS = BoundSettings()


@dataclass(frozen=True)
class Predictions:
    """Logits beside what came, all of shape (n,)."""

    user: Ints
    logits: Floats
    labels: Flags
    weights: Floats


@dataclass
class Measured:
    """A policy's figures; `sums` are, by figure, what is above and below of a ratio over users.

    Arrays over users follow `users`.
    """

    name: str
    users: tuple[str, ...]
    counts: dict[str, int]
    sums: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)
    predictions: dict[str, Predictions] = field(default_factory=dict)
    curves: dict[str, list[tuple[float, float, float]]] = field(default_factory=dict)
    over_time: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    coverage: dict[str, float] = field(default_factory=dict)
    off_policy: Sums | None = None
    period_ms: tuple[int, int] = (0, 0)
    bounds: BoundSettings = _BOUNDS


def measure(
    name: str,
    journal: Journal,
    models: Sequence[str],
    explore_share: float,
    seed: int,
    bounds: BoundSettings = _BOUNDS,
) -> Measured:
    """Everything about one policy's replay; `models` name the rows of its examples' logits."""
    lists = journal.lists
    engaged = totals(lists.list_of, lists.engaged, len(lists)) > 0
    made = Measured(
        name,
        journal.users,
        {
            "lists": len(lists),
            "lists_engaged": int(engaged.sum()),
            "users": len(np.unique(lists.user)),
            "rooms": len(journal.rooms.ids),
            "examples": len(journal.examples),
            "offers": len(journal.offers),
        },
        bounds=bounds,
    )
    if len(lists):
        made.period_ms = (int(lists.shown_ms.min()), int(lists.shown_ms.max()))
    _lists(made, journal, seed)
    for row, model in enumerate(models):
        if model in LABELS and len(journal.examples):
            _model(made, model, journal.examples, journal.examples.logits[row])
    slots = slots_of(lists, explore_share)
    if slots is not None:
        made.off_policy = estimate(slots, len(journal.users), CLIP_MAX)
    return made


def _lists(made: Measured, journal: Journal, seed: int) -> None:
    lists, users = journal.lists, len(journal.users)
    found = {
        **_named("shown", shown_figures(lists, ranks_in_lists(lists, seed))),
        **_named("logged", shown_figures(lists, lists.slot)),
        **_named("live", live_figures(lists)),
        **_named("slate", beyond.slate_figures(journal)),
    }
    segments = segments_of(lists.user, users)
    for figure, values in found.items():
        made.sums[figure] = _sums(lists.user, values, users)
        if figure in IN_SEGMENTS:
            for segment, members in segments.items():
                own = np.where(members, values, np.nan)
                made.sums[f"{segment}.{figure}"] = _sums(lists.user, own, users)
        if figure in OVER_TIME:
            made.over_time[figure] = progressive.over_time(lists.shown_ms, values, SLICES)
    made.sums |= offer_sums(journal.users, journal.offers, journal.acts)
    made.sums |= cold_sums(journal)
    made.sums |= exposure_sums(lists.user, exposure_of(journal), users)
    made.coverage = beyond.coverage(journal)


def _named(group: str, figures: dict[str, Floats]) -> dict[str, Floats]:
    return {f"{group}.{name}": values for name, values in figures.items()}


def _sums(user: Ints, values: Floats, users: int) -> tuple[Floats, Floats]:
    there = np.isfinite(values)
    return totals(user[there], values[there], users), counts(user[there], users)


def _model(made: Measured, model: str, examples: Examples, logits: Floats) -> None:
    outcome: Ints = getattr(examples, LABELS[model])
    known = outcome >= 0
    if not known.any():
        return
    labels, weights = outcome[known] == 1, examples.weight[known]
    user, logits = examples.user[known], logits[known]
    losses = progressive.log_losses(logits, labels)
    count = len(made.users)
    made.predictions[model] = Predictions(user, logits, labels, weights)
    made.sums[f"{model}.log_loss"] = (
        totals(user, losses * weights, count),
        totals(user, weights, count),
    )
    made.curves[model] = progressive.calibration_curve(logits, labels, weights, CURVE_BINS)
    moments_ms = examples.shown_ms[known]
    series = progressive.models_over_time(moments_ms, logits, labels, weights, SLICES)
    for figure, points in series.items():
        made.over_time[f"{model}.{figure}"] = points
