"""What every model knows before it has learnt: the settings' coefficients, made without River."""

from __future__ import annotations

from collections.abc import Sequence

from models.registry import LEARNERS, PREFERENCE, WATCH, LearnerSpec
from models.scorer import Weights, combine
from models.settings import LearnSettings, columns_without, prior_coefficients
from models.table import WeightsTable


def specs_of(settings: LearnSettings) -> tuple[LearnerSpec, ...]:
    """The learners that the settings ask for."""
    asked = {WATCH.name: settings.watch_share != 0.0}
    asked[PREFERENCE.name] = settings.rank_by == PREFERENCE.name
    return tuple(spec for spec in LEARNERS if asked.get(spec.name, True))


def first_coefficients(
    spec: LearnerSpec, settings: LearnSettings, names: Sequence[str]
) -> list[float]:
    """Where a learner starts, one number a feature; 0 for those that the settings do without."""
    prior = list(prior_coefficients(names, settings.prior(spec.name)))
    for place in columns_without(settings, names):
        prior[place] = 0.0
    return prior


def prior_table(settings: LearnSettings, names: Sequence[str]) -> WeightsTable:
    """The table of learners that have seen nothing, stamped 0: what shards begin with."""
    weights = {
        spec.name: Weights(
            spec.name,
            tuple(names),
            first_coefficients(spec, settings, names),
            settings.intercept(spec.name),
        )
        for spec in specs_of(settings)
    }
    return WeightsTable(0, weights, combine(weights, settings))
