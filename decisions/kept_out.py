"""What a user's list leaves out, whatever it is worth: rooms just seen, and what is muted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from decisions.board import Board, LiveRooms
from features.rows import Wish


def keep_out(score: NDArray[np.float64], wish: Wish, board: Board, live: LiveRooms) -> None:
    """Rooms just seen, and what the user has muted, be it only what is on air."""
    for room_id in wish.seen_rooms:
        place = live.place.get(room_id)
        if place is not None:
            score[place] = -np.inf
    for host in wish.muted_hosts:
        number = board.content.host_number.get(host)
        if number is not None:
            score[live.hosts == number] = -np.inf
    for tag in wish.muted_tags:
        number = board.content.tag_number.get(tag)
        if number is not None:
            for row in live.tags:
                score[row == number] = -np.inf
        for place, tags in live.unscored_tags.items():
            if tag in tags:
                score[place] = -np.inf
        if board.air is not None:
            score[board.air.presenting(tag)] = -np.inf
            for room_id, tags in board.air.cut.items():
                if tag in tags and room_id in live.place:
                    score[live.place[room_id]] = -np.inf
