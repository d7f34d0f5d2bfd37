"""Lists made by hand or by lot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.journal import Lists


def lists_of(
    rows: Sequence[Sequence[tuple[int, float, int]]],
    live: int = 40,
    user: Sequence[int] | None = None,
    best: Sequence[float] | None = None,
    slots: int = 5,
    chances: Sequence[float] | None = None,
) -> Lists:
    """Lists whose items are (rank among live rooms, propensity, engaged).

    The room's index is its rank, and its score falls with it.
    """
    start = np.concatenate(([0], np.cumsum([len(row) for row in rows]))).astype(np.int64)
    items = [item for row in rows for item in row]
    rank = np.array([item[0] for item in items], dtype=np.int64)
    count = len(rows)
    best = list(best) if best is not None else [-float(rank) for rank in range(live)]
    return Lists(
        user=np.array(user if user is not None else range(count), dtype=np.int64),
        shown_ms=np.arange(count, dtype=np.int64),
        live=np.full(count, live, dtype=np.int64),
        slate=np.tile(np.arange(slots), (count, 1)),
        explored=np.zeros((count, slots), dtype=np.int64),
        best=np.tile(best, (count, 1)),
        chances=np.tile(chances if chances is not None else [1.0] * len(best), (count, 1)),
        start=start,
        room=rank,
        score=np.where(rank >= 0, -rank.astype(np.float64), np.nan),
        rank=rank,
        propensity=np.array([item[1] for item in items], dtype=np.float64),
        engaged=np.array([item[2] for item in items], dtype=np.int64),
        known_ms=np.array([-1 + item[2] for item in items], dtype=np.int64),
    )
