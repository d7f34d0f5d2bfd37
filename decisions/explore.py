"""Exploration: some slots of a slate are drawn from the rest, with exact propensities.

What promises most is drawn most often: in proportion to the odds of engagement, by an optimistic
estimate that adds what is not known yet (an upper confidence bound, as of Auer, JMLR 3, 2002, in
the place of a draw from the posterior, whose propensities could not be told).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from decisions.settings import SlateSettings
from events.hashing import uniform


def chances(
    score: NDArray[np.float64], optimism: NDArray[np.float64], settings: SlateSettings
) -> list[float]:
    """How readily each room of a pool is drawn, 1 for the likeliest; both arguments in logits."""
    hoped = (score + optimism) * settings.explore_sharpness
    weights = np.exp(hoped - hoped.max())
    drawn: list[float] = np.maximum(weights, settings.explore_floor).tolist()
    return drawn


def explore(
    chosen: list[int],
    rest: list[int],
    request_id: str,
    share: float,
    seed: int,
    weigh: Callable[[list[int]], Sequence[float]],
) -> dict[int, float]:
    """Draw each slot of `chosen` anew with probability `share` from what is left of `rest`.

    Changes both lists. `weigh` says, once, how readily each of `rest` is drawn. Gives the drawn
    slots with their propensity: the probability that the slot held this item, given those before
    it. The gaps between such slots are geometric, so a number is drawn a gap, not a slot. `rest`
    must be at least as long as `chosen`.
    """
    explored: dict[int, float] = {}
    weights: list[float] = []
    slot, draws = -1, 0
    while True:
        gap = uniform(f"{request_id}/{draws}", seed)
        slot += 1 + (int(math.log1p(-gap) / math.log1p(-share)) if share < 1.0 else 0)
        if slot >= len(chosen):
            return explored
        if not explored:
            weights = list(weigh(rest))
        sums = list(accumulate(weights))
        at = bisect_right(sums, uniform(f"{request_id}/{draws + 1}", seed) * sums[-1])
        drawn = min(at, len(rest) - 1)
        explored[slot] = share * weights.pop(drawn) / sums[-1]
        chosen[slot] = rest.pop(drawn)
        draws += 2
