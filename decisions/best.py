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

    The scores are dealt to four times as many heaps, or to heaps of two; what the best ones of so
    many heaps reach is the floor.
    """
    heaps = min(4 * count, len(score) // 2)
    if heaps <= count:
        return _LOWEST
    rounds = len(score) // heaps
    tops = np.maximum.reduce(score[: rounds * heaps].reshape(rounds, heaps))
    # Of so few a sort costs less than a selection.
    tops.sort()
    return float(tops[heaps - count])
