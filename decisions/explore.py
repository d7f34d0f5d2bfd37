"""Exploration: some slots of a slate are drawn from the rest, with exact propensities."""

from __future__ import annotations

import math

from events.hashing import uniform


def explore(
    chosen: list[int], rest: list[int], request_id: str, share: float, seed: int
) -> dict[int, float]:
    """Draw each slot of `chosen` anew with probability `share`, evenly from what is left of `rest`.

    Changes both lists. Gives the drawn slots with their propensity: the probability that the slot
    held this item, given those before it. The gaps between such slots are geometric, so a number
    is drawn a gap, not a slot. `rest` must be at least as long as `chosen`.
    """
    explored: dict[int, float] = {}
    slot, draws = -1, 0
    while True:
        gap = uniform(f"{request_id}/{draws}", seed)
        slot += 1 + (int(math.log1p(-gap) / math.log1p(-share)) if share < 1.0 else 0)
        if slot >= len(chosen):
            return explored
        drawn = int(uniform(f"{request_id}/{draws + 1}", seed) * len(rest))
        explored[slot] = share / len(rest)
        chosen[slot] = rest.pop(drawn)
        draws += 2
