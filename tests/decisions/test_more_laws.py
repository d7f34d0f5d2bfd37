"""The lists beside the slate equal those of a look at everything, and obey mutes and dismissals."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.more import MoreRanker
from features.more import MoreSettings
from features.rows import Wish
from features.vector import USER_NAMES, View
from tests.decisions.naive_more import Naive
from tests.line import START_MS
from tests.shops import HOSTS, PRODUCTS, TAGS, anew, told_catalogue

ROOMS = [f"r{number}" for number in range(6)]
seeds = st.integers(0, 10**6)


def some(dice: random.Random, names: list[str], most: int = 3) -> list[str]:
    return dice.sample(names, dice.randrange(most + 1) if dice.random() < 0.5 else 0)


def random_board(dice: random.Random) -> Any:
    coefficients = [dice.choice([-0.5, 0.0, 0.25, 1.0]) for _ in USER_NAMES]
    return SimpleNamespace(reason_min=0.01, intercept=-2.0, user_coefficients=coefficients)


def random_wish(dice: random.Random) -> Wish:
    hosts = {host: dice.choice([-0.5, 0.25, 0.75]) for host in some(dice, [*HOSTS, "h-new"])}
    follows = dict.fromkeys(some(dice, HOSTS, 2), 1)
    view = View({}, {}, 1.0, hosts, follows, None, 0.0, 0.0)
    return Wish(
        f"u{dice.randrange(9)}",
        *(0, view, some(dice, HOSTS, 2), some(dice, TAGS, 1), some(dice, ROOMS), {}, True),
        ordered=some(dice, PRODUCTS) or None,
        dismissed_products=some(dice, PRODUCTS, 1) or None,
        dismissed_hosts=some(dice, HOSTS, 1) or None,
    )


def made(seed: int) -> tuple[MoreSettings, Wish, dict[str, Any], Naive]:
    dice = random.Random(seed)
    shop = anew(told_catalogue(seed, 50), dice.randrange(20, 51))
    limits = MoreSettings(
        items_max=dice.choice([1, 2, 6]),
        alike_max=dice.choice([1, 2]),
        tags_max=dice.choice([1, 2, 9]),
        horizon_s=dice.choice([1, 600]),
        late_s=dice.choice([0, 900]),
        complements_max=dice.choice([0, 1, 2]),
        followed_hosts=dice.choice([True, False]),
    )
    own = {tag: dice.choice([-1.0, 0.005, 0.3, 0.3, 1.1]) for tag in some(dice, TAGS, 3)}
    wish, board, reserved = random_wish(dice), random_board(dice), some(dice, ROOMS)
    at_ms = START_MS + dice.choice([0, 1_500])
    body = MoreRanker(limits).value(wish, own, board, shop, reserved, START_MS + 7, at_ms)
    naive = Naive(limits, wish, own, board, shop, reserved, at_ms)
    return limits, wish, orjson.loads(body), naive


@settings(max_examples=400, deadline=None)
@given(seeds)
def test_they_equal_those_of_a_look_at_everything(seed: int):
    _, _, value, naive = made(seed)
    assert [item["product_id"] for item in value["products"]] == naive.products()
    assert [item["host_id"] for item in value["hosts"]] == naive.hosts()
    assert [item["room_id"] for item in value["previews"]] == naive.previews()


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_what_is_muted_dismissed_or_ordered_never_comes(seed: int):
    limits, wish, value, naive = made(seed)
    shop = naive.shop
    for item in value["products"]:
        name = item["product_id"]
        assert name not in [*(wish.ordered or []), *(wish.dismissed_products or [])]
        assert not naive.is_muted(shop.offers.tags(("p", name)))
        assert not naive.sellers(name) or naive.sellers(name) - set(wish.muted_hosts)
    for item in value["hosts"]:
        assert item["host_id"] not in [*wish.muted_hosts, *(wish.dismissed_hosts or [])]
        assert limits.followed_hosts or item["host_id"] not in wish.view.follows
        assert not naive.is_muted(shop.offers.tags(("h", item["host_id"])))
    for item in value["previews"]:
        assert shop.rooms[item["room_id"]].host_id not in wish.muted_hosts
        assert not naive.is_muted(shop.rooms[item["room_id"]].tags)
        assert item["room_id"] not in wish.seen_rooms
    for item in value["products"] + value["hosts"]:
        if "room_id" in item:
            assert shop.rooms[item["room_id"]].host_id not in wish.muted_hosts
            assert not naive.is_muted(shop.rooms[item["room_id"]].tags)


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_each_list_is_short_and_varied_and_its_reasons_are_there(seed: int):
    limits, wish, value, naive = made(seed)
    for name, key in (("previews", "room_id"), ("products", "product_id"), ("hosts", "host_id")):
        items = value[name]
        assert len(items) <= limits.items_max
        assert len({item[key] for item in items}) == len(items)
        for item in items:
            assert 0.0 <= item["score"] <= 1.0
            assert item["reasons"]
            assert all(0 <= place < len(value["reasons"]) for place in item["reasons"])
    for item in value["products"] + value["hosts"]:
        if "room_id" in item:
            room = naive.shop.rooms[item["room_id"]]
            assert room.status == "live"
            assert room.host_id not in wish.muted_hosts
