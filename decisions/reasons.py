"""Why a room is in a user's list: the strongest thing that speaks for it, as source and reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from decisions.board import Board, LiveRooms
from decisions.text import json_text
from features.vector import View, price_fit

Why = tuple[str, str]
"""An item's source, and its reason as JSON: a list of the code and its arguments."""

_TEXTS_MAX = 10_000
EXPLORED: Why = ("explore", '["exploration"]')


def whys_of(
    view: View,
    board: Board,
    live: LiveRooms,
    chosen: Sequence[int],
    own: Mapping[str, float],
    price_half: float,
) -> list[Why]:
    """For each of the places the strongest reason that lies in the user, else in the room.

    `own` says what each of the user's tags adds to a room that has only this tag.
    """
    affinity, followed, fit = board.user_coefficients[8:11]
    least, hosts, follows = board.reason_min, view.hosts, view.follows
    strong = {tag: value for tag, value in own.items() if value > least}
    log_price = view.log_price if fit > least else None
    near = _near_whys(view, board, chosen)
    presented = board.air.presented if board.air is not None and strong else None
    if not (strong or hosts or follows or near or log_price is not None):
        return [board.whys[place] for place in chosen]
    made = []
    knows_hosts, board_whys = bool(hosts or follows), board.whys
    host_ids, room_tags, tag_whys = live.host_ids, live.room_tags, live.tag_whys
    for place in chosen:
        why, worth, best = board_whys[place], least, None
        for tag in room_tags[place]:
            if tag in strong and strong[tag] > worth:
                worth, best = strong[tag], tag
        if best is not None:
            on_air = presented is not None and best in presented[place]
            why = _on_air_why(best) if on_air else tag_whys[best]
        elif presented is not None:
            for tag in presented[place]:
                if tag in strong and strong[tag] > worth:
                    worth, why = strong[tag], _on_air_why(tag)
        host = host_ids[place] if knows_hosts else ""
        follows_host = host in follows
        if follows_host or host in hosts:
            value = hosts.get(host, 0.0) * affinity + (followed if follows_host else 0.0)
            if follows_host or value > worth:
                code = "followed_host" if follows_host else "trusted_host"
                why = "host", f'["{code}",{json_text(live.host_names[host])}]'
                worth = max(worth, value)
        if log_price is not None:
            value = fit * price_fit(log_price, live.log_prices[place], price_half)
            if value > worth:
                why, worth = ("match", '["price_fit"]'), value
        if near and place in near and near[place][0] > worth:
            why = near[place][1]
        made.append(why)
    return made


@lru_cache(_TEXTS_MAX)
def _on_air_why(tag: str) -> Why:
    """Source and reason of a room that presents something with a tag which the user likes."""
    return "match", f'["on_air",{json_text(tag)}]'


def _near_whys(view: View, board: Board, chosen: Sequence[int]) -> dict[int, tuple[float, Why]]:
    """For the places that nearness speaks for what it adds, and the room that it is near to."""
    values = board.near_values(view)
    if values is None or board.near is None:
        return {}
    strong = [place for place in chosen if values[place] > board.reason_min]
    if not strong:
        return {}
    attended, content = board.near.attended(view.recent), board.content
    made = {}
    for place in strong:
        which = int(attended[board.numbers[place]])
        if which >= 0:
            room = content.rooms[content.number[view.recent[which][0]]]
            reason = f'["similar_audience",{json_text(room.title or room.room_id)}]'
            made[place] = float(values[place]), ("match", reason)
    return made
