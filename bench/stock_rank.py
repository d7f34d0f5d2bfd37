"""Ranking all live rooms for one user, with River's own call for each room or by hand in NumPy.

`one` is how River's documentation scores: `predict_proba_one`, room by room. `numpy` leaves
River's interface: it takes the weights out of the model and scores all rooms in a few vector
products, as liveloom does; that is no longer the stock way, and is there to show how much of
the difference it makes.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import linear_model, preprocessing

from bench.taste import Json

ITEMS = 20
FEATURES = ("match", "heat", "rate", "age", "follow", "visited")

Vector = NDArray[np.float64]


class Learner:
    """River's logistic regression behind River's scaler, learnt example by example."""

    def __init__(self) -> None:
        # River's methods have no types.
        self.scaler: Any = preprocessing.StandardScaler()
        self.regression: Any = linear_model.LogisticRegression()
        self.examples = 0
        self.log_loss_sum = 0.0

    def learn(self, features: dict[str, float], engaged: bool) -> None:
        """Predict one example, keep the log-loss, then learn it."""
        self.scaler.learn_one(features)
        scaled = self.scaler.transform_one(features)
        chance = self.regression.predict_proba_one(scaled)[True]
        self.log_loss_sum -= math.log(max(chance if engaged else 1.0 - chance, 1e-9))
        self.examples += 1
        self.regression.learn_one(scaled, engaged)

    def predict(self, features: dict[str, float]) -> float:
        """The chance of engagement, by River's own calls."""
        scaled = self.scaler.transform_one(features)
        return float(self.regression.predict_proba_one(scaled)[True])

    def line(self) -> tuple[dict[str, float], float]:
        """The weights on unscaled features, and the intercept: the same score in one product."""
        weights: dict[str, float] = {}
        intercept = float(self.regression.intercept)
        for name in FEATURES:
            deviation = math.sqrt(self.scaler.vars[name])
            weight = self.regression.weights.get(name, 0.0)
            weights[name] = weight / deviation if deviation > 0.0 else 0.0
            intercept -= weights[name] * self.scaler.means[name]
        return weights, intercept


class Rooms:
    """The live rooms, a row each: tags, host, age, and what was counted of them so far."""

    def __init__(self, rooms: list[Json], now_ms: int) -> None:
        self.ids: list[str] = [room["room_id"] for room in rooms]
        self.tags: list[tuple[str, ...]] = [tuple(room["tags"]) for room in rooms]
        self.hosts: list[str] = [room["host_id"] for room in rooms]
        self.row_of = {room_id: row for row, room_id in enumerate(self.ids)}
        self._clicks = [0] * len(rooms)
        self._shown = [0] * len(rooms)
        # Kept ready as features, so that nothing is computed for each of thousands of rooms.
        self._heat = [0.0] * len(rooms)
        self._rate = [0.1] * len(rooms)
        self._age = [
            math.log1p(max(now_ms - room["start_time_ms"], 0) / 3_600_000) for room in rooms
        ]
        self._with_tag = _rows(enumerate(self.tags))
        self._of_host = _rows((row, (host,)) for row, host in enumerate(self.hosts))

    def show(self, row: int) -> None:
        """Count an impression."""
        self._shown[row] += 1
        self._rate[row] = (self._clicks[row] + 1.0) / (self._shown[row] + 10.0)

    def click(self, row: int) -> None:
        """Count a click."""
        self._clicks[row] += 1
        self._heat[row] = math.log1p(self._clicks[row])
        self._rate[row] = (self._clicks[row] + 1.0) / (self._shown[row] + 10.0)

    def features(self, row: int, profile: dict[str, Any]) -> dict[str, float]:
        """One room for one user, as River takes it."""
        weights = profile["tags"]
        match = 0.0
        for tag in self.tags[row]:
            if tag in weights:
                match += weights[tag]
        return {
            "match": math.log1p(match) if match > 0.0 else 0.0,
            "heat": self._heat[row],
            "rate": self._rate[row],
            "age": self._age[row],
            "follow": 1.0 if self.hosts[row] in profile["follows"] else 0.0,
            "visited": 1.0 if row in profile["visited"] else 0.0,
        }

    def columns(self, profile: dict[str, Any]) -> dict[str, Vector]:
        """All rooms for one user, a vector a feature."""
        match, follow, visited = np.zeros((3, len(self.ids)))
        for tag, weight in profile["tags"].items():
            match[self._with_tag.get(tag, [])] += weight
        for host in profile["follows"]:
            follow[self._of_host.get(host, [])] = 1.0
        visited[list(profile["visited"])] = 1.0
        return {
            "match": np.log1p(np.maximum(match, 0.0)),
            "heat": np.array(self._heat),
            "rate": np.array(self._rate),
            "age": np.array(self._age),
            "follow": follow,
            "visited": visited,
        }

    def best(self, profile: dict[str, Any], learner: Learner, by: str) -> list[tuple[str, float]]:
        """The best `ITEMS` rooms of all for one user, with their scores, best first."""
        score = SCORERS[by](self, profile, learner)
        top = np.argpartition(-score, min(ITEMS, len(score) - 1))[:ITEMS]
        top = top[np.argsort(-score[top], kind="stable")]
        return [(self.ids[row], float(score[row])) for row in top]


def _rows(pairs: Iterable[tuple[int, tuple[str, ...]]]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row, names in pairs:
        for name in names:
            rows[name].append(row)
    return dict(rows)


def _score_one(rooms: Rooms, profile: dict[str, Any], learner: Learner) -> Vector:
    predict, features = learner.predict, rooms.features
    return np.array([predict(features(row, profile)) for row in range(len(rooms.ids))])


def _score_numpy(rooms: Rooms, profile: dict[str, Any], learner: Learner) -> Vector:
    weights, score = learner.line()
    total: Vector = np.full(len(rooms.ids), score)
    for name, column in rooms.columns(profile).items():
        total += weights[name] * column
    return 1.0 / (1.0 + np.exp(-total))


SCORERS: dict[str, Callable[[Rooms, dict[str, Any], Learner], Vector]] = {
    "one": _score_one,
    "numpy": _score_numpy,
}
