"""Factors: learnt vectors of a user and a room, whose product says how well they go together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from events.hashing import uniform
from models.river_parts import base
from models.scorer import Vector, sigmoid

Side = Sequence[tuple[str, float]]
_FIRST_NAMES = 64
LEFT, RIGHT = "left ", "right "


class FactorMachine(base.Classifier):
    """Online bilinear factorisation machine: σ(o + <Σ x_a P[a], Σ y_b Q[b]>), logistic loss.

    Two sides, a over names on the left with values x and b over names on the right with values y;
    each name has a vector in either role. With ids as names it is matrix factorisation in which a
    user is what they engaged with (asymmetric SVD; Koren, KDD 2008), with tags as names it is tag
    embeddings, with both a factorisation machine (Rendle, ICDM 2010) less the pairs within a side.
    The offset o is what other models say of the example: factors learn what that leaves over.

    Of a dictionary, features whose names begin with `left ` or `right ` stand on that side, all
    others on both; a text counts as a name of its own, `name=text`. Order: as given. Time:
    O(names of the example x factors). Space: O(`names_max` x factors): when there are more names
    the quarter that was seen longest ago leaves, counted in `forgotten`, and would begin anew.
    Vectors begin by the hash of their names, and step by AdaGrad with one sum a vector. Judge:
    `Naive` in tests/models/test_factors.py.

    >>> machine = FactorMachine(learning_rate=0.3)
    >>> for tea in (1.0, -1.0) * 100:
    ...     machine.learn_one({"left tea": tea, "right tea": 1.0}, tea > 0)
    >>> machine.predict_proba_one({"left tea": 1.0, "right tea": 1.0})[True] > 0.8
    True
    """

    def __init__(
        self,
        factors: int = 8,
        learning_rate: float = 0.05,
        squares: float = 1.0,
        l2: float = 0.0,
        spread: float = 0.1,
        gradient_max: float = 5.0,
        names_max: int = 8192,
        seed: int = 1,
    ) -> None:
        self.factors = factors
        self.learning_rate = learning_rate
        self.squares = squares
        self.l2 = l2
        self.spread = spread
        self.gradient_max = gradient_max
        self.names_max = names_max
        self.seed = seed
        self.examples = 0
        self.forgotten = 0
        self.place: dict[str, int] = {}
        self.held = np.zeros((2, _FIRST_NAMES, factors))
        self.sums = np.zeros((2, _FIRST_NAMES))
        self.seen = np.zeros(_FIRST_NAMES, np.int64)

    def learn_one(self, x: dict[Hashable, Any], y: bool | str | int, w: float = 1.0) -> None:
        """Learn one example; a weight multiplies its slope."""
        left, right = _sides(x)
        self.learn_sides(left, right, bool(y), w)

    def learn_sides(
        self, left: Side, right: Side, label: bool, weight: float = 1.0, offset: float = 0.0
    ) -> None:
        """`learn_one` of sides, no name twice on one; the offset is a logit."""
        if not left or not right:
            return
        most = self.names_max - len(left) - len(right)
        if len(self.place) > most:
            self._forget(max(most, 0))
        self.examples += 1
        a, x = self._numbers(left)
        b, y = self._numbers(right)
        left_held, right_held = self.held
        p, q = left_held.take(a, 0), right_held.take(b, 0)
        u, v = (p * x).sum(0), (q * y).sum(0)
        chance = sigmoid(offset + float((u * v).sum()))
        slope = min(max((chance - label) * weight, -self.gradient_max), self.gradient_max)
        for side, numbers, held, step in (
            (0, a, p, x * (slope * v) + self.l2 * p),
            (1, b, q, y * (slope * u) + self.l2 * q),
        ):
            sums = self.sums[side]
            sums[numbers] = total = sums.take(numbers) + (step * step).sum(1)
            step *= (self.learning_rate / np.sqrt(total))[:, None]
            self.held[side][numbers] = held - step

    def product(self, left: Side, right: Side) -> float:
        """<Σ x_a P[a], Σ y_b Q[b]>, a logit; names never learnt count nothing. Changes nothing."""
        return float((self._sum(0, left) * self._sum(1, right)).sum())

    def _sum(self, side: int, names: Side) -> Vector:
        known = [(self.place[name], value) for name, value in names if name in self.place]
        if not known:
            return np.zeros(self.factors)
        held = self.held[side].take([number for number, _ in known], 0)
        total: Vector = (held * np.array([[value] for _, value in known])).sum(0)
        return total

    def predict_proba_one(
        self, x: dict[Hashable, Any], **kwargs: Any
    ) -> dict[bool | str | int, float]:
        """Probability of both labels. Changes nothing."""
        chance = sigmoid(self.product(*_sides(x)))
        return {False: 1.0 - chance, True: chance}

    def vectors(self) -> tuple[list[str], Vector, Vector]:
        """Names in the order in which they came, and copies of both roles' vectors."""
        size = len(self.place)
        return list(self.place), self.held[0, :size].copy(), self.held[1, :size].copy()

    def _numbers(self, side: Side) -> tuple[NDArray[np.intp], Vector]:
        """The places of a side's names, new ones made, and their values in a column."""
        place = self.place
        for name, _ in side:
            if name not in place:
                self._begin(name)
        numbers = np.array([place[name] for name, _ in side], np.intp)
        self.seen[numbers] = self.examples
        return numbers, np.array([[value] for _, value in side])

    def _begin(self, name: str) -> None:
        number = self.place[name] = len(self.place)
        self.reserve(number + 1)
        for side in range(2):
            texts = (f"{name}/{side}/{k}" for k in range(self.factors))
            draws = [2.0 * uniform(text, self.seed) - 1.0 for text in texts]
            self.held[side, number] = self.spread * np.array(draws)
        self.sums[:, number] = self.squares

    def reserve(self, size: int) -> None:
        """Have room for so many names."""
        while size > len(self.seen):
            self.held = np.concatenate((self.held, np.zeros_like(self.held)), 1)
            self.sums = np.concatenate((self.sums, np.zeros_like(self.sums)), 1)
            self.seen = np.concatenate((self.seen, np.zeros_like(self.seen)))

    def _forget(self, most: int) -> None:
        """Let the quarter of names that was seen longest ago go, or all but so many.

        Of names seen in one example those go first that came first.
        """
        size = len(self.place)
        order = np.argsort(self.seen[:size], kind="stable")
        kept = np.sort(order[max(size // 4, size - most) :])
        names = list(self.place)
        self.forgotten += size - len(kept)
        self.place = {names[old]: new for new, old in enumerate(kept.tolist())}
        self.held[:, : len(kept)] = self.held[:, kept]
        self.sums[:, : len(kept)] = self.sums[:, kept]
        self.seen[: len(kept)] = self.seen[kept]


def _sides(x: Mapping[Hashable, Any]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    left, right = [], []
    for key, value in x.items():
        name, number = (f"{key}={value}", 1.0) if isinstance(value, str) else (str(key), value)
        if not number:
            continue
        if not name.startswith(RIGHT):
            left.append((name.removeprefix(LEFT), float(number)))
        if not name.startswith(LEFT):
            right.append((name.removeprefix(RIGHT), float(number)))
    return left, right
