"""A room's reason is the strongest of all that speaks for it, looked at one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.board import BASE_WHYS
from decisions.reasons import whys_of
from decisions.settings import SlateSettings
from decisions.slate import Ranker
from features.vector import VectorSettings, price_fit

VECTOR = VectorSettings()


def naive_why(market: Any, board: Any, room_id: str, view: Any, own: dict[str, float]) -> Any:
    """The code of the reason with its argument; None where it is the room's own."""
    content, air = market.scene.content, market.scene.air
    number = content.number[room_id]
    affinity, followed, fit = board.user_coefficients[8:11]
    tags, presented = content.room_tags[number], air.presented[number]
    worth, told = board.reason_min, None
    for tag in tags:
        if own.get(tag, worth) > worth:
            worth, told = own[tag], ("on_air" if tag in presented else "tag_match", tag)
    if told is None:
        for tag in presented:
            if own.get(tag, worth) > worth:
                worth, told = own[tag], ("on_air", tag)
    host = content.host_ids[number]
    if host in view.hosts or host in view.follows:
        trust = view.hosts.get(host, 0.0) * affinity
        trust += followed if host in view.follows else 0.0
        if host in view.follows:
            told = "followed_host", content.host_names[host]
        elif trust > worth:
            told = "trusted_host", content.host_names[host]
        worth = max(worth, trust)
    if view.log_price is not None:
        price = fit * price_fit(view.log_price, content.log_prices[number], VECTOR.price_half)
        if price > max(worth, board.reason_min):
            told = ("price_fit",)
    return told


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    zeros=st.sampled_from([0.0, 0.3, 0.8]),
    log_price=st.sampled_from([None, 0.0, 3.0]),
)
def test_the_reason_is_the_strongest_one(
    seed: int, zeros: float, log_price: float | None, new_market: Callable[..., Any]
):
    market = new_market(seed, rooms=40, actions=60)
    board, live = market.board(market.table(seed, zeros))
    ranker = Ranker(SlateSettings(), VECTOR)
    # Not all places, and in another order than theirs.
    chosen = [place for place in reversed(range(live.count)) if place % 5]
    codes = set()
    for wish in market.wishes:
        view = msgspec.structs.replace(wish.view, log_price=log_price)
        own = ranker.tag_values(view, board)
        whys = whys_of(view, "", board, live, chosen, own, VECTOR.price_half)
        for place, why in zip(chosen, whys, strict=True):
            told = naive_why(market, board, live.ids[place], view, own)
            if told is None:
                assert why is BASE_WHYS[board.whys[place]]
            else:
                assert tuple(msgspec.json.decode(why.reason)) == told
            codes.add(why.source)
    assert "popular" in codes


def test_what_speaks_for_a_room_to_anyone_is_its_strongest_part(market: Any):
    for seed in range(5):
        table = market.table(seed)
        board, live = market.board(table)
        for place, room_id in enumerate(live.ids):
            row = market.scene.matrix[market.scene.content.number[room_id]]
            parts = (row * table.rank.coef[: len(row)]).tolist()
            told = board.whys[place]
            named = [column for column in range(7) if column not in (3, 4)]
            best = max(named, key=lambda column: parts[column])
            if parts[best] > board.reason_min:
                assert told == best
            else:
                assert BASE_WHYS[told].reason == '["newcomer"]'
