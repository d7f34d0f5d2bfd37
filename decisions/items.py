"""The items of a slate as JSON: each room with its score, source, reasons and propensity.

A list gives few different reasons, so each stands once, in the value's `reasons`; items name
them by their places there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from decisions.board import LiveRooms, Why
from decisions.reasons import EXPLORED

_TAILS_MAX = 4096
"""Far more than there are of sources, places and propensities together."""
_STEPS = 10_000
_SCORES = tuple(f"{step / _STEPS:.4f}" for step in range(_STEPS + 1))
_ODDS = (np.arange(_STEPS) + 0.5) / (np.arange(_STEPS)[::-1] + 0.5)
_BOUNDS: NDArray[np.float64] = np.log(_ODDS)
"""From which logit on a score is rounded to 1, 2, 3 … steps: a look-up costs less than an exp."""


def items_json(
    live: LiveRooms,
    chosen: Sequence[int],
    logits: NDArray[np.float64],
    whys: list[Why],
    explored: Mapping[int, float],
    propensity: float,
) -> str:
    """The fields `reasons` and `items` of a value, for these places of `live`, best first.

    `logits` and `whys` run along; `explored` gives a slot that exploration drew its propensity,
    all others have `propensity`. Scores are rounded to four digits.
    """
    for slot in explored:
        whys[slot] = EXPLORED
    scores = _BOUNDS.searchsorted(logits, side="right").tolist()
    openings = live.openings
    number: dict[str, int] = {}
    tails: dict[Why, str] = {}
    for why in dict.fromkeys(whys):
        told = number.setdefault(why.reason, len(number))
        tails[why] = _tail(why.source, told, propensity)
    # All pieces are joined at once: to make a text of each item first costs more.
    pieces: list[str] = []
    for place, score, why in zip(chosen, scores, whys, strict=True):
        pieces += openings[place], _SCORES[score], tails[why]
    for slot, drawn in explored.items():
        pieces[3 * slot + 2] = _tail(EXPLORED.source, number[EXPLORED.reason], drawn)
    return f'"reasons":[{",".join(number)}],"items":[{"".join(pieces)[:-1]}]'


@lru_cache(_TAILS_MAX)
def _tail(source: str, told: int, propensity: float) -> str:
    """All that follows an item's score, with a comma; `told` is the place of its reason."""
    return f',"source":"{source}","reasons":[{told}],"propensity":{propensity:.6g}}},'
