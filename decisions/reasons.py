"""Why a room is in a user's list: the strongest thing that speaks for it, as source and reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import cast

from decisions.board import BASE_WHYS, Board, LiveRooms, Why
from decisions.text import json_text
from features.vector import View, price_fit

_TEXTS_MAX = 10_000
_PRICE_FIT = Why("match", '["price_fit"]')
_BY_SEGMENT = Why("popular", '["popular_in_segment"]')
_ALIKE = Why("match", '["alike_users"]')
_LEARNT_TASTE = Why("match", '["learnt_taste"]')
EXPLORED = Why("explore", '["exploration"]')


def whys_of(
    view: View,
    person: str,
    board: Board,
    live: LiveRooms,
    chosen: Sequence[int],
    own: Mapping[str, float],
    price_half: float,
    won: Mapping[int, str] | None = None,
) -> list[Why]:
    """For each of the places the strongest reason that lies in the user, else in the room.

    `own` says what each of the user's tags adds to a room that has only this tag; `won` are places
    that stand before others because of their hosts (`decisions.trusted`). Judge: all that
    speaks for a room, one by one, in tests/decisions/test_reasons.py.
    """
    affinity, followed, fit = board.user_coefficients[8:11]
    least, hosts, follows = board.reason_min, view.hosts, view.follows
    strong = {tag: value for tag, value in own.items() if value > least}
    if strong:
        whys, worths = _by_tags(strong, board, live, chosen)
    else:
        whys, worths = [BASE_WHYS[board.whys[place]] for place in chosen], [least] * len(chosen)
    # From what the user knows to the rooms, which are few: seldom is any of them in the list.
    for host in {**hosts, **follows} if follows else hosts:
        is_followed = host in follows
        worth = hosts.get(host, 0.0) * affinity + (followed if is_followed else 0.0)
        for place in live.places_of(host):
            if place in chosen:
                slot = chosen.index(place)
                if is_followed or worth > worths[slot]:
                    whys[slot] = _host_why(is_followed, live.host_names[host])
                    worths[slot] = max(worth, worths[slot])
    if view.log_price is not None and fit > least:
        for slot, place in enumerate(chosen):
            worth = fit * price_fit(view.log_price, live.log_prices[place], price_half)
            if worth > worths[slot]:
                whys[slot], worths[slot] = _PRICE_FIT, worth
    liked = board.segment_values(view)
    if liked is not None:
        for slot, place in enumerate(chosen):
            worth = float(liked[place])
            if worth > max(worths[slot], least):
                whys[slot], worths[slot] = _BY_SEGMENT, worth
    for place, (worth, why) in _near_whys(view, person, board, chosen).items():
        slot = chosen.index(place)
        if worth > worths[slot]:
            whys[slot], worths[slot] = why, worth
    fits = board.fit_values(view)
    if fits is not None:
        # One number at a time costs half of what it does in an array.
        each = cast("memoryview[float]", fits.data)
        for slot, place in enumerate(chosen):
            if each[place] > worths[slot]:
                whys[slot] = _LEARNT_TASTE
    for place, host in (won or {}).items():
        if place in chosen:
            whys[chosen.index(place)] = _host_why(host in follows, live.host_names[host])
    return whys


def _by_tags(
    strong: Mapping[str, float], board: Board, live: LiveRooms, chosen: Sequence[int]
) -> tuple[list[Why], list[float]]:
    """Reasons by the rooms' tags, and where none of these is liked by those of what is on air.

    With what each is worth. Rooms' tags go by number: to reach their names takes more time.
    """
    number_of, tag_whys, numbers = live.tag_number, live.tag_whys, live.numbers
    presented = board.air.presented if board.air is not None else None
    by_number = {
        number_of[tag]: (worth, tag, tag_whys[tag], _on_air_why(tag))
        for tag, worth in strong.items()
        if tag in number_of
    }
    numbers_of, none = live.tag_numbers, (board.reason_min, "", BASE_WHYS[-1], BASE_WHYS[-1])
    board_whys, whys, worths = board.whys, [], []
    for place in chosen:
        worth, liked, why, aired = none
        for number in numbers_of[place]:
            if number in by_number:
                told = by_number[number]
                if told[0] > worth:
                    worth, liked, why, aired = told
        if liked:
            if presented is not None and liked in presented[numbers[place]]:
                why = aired
        else:
            why = BASE_WHYS[board_whys[place]]
            for tag in presented[numbers[place]] if presented is not None else ():
                if tag in strong and strong[tag] > worth:
                    worth, why = strong[tag], _on_air_why(tag)
        whys.append(why)
        worths.append(worth)
    return whys, worths


@lru_cache(_TEXTS_MAX)
def _on_air_why(tag: str) -> Why:
    """Source and reason of a room that presents something with a tag which the user likes."""
    return Why("match", f'["on_air",{json_text(tag)}]')


@lru_cache(_TEXTS_MAX)
def _host_why(is_followed: bool, name: str) -> Why:
    """Source and reason of a room whose host the user knows."""
    code = "followed_host" if is_followed else "trusted_host"
    return Why("host", f'["{code}",{json_text(name)}]')


def _near_whys(
    view: View, person: str, board: Board, chosen: Sequence[int]
) -> dict[int, tuple[float, Why]]:
    """For the places that nearness speaks for what it adds, and whom or what they are near to.

    Users alike are named as such alone, where they say more of it than rooms do.
    """
    found = board.near_values(view, person)
    if found is None or board.near is None:
        return {}
    values, of_users = found
    strong = [place for place in chosen if values[place] > board.reason_min]
    if not strong:
        return {}
    attended, content = board.near.attended(view.recent), board.content
    made = {}
    for place in strong:
        which = int(attended[board.numbers[place]])
        if of_users is not None and 2.0 * of_users[place] > values[place]:
            made[place] = float(values[place]), _ALIKE
        elif which >= 0:
            room = content.rooms[content.number[view.recent[which][0]]]
            reason = f'["similar_audience",{json_text(room.title or room.room_id)}]'
            made[place] = float(values[place]), Why("match", reason)
    return made
