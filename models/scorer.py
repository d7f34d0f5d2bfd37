"""Read-only weights score rows exactly alike, alone or in any batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.settings import LearnSettings

Vector = npt.NDArray[np.float64]


class Linear(Protocol):
    """What a score needs: one coefficient a column, and an intercept."""

    @property
    def coef(self) -> Vector:
        """Shape (features,)."""

    @property
    def intercept(self) -> float:
        """A logit."""


class Weights:
    """What a model knew at one moment: a linear score in logits that cannot be changed.

    `version` is the second of event time whose learning it holds, 0 for the prior.
    """

    __slots__ = ("coef", "examples", "intercept", "name", "names", "positives", "version")

    def __init__(
        self,
        name: str,
        names: tuple[str, ...],
        coef: Sequence[float] | Vector,
        intercept: float,
        examples: int = 0,
        positives: int = 0,
        version: int = 0,
    ) -> None:
        self.name = name
        self.names = names
        self.coef = _frozen(coef, len(names))
        self.intercept = float(intercept)
        self.examples = examples
        self.positives = positives
        self.version = version

    def logit(self, features: Mapping[str, float]) -> float:
        """Score of named features, in any order; unknown names count nothing, missing ones 0."""
        total = 0.0
        for name, coefficient in zip(self.names, self.coef.tolist(), strict=True):
            total += coefficient * features.get(name, 0.0)
        return total + self.intercept

    def probability(self, features: Mapping[str, float]) -> float:
        """`logit` as a probability in [0, 1]."""
        return sigmoid(self.logit(features))

    def aligned(self, names: Sequence[str]) -> Vector:
        """Coefficients in the order of other names, 0 for those that this does not know."""
        known = dict(zip(self.names, self.coef.tolist(), strict=True))
        return np.array([known.get(name, 0.0) for name in names], dtype=np.float64)


class RankWeights:
    """The utility that lists are ranked by, one linear score; `versions` says of which models."""

    __slots__ = ("coef", "intercept", "names", "versions")

    def __init__(
        self,
        names: tuple[str, ...],
        coef: Sequence[float] | Vector,
        intercept: float,
        versions: Mapping[str, int],
    ) -> None:
        self.names = names
        self.coef = _frozen(coef, len(names))
        self.intercept = float(intercept)
        self.versions = dict(versions)


def _frozen(coef: Sequence[float] | Vector, size: int) -> Vector:
    array = np.array(coef, dtype=np.float64)
    if array.shape != (size,):
        raise ValueError(f"{array.shape} coefficients for {size} feature names")
    array.flags.writeable = False
    return array


def sigmoid(logit: float) -> float:
    """Probability of a logit, without overflow."""
    if logit >= 0:
        return 1.0 / (1.0 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1.0 + grown)


def probabilities(logit: Vector) -> Vector:
    """Probabilities of logits, any shape, without overflow."""
    shrunk = np.exp(-np.abs(logit))
    upper: Vector = np.where(logit >= 0, 1.0, shrunk) / (1.0 + shrunk)
    return upper


def logits(rows: Vector, weights: Linear) -> Vector:
    """Scores of rows, shape (rows, features) to (rows,), in logits.

    Columns are added one after another in their order, never by a matrix product: the order in
    which BLAS adds depends on the batch, and a row's score must not depend on its neighbours.
    """
    total = np.zeros(len(rows), dtype=np.float64)
    columns = rows.T
    for column, coefficient in zip(columns, weights.coef.tolist(), strict=True):
        total += column * coefficient
    total += weights.intercept
    return total


def combine(weights: Mapping[str, Weights], settings: LearnSettings) -> RankWeights:
    """The utility as one score: z_lead and shares of others, as the settings weigh them.

    That is `order_share * z_order - leave_share * z_quick_leave + watch_share * z_watch`.

    `z_lead` is the logit of engagement, or of preference blended with it, as `rank_by` says. A
    model of these three that has not seen `support_min` of both labels counts nothing: one
    that only ever saw "no" has learnt to dislike whatever is shown.
    """
    parts: list[tuple[Weights, float]] = []
    if settings.rank_by == "preference":
        parts.append((weights["preference"], settings.preference_share))
        if settings.preference_share < 1.0:
            parts.append((weights["engagement"], 1.0 - settings.preference_share))
    else:
        parts.append((weights["engagement"], 1.0))
    for name, share in (
        ("order", settings.order_share),
        ("quick_leave", -settings.leave_share),
        ("watch", settings.watch_share),
    ):
        model = weights.get(name)
        if model is None or share == 0.0:
            continue
        if min(model.positives, model.examples - model.positives) >= settings.support_min:
            parts.append((model, share))
    names = parts[0][0].names
    left_out = [i for i, name in enumerate(names) if name in settings.rank_without]
    coef = np.zeros(len(names), dtype=np.float64)
    intercept = 0.0
    for model, share in parts:
        coef += (model.coef if model.names == names else model.aligned(names)) * share
        intercept += model.intercept * share
    coef[left_out] = 0.0
    return RankWeights(names, coef, intercept, {m.name: m.version for m, _ in parts})
