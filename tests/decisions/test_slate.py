"""A slate is the best rooms, varied and a little explored, each with its reason and propensity."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from typing import Any

import orjson
import pytest

from decisions.outputs import head
from decisions.settings import SlateSettings
from decisions.slate import Ranker
from features.vector import VectorSettings
from sinks.phrases import PHRASES

PLAIN = SlateSettings(explore_share=0.0)


def slate(market: Any, wish: Any, chosen: SlateSettings, version: int = 1, seed: int = 3) -> Any:
    board, live = market.board(market.table(seed))
    return Ranker(chosen, VectorSettings()).slate(wish, board, live, version, 1_000)


def items(body: bytes) -> list[dict[str, Any]]:
    """The items, each with its reasons in full."""
    value = orjson.loads(body)
    found: list[dict[str, Any]] = value["items"]
    for item in found:
        item["reasons"] = [value["reasons"][told] for told in item["reasons"]]
    return found


def naive_slate(market: Any, scores: dict[str, float], chosen: SlateSettings) -> list[str]:
    """Best first, passing over what a host's or a tag's share forbids; filled up if need be."""
    content = market.scene.content
    allowed = [room_id for room_id, score in scores.items() if score > -math.inf]
    pool = sorted(allowed, key=lambda room_id: (-scores[room_id], room_id))[: chosen.pool]
    hosts: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    taken: list[str] = []
    for room_id in pool:
        room = content.rooms[content.number[room_id]]
        own = dict.fromkeys(room.tags)
        fits = hosts[room.host_id] < chosen.host_max
        if len(taken) < chosen.items_max and fits and all(tags[t] < chosen.tag_max for t in own):
            taken.append(room_id)
            hosts[room.host_id] += 1
            tags.update(list(own))
    left = [room_id for room_id in pool if room_id not in taken]
    return taken + left[: chosen.items_max - len(taken)]


@pytest.mark.parametrize(
    "chosen",
    [
        PLAIN,
        dataclasses.replace(PLAIN, host_max=1, tag_max=3),
        dataclasses.replace(PLAIN, items_max=60, host_max=1),
        dataclasses.replace(PLAIN, items_max=500, pool=500),
        dataclasses.replace(PLAIN, items_max=5, pool=5, tag_max=1),
    ],
)
def test_without_exploration_it_is_the_naive_one(market: Any, chosen: SlateSettings):
    for wish in market.wishes:
        scores = market.placed_by(wish, market.table(3))
        made = slate(market, wish, chosen)
        assert made.rooms == naive_slate(market, scores, chosen)
        assert [item["room_id"] for item in items(made.body)] == made.rooms
        full = len(made.rooms) >= chosen.items_max
        last = min(scores[room] for room in made.rooms)
        assert made.last_score == (pytest.approx(last) if full else -math.inf)


def test_what_was_muted_or_just_left_never_appears(market: Any):
    """Not even by exploration, nor when little else is there."""
    chosen = SlateSettings(items_max=200, pool=200, explore_share=0.5)
    out_of_sight = 0
    air = market.scene.air
    for wish in market.wishes:
        shown = set(slate(market, wish, chosen).rooms)
        for number, room in enumerate(market.scene.content.rooms):
            tags = {*room.tags, *(air.presented[number] if air is not None else ())}
            muted = room.host_id in wish.muted_hosts or tags & set(wish.muted_tags)
            if muted or room.room_id in wish.seen_rooms or room.status != "live":
                assert room.room_id not in shown
                out_of_sight += 1
            else:
                assert room.room_id in shown
    assert out_of_sight > 100


def test_what_was_just_seen_comes_back_last_where_little_else_is_there(new_market: Any):
    few = new_market(2, rooms=14, actions=1)
    wish = few.wishes[0]
    ids = [few.scene.content.ids[number] for number in few.scene.content.live]
    wish.muted_hosts, wish.muted_tags = [], []
    scores = few.ranked_by(wish, few.table(3))
    order = sorted(ids, key=lambda room_id: (-scores[room_id], room_id))
    everyone = dataclasses.replace(PLAIN, host_max=99, tag_max=99, fresh_min=5)
    for seen in range(len(ids) + 1):
        wish.seen_rooms = order[:seen]
        made = slate(few, wish, everyone)
        if len(ids) - seen >= 5:
            assert made.rooms == order[seen:]
        else:
            assert made.rooms == order[seen:] + order[:seen]
        assert all(item["score"] > 0.0 for item in items(made.body))


def test_shares_of_hosts_and_tags_hold_but_for_explored_items(market: Any):
    content, chosen = market.scene.content, SlateSettings(explore_share=0.2)
    explored = 0
    for wish in market.wishes:
        hosts: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        for item in items(slate(market, wish, chosen).body):
            if item["source"] == "explore":
                explored += 1
                continue
            room = content.rooms[content.number[item["room_id"]]]
            hosts[room.host_id] += 1
            tags.update(set(room.tags))
        assert max(hosts.values()) <= chosen.host_max
        assert max(tags.values()) <= chosen.tag_max
    assert explored > 10


@pytest.mark.parametrize("sharpness", [0.0, 1.0])
def test_logged_propensities_are_the_frequencies(market: Any, sharpness: float):
    """One over the propensity, averaged over many draws, is 1 for whatever a slot could hold."""
    chosen = SlateSettings(
        items_max=3, pool=9, explore_share=0.3, explore_sharpness=sharpness, explore_floor=0.2
    )
    wish, draws = market.wishes[0], 4_000
    greedy = slate(market, wish, dataclasses.replace(chosen, explore_share=0.0)).rooms
    weight: Counter[tuple[int, str]] = Counter()
    possible: Counter[tuple[int, str]] = Counter()
    pool: set[str] = set()
    board, live = market.board(market.table(3))
    ranker = Ranker(chosen, VectorSettings())
    lists = [items(ranker.slate(wish, board, live, n, 0).body) for n in range(draws)]
    for found in lists:
        pool.update(item["room_id"] for item in found)
        assert len({item["room_id"] for item in found}) == 3
    assert len(pool) == 9
    explored = Counter(
        slot for found in lists for slot, item in enumerate(found) if item["source"] == "explore"
    )
    for slot in range(3):
        assert explored[slot] / draws == pytest.approx(0.3, abs=0.03)
    for found in lists:
        for slot, item in enumerate(found):
            before = {other["room_id"] for other in found[:slot]}
            for room_id in (pool - set(greedy) - before) | {greedy[slot]}:
                possible[slot, room_id] += 1
            assert item["room_id"] in (pool - set(greedy) - before) | {greedy[slot]}
            weight[slot, item["room_id"]] += 1.0 / item["propensity"]
    for place, times in possible.items():
        assert weight[place] / times == pytest.approx(1.0, abs=0.25)
        if place[1] == greedy[place[0]]:
            assert weight[place] / times == pytest.approx(1.0, abs=0.04)


def test_nothing_left_to_explore_means_nothing_explored(market: Any):
    chosen = SlateSettings(items_max=30, pool=40, explore_share=0.5)
    for version in range(20):
        found = items(slate(market, market.wishes[0], chosen, version).body)
        assert {item["propensity"] for item in found} == {1}


def test_exploring_every_slot_is_possible(market: Any):
    chosen = SlateSettings(items_max=5, pool=40, explore_share=1.0, explore_sharpness=0.0)
    found = items(slate(market, market.wishes[0], chosen).body)
    assert {item["source"] for item in found} == {"explore"}
    expected = [1 / (35 - slot) for slot in range(5)]
    assert [item["propensity"] for item in found] == pytest.approx(expected, rel=1e-5)


def test_the_same_user_and_version_give_the_same_bytes(market: Any):
    chosen = SlateSettings(explore_share=0.3)
    for wish in market.wishes[:4]:
        one, other, third = (slate(market, wish, chosen, version) for version in (7, 7, 8))
        assert one.body == other.body
        assert one.rooms == other.rooms
        assert orjson.loads(one.body)["request_id"] != orjson.loads(third.body)["request_id"]
    found = [slate(market, market.wishes[0], chosen, version).rooms for version in range(20)]
    assert len({tuple(rooms) for rooms in found}) > 10


def test_the_value_is_json_that_begins_with_its_head(market: Any):
    for wish in market.wishes:
        made = slate(market, wish, SlateSettings(), 1_767_225_600_007)
        assert made.body.startswith(head(1_767_225_600_007, 1_000))
        value = orjson.loads(made.body)
        assert value["model"] == "utility@33"
        assert [item["room_id"] for item in value["items"]] == made.rooms
        assert all(0.0 <= item["score"] <= 1.0 for item in value["items"])
        assert all(0.0 < item["propensity"] <= 1.0 for item in value["items"])


def test_every_item_has_a_source_and_reasons_that_a_person_can_read(market: Any):
    sources, codes = set(), set()
    for seed in range(6):
        for wish in market.wishes:
            for item in items(slate(market, wish, SlateSettings(), seed=seed).body):
                assert 1 <= len(item["reasons"]) <= 2
                sources.add(item["source"])
                codes.update(reason[0] for reason in item["reasons"])
    assert sources == {"popular", "match", "host", "explore"}
    assert codes <= set(PHRASES)
    assert len(codes) >= 7


def test_reasons_name_what_really_speaks_for_the_room(market: Any):
    content = market.scene.content
    for wish in market.wishes:
        for item in items(slate(market, wish, SlateSettings()).body):
            room = content.rooms[content.number[item["room_id"]]]
            for code, *args in item["reasons"]:
                if code == "tag_match":
                    assert args[0] in room.tags
                    assert args[0] in wish.view.weights
                elif code == "followed_host":
                    assert args[0] == room.host_id
                    assert args[0] in wish.view.follows
                elif code == "trusted_host":
                    assert args[0] == room.host_id
                    assert wish.view.hosts[args[0]] != 0.0


def test_each_reason_stands_once_and_is_some_item_s(market: Any):
    for wish in market.wishes:
        value = orjson.loads(slate(market, wish, SlateSettings(explore_share=0.3)).body)
        told = {place for item in value["items"] for place in item["reasons"]}
        reasons = [tuple(reason) for reason in value["reasons"]]
        assert len(set(reasons)) == len(reasons)
        assert told == set(range(len(reasons)))


def test_scores_are_the_utility_as_a_probability(market: Any):
    for wish in market.wishes:
        scores = market.scores(wish, market.table(3))
        for item in items(slate(market, wish, SlateSettings()).body):
            expected = 1.0 / (1.0 + math.exp(-scores[item["room_id"]]))
            assert item["score"] == pytest.approx(expected, abs=5.1e-5)


def test_someone_of_whom_nothing_is_known_has_reasons_too(market: Any):
    newcomers = [wish for wish in market.wishes if wish.user_id.startswith("newcomer")]
    assert len(newcomers) == 2
    for wish in newcomers:
        found = items(slate(market, wish, PLAIN).body)
        assert len(found) == 20
        assert {item["source"] for item in found} == {"popular"}


def test_ties_are_settled_by_the_room_id(market: Any):
    table = market.table(1, zeros=1.0)
    board, live = market.board(table)
    newcomer = next(wish for wish in market.wishes if wish.user_id.startswith("newcomer"))
    everything = dataclasses.replace(PLAIN, host_max=99, tag_max=99)
    made = Ranker(everything, VectorSettings()).slate(newcomer, board, live, 1, 0)
    assert made.rooms == sorted(market.scene.content.ids[n] for n in market.scene.content.live)[:20]


def test_a_list_of_twenty_fits_in_its_budget(market: Any):
    sizes = [
        len(slate(market, wish, SlateSettings(), 1_767_225_600_007, seed).body)
        for seed in range(10)
        for wish in market.wishes
    ]
    # Below an allocator's class of 2,048 bytes with its header, but for lists of many reasons.
    assert sum(sizes) / len(sizes) <= 2_040
    assert max(sizes) <= 2_300


def test_an_empty_market_gives_an_empty_list(new_market: Any):
    empty = new_market(2, rooms=6, actions=1)
    wish = empty.wishes[0]
    wish.muted_hosts = [room.host_id for room in empty.scene.content.rooms]
    made = slate(empty, wish, SlateSettings())
    assert (made.rooms, items(made.body), made.last_score) == ([], [], -math.inf)


def test_a_muted_tag_counts_also_where_a_room_has_too_many_to_score(new_market: Any, say: Any):
    market = new_market(2, rooms=6, actions=1)
    tags = " ".join(f"many{n}" for n in range(40))
    market.line.feed([say.room("room0000", tags), say.room("room0001", tags)])
    market.scene = market.line.runtime.scenes.at(0, market.line.seq)
    wish = market.wishes[0]
    assert {"room0000", "room0001"} <= set(slate(market, wish, SlateSettings()).rooms)
    wish.muted_tags = ["many39"]
    assert not {"room0000", "room0001"} & set(slate(market, wish, SlateSettings()).rooms)
