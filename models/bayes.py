"""Logistic regression that knows how sure it is of each coefficient, and of each two together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np

from models.river_parts import base
from models.scorer import Vector, sigmoid

_FIRST_FEATURES = 64


class BayesianLogistic(base.Classifier):
    """Online logistic regression with a Gaussian over its coefficients, learnt in one pass.

    Each example moves the mean by the covariance times its error, and takes from the covariance
    what the example told (an extended Kalman filter; Spiegelhalter and Lauritzen, Networks 20,
    1990; Ollivier, EJS 12, 2018). It needs no learning rate, and coefficients of features that go
    together share what is learnt, where a step a coefficient would count it several times.

    `variance` is how far a coefficient may lie from its start, in logits per unit of its feature;
    `forgetting` is the share of what is known that each example lets go. Order: as given. Time and
    space: O(features²). Judged by the same posterior kept as an inverse covariance.

    >>> model = BayesianLogistic()
    >>> for size in (1.0, 2.0, -1.0, -2.0) * 5:
    ...     model.learn_one({"size": size}, size > 0)
    >>> model.predict_proba_one({"size": 1.5})[True] > 0.8
    True
    """

    def __init__(
        self, variance: float = 1.0, intercept_variance: float = 1.0, forgetting: float = 0.0
    ) -> None:
        self.variance = variance
        self.intercept_variance = intercept_variance
        self.forgetting = forgetting
        self._place: dict[Any, int] = {}
        self._mean: Vector = np.zeros(_FIRST_FEATURES)
        self._covariance: Vector = np.zeros((_FIRST_FEATURES, _FIRST_FEATURES))
        self._covariance[0, 0] = intercept_variance

    @property
    def weights(self) -> dict[Any, float]:
        """Coefficients by name, those never seen left out."""
        return {name: float(self._mean[place]) for name, place in self._place.items()}

    @property
    def intercept(self) -> float:
        """A logit."""
        return float(self._mean[0])

    def start(self, weights: Mapping[Any, float], intercept: float) -> None:
        """Begin at these coefficients, each as unsure as any."""
        self._places(list(weights))
        for name, value in weights.items():
            self._mean[self._place[name]] = value
        self._mean[0] = intercept

    def learn_one(self, x: dict[Hashable, Any], y: bool | str | int, w: float = 1.0) -> None:
        """Learn one example; a weight counts it as so many."""
        places = self._places([name for name, value in x.items() if value])
        values = np.array([1.0, *(float(value) for value in x.values() if value)])
        self.learn_values(places, values, bool(y), w)

    def learn_values(self, places: Any, values: Vector, label: bool, weight: float = 1.0) -> None:
        """`learn_one` of coefficients by place, the first being the intercept's (0)."""
        size = len(self._place) + 1
        mean, covariance = self._mean[:size], self._covariance[:size, :size]
        if self.forgetting:
            covariance /= 1.0 - self.forgetting
        probability = sigmoid(float((mean[places] * values).sum()))
        information = max(probability * (1.0 - probability), 1e-6) * weight
        spread = (covariance[:, places] * values).sum(axis=1)
        told = 1.0 / information + float((spread[places] * values).sum())
        mean += spread * ((float(label) - probability) * weight / information / told)
        covariance -= np.outer(spread, spread / told)

    def score_values(self, values: Vector) -> float:
        """The score in logits of all coefficients' values, the first being the intercept's."""
        return float((self._mean[: len(values)] * values).sum())

    def predict_proba_one(
        self, x: dict[Hashable, Any], **kwargs: Any
    ) -> dict[bool | str | int, float]:
        """Probability of both labels; features never seen count nothing. Changes nothing."""
        chance = sigmoid(self.logit_one(x))
        return {False: 1.0 - chance, True: chance}

    def logit_one(self, x: Mapping[Any, Any]) -> float:
        """The score in logits."""
        total = float(self._mean[0])
        for name, value in x.items():
            place = self._place.get(name)
            if place is not None:
                total += float(self._mean[place]) * float(value)
        return total

    def _places(self, names: list[Any]) -> Any:
        """The intercept's place and those of the names, with new places for new names."""
        known = self._place
        for name in names:
            if name not in known:
                place = known[name] = len(known) + 1
                if place >= len(self._mean):
                    self._grow()
                self._covariance[place, place] = self.variance
        return np.array([0, *(known[name] for name in names)], np.intp)

    def _grow(self) -> None:
        size = len(self._mean)
        mean, covariance = np.zeros(2 * size), np.zeros((2 * size, 2 * size))
        mean[:size], covariance[:size, :size] = self._mean, self._covariance
        self._mean, self._covariance = mean, covariance

    def pack(self) -> bytes:
        """The covariance of the intercept and all names, row by row, little-endian float64."""
        size = len(self._place) + 1
        return self._covariance[:size, :size].astype("<f8").tobytes()

    def unpack(self, weights: Mapping[Any, float], intercept: float, covariance: bytes) -> None:
        """Continue what `weights`, `intercept` and `pack` gave; ValueError where they differ."""
        self.start(weights, intercept)
        size = len(self._place) + 1
        held = np.frombuffer(covariance, "<f8").reshape(size, size)
        self._covariance[:size, :size] = held
