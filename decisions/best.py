"""The places of the highest of many scores, by a sort of a few of them.

Judge: a full sort, in tests/decisions/test_best.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_LOWEST = -np.inf


def best_places(score: NDArray[np.float64], count: int) -> list[int]:
    """The places of the highest finite scores, best first, ties by place."""
    floor = floor_of(score, count)
    (places,) = ((score >= floor) if floor > _LOWEST else np.isfinite(score)).nonzero()
    # A stable sort keeps ties in the order of their places.
    order = (-score.take(places)).argsort(kind="stable")[:count]
    best: list[int] = places.take(order).tolist()
    return best


def floor_of(score: NDArray[np.float64], count: int) -> float:
    """What at least so many of the scores reach, and of many not many more do.

    The scores are dealt to twice as many heaps: half of the heaps have their best one above it.
    """
    heaps = 2 * count
    rounds = len(score) // heaps
    if rounds < 2:
        return _LOWEST
    tops = np.maximum.reduce(score[: rounds * heaps].reshape(rounds, heaps))
    tops.partition(count)
    return float(tops[count])
