"""What a user usually takes: items of which length, and how long after others engaged with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LENGTHS_S = (0.001, 7, 9, 11, 13, 16, 20, 30, 45, 60, 90, 120, 180)
"""Where items of one length end and longer ones begin; the first holds those of no known length."""
_LENGTH_PRIOR = 10.0
_FRESHNESS_PRIOR = 5.0


class _Own:
    """Items taken by length, and the logarithms of their waits added up."""

    def __init__(self, prior: float = 0.0) -> None:
        self.lengths = np.full(len(LENGTHS_S) + 1, prior)
        self.waits = 0.0
        self.waited = 0.0


class Habits:
    """Each user's habits against everyone's. Users are names; unknown ones have none."""

    def __init__(self) -> None:
        self._all = _Own(1.0)
        self._own: dict[str, _Own] = {}

    def add(self, user: str, length: int, wait: float | None) -> None:
        """The user took an item of this length (a place among LENGTHS_S).

        `wait` is the logarithm of the time since anyone took it, None for an item that is new.
        """
        for who in (self._all, self._own.setdefault(user, _Own())):
            who.lengths[length] += 1.0
            if wait is not None:
                who.waits += wait
                who.waited += 1.0

    def length_fit(self, user: str) -> NDArray[np.float64]:
        """For each length how much more of it the user takes than all do, in logarithms."""
        usual = self._all.lengths / self._all.lengths.sum()
        own = self._own.get(user)
        if own is None:
            return np.zeros(len(usual))
        share = (own.lengths + _LENGTH_PRIOR * usual) / (own.lengths.sum() + _LENGTH_PRIOR)
        fit: NDArray[np.float64] = np.log(share / usual)
        return fit

    def patience(self, user: str) -> float:
        """How much longer the user's usual wait is than everyone's, in logarithms."""
        own = self._own.get(user)
        if own is None or not self._all.waited:
            return 0.0
        usual = self._all.waits / self._all.waited
        return (own.waits + _FRESHNESS_PRIOR * usual) / (own.waited + _FRESHNESS_PRIOR) - usual
