"""A list that was shown, as the policy at hand would have ranked it among all that was live."""

from __future__ import annotations

import math

import msgspec
import numpy as np

from decisions.board import Board, LiveRooms
from decisions.explore import chances
from decisions.slate import Ranker
from features.rows import Shown


class JudgedList(msgspec.Struct, tag_field="row", tag="list"):
    """Items of one list, in the order in which they came, and what the policy made of them.

    `scores` are logits, `ranks` places among all live rooms, 0 first; a room that was not live
    has None and -1, one that was kept out None and its rank. `best` are the highest scores of
    all, best first, `chances` how readily exploration draws each of these rooms, `slate` what
    would have been served just then, `explored` those of its slots that exploration drew. `live`
    counts the live rooms.
    """

    shown_ms: int
    user_id: str
    request_id: str
    place: int
    clock_ms: int
    live: int
    rooms: list[str]
    positions: list[int]
    propensities: list[float]
    scores: list[float | None]
    ranks: list[int]
    best: list[float]
    chances: list[float]
    slate: list[str]
    explored: list[int]


_encode = msgspec.json.Encoder().encode


def judge_shown(ranker: Ranker, shown: Shown, board: Board, live: LiveRooms) -> bytes:
    """One line for a backtest: what was shown, ranked before anything came of it."""
    wish = shown.wish
    assert wish is not None
    scores = ranker.scores(wish, board, live, ranker.tag_values(wish.view, board))
    order = (-scores).argsort(kind="stable")
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    places = [live.place.get(room_id, -1) for room_id in shown.rooms]
    pool = order[: ranker.settings.pool]
    pool = pool[np.isfinite(scores[pool])]
    drawn = chances(scores[pool], board.optimism[pool], ranker.settings) if len(pool) else []
    # The version seeds exploration: a time is one that no other list of the user has.
    slate = ranker.slate(wish, board, live, shown.shown_ms, shown.clock_ms)
    return _encode(
        JudgedList(
            shown.shown_ms,
            shown.user_id,
            shown.request_id,
            shown.place,
            shown.clock_ms,
            live.count,
            shown.rooms,
            shown.positions,
            shown.propensities,
            [_finite(float(scores[place])) if place >= 0 else None for place in places],
            [int(ranks[place]) if place >= 0 else -1 for place in places],
            [round(score, 6) for score in scores[pool].tolist()],
            [round(chance, 6) for chance in drawn],
            slate.rooms,
            list(slate.explored),
        )
    )


def _finite(score: float) -> float | None:
    return round(score, 9) if math.isfinite(score) else None
