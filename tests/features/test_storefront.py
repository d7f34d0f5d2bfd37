"""A storefront made of an earlier one equals one made anew, and says what the catalogue says."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalogue import ANY_TIME, Catalogue, CatalogueSettings, Entry
from features.grouped import HOST, PRODUCT, ROOM
from features.storefront import Storefront, Storefronts, changes, storefront
from tests.line import START_MS, Teller
from tests.shops import HOSTS, PRODUCTS, anew, random_event, told_catalogue

START_S = START_MS // 1000


def told(shop: Storefront) -> dict[str, Any]:
    """All that a storefront says, but for the numbers of its groups."""
    offers = shop.offers
    by_tag = {
        tag: sorted(group.key for number in numbers if (group := offers.by_number[number]))
        for tag, numbers in offers.of_tag.items()
    }
    assert [g.number for g in offers.groups.values()] == [
        offers.by_number.index(g) for g in offers.groups.values()
    ]
    shares = {key: offers.share[group.number] for key, group in offers.groups.items() if key[2]}
    assert shares == {key: 1.0 / len(key[2]) for key in shares}
    return {
        "keys": offers.key_of,
        "groups": {key: group.ids for key, group in offers.groups.items()},
        "by_tag": by_tag,
        "where": offers.where,
        "on": offers.on,
        "rooms": shop.rooms,
        "shown": shop.shown,
        "sold_in": shop.sold_in,
        "to_come": shop.to_come,
        "names": shop.names,
        "titles": shop.titles,
    }


def looked_up(catalogue: Catalogue, seq: int) -> dict[str, Any]:
    """What the catalogue itself says."""
    rooms = {room.room_id: room for room in catalogue.known_rooms(seq)}
    where: dict[tuple[str, str], set[str]] = defaultdict(set)
    sold: dict[str, set[str]] = defaultdict(set)
    for name, room in rooms.items():
        for product_id in room.products:
            sold[product_id].add(name)
        if room.status == "live":
            where[HOST, room.host_id].add(name)
            shown = catalogue.shown(name, ANY_TIME, seq)
            if shown is not None and shown.product_id is not None:
                where[PRODUCT, shown.product_id].add(name)
    tags: dict[tuple[str, str], tuple[str, ...]] = {}
    for name in PRODUCTS:
        if product := catalogue.product(name, ANY_TIME, seq):
            tags[PRODUCT, name] = tuple(sorted(product.tags))
    for name in HOSTS:
        if host := catalogue.host(name, ANY_TIME, seq):
            tags[HOST, name] = tuple(sorted(host.tags or []))
    for name, room in rooms.items():
        if room.status == "scheduled":
            tags[ROOM, name] = tuple(sorted(room.tags))
    return {
        "rooms": rooms,
        "where": {item: tuple(sorted(names)) for item, names in where.items()},
        "sold": sold,
        "tags": tags,
    }


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_one_made_of_an_earlier_one_equals_one_made_anew(seed: int, stops: list[int]):
    catalogue = told_catalogue(seed, 60)
    shop = Storefront()
    for seq in sorted(stops):
        changed = [item for _, item in changes(catalogue, shop.seq, seq)]
        shop = storefront(shop, catalogue, seq, changed)
        assert told(shop) == told(anew(catalogue, seq))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 40))
def test_it_says_what_the_catalogue_says(seed: int, seq: int):
    catalogue = told_catalogue(seed, 40)
    shop, wanted = anew(catalogue, seq), looked_up(catalogue, seq)
    assert shop.rooms == wanted["rooms"]
    assert shop.offers.where == wanted["where"]
    assert {name: set(held) for name, held in shop.sold_in.items()} == wanted["sold"]
    assert {item: key[2] for item, key in shop.offers.key_of.items()} == wanted["tags"]
    for key, ids in shop.offers.on.items():
        assert {(key[0], name) for name in ids} <= set(shop.offers.where)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 9), min_size=60, max_size=60))
def test_a_catalogue_that_forgets_changes_no_storefront(seed: int, steps: list[int]):
    """Rows move on and what they have passed is dropped; all rows of ten seconds see the same."""
    dice, say = random.Random(seed), Teller()
    forgets, whole = (Catalogue(CatalogueSettings(versions_max=2)) for _ in range(2))
    shops, kept = Storefronts(forgets), Storefronts(whole)
    second = START_S
    for seq, step in enumerate(steps, 1):
        entry = Entry(seq, second * 1000, random_event(dice, say))
        forgets.apply(entry)
        whole.apply(entry)
        second += step
        if step % 3:
            assert told(shops.at(second)) == told(kept.at(second))
            assert shops.at(second) is shops.at(second - second % 10)
        if step % 2:
            forgets.forget_before(shops.forget_before(second) * 1000)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(1, 60), min_size=12, max_size=12))
def test_where_some_shards_run_far_ahead_the_slowest_sees_the_same(seed: int, steps: list[int]):
    """What was made for those ahead has taken the place of what the slowest still asks for."""
    dice, say = random.Random(seed), Teller()
    forgets, whole = (Catalogue(CatalogueSettings(versions_max=2)) for _ in range(2))
    second = START_S
    for seq in range(1, 61):
        entry = Entry(seq, second * 1000, random_event(dice, say))
        forgets.apply(entry)
        whole.apply(entry)
        second += dice.randrange(40)
    shops = Storefronts(forgets)
    second = START_S
    for step in steps:
        forgets.forget_before(shops.forget_before(second) * 1000)
        for ahead_s in range(second + 60, second + 760, 10):
            shops.at(ahead_s)
        for asked_s in (second, second + step):
            seq = whole.seq_at((asked_s - asked_s % 10) * 1000, whole.seq)
            assert told(shops.at(asked_s)) == told(anew(whole, seq))
        second += step
