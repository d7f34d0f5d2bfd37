"""The world's own recommender: its propensities are those with which it really draws."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.cast import Room
from simulator.catalog import Catalog
from simulator.dice import Dice
from simulator.policy import Policy
from simulator.settings import SimulatorSettings

TAGS = 8
WORLD = SimulatorSettings(hosts=12, tags=TAGS, named_tags=False, viewers=1)


def live_rooms(count: int) -> list[Room]:
    catalog = Catalog(WORLD, Dice(3, "catalog"))
    rooms = [catalog.open_room(host, 0, 1) for host in catalog.hosts[:count]]
    for room in rooms:
        room.live = True
    return rooms


def policy_over(rooms: list[Room], explore: float, popular: float, seed: int) -> Policy:
    policy = Policy(explore, popular, TAGS, Dice(seed, "policy"))
    for room in rooms:
        policy.add(room)
    return policy


def mixture(rooms: list[Room], taste: dict[int, float], explore: float, popular: float):
    """The naive judge: the chance of each room as the next draw, spelled out."""
    pull = sum(room.pull for room in rooms)
    liked = {t: w for t, w in taste.items() if any(t in room.tags for room in rooms)}
    if not liked:
        popular = 1.0 - explore
    chances = []
    for room in rooms:
        chance = explore / len(rooms) + popular * room.pull / pull
        for tag, weight in liked.items():
            if tag in room.tags:
                tagged = sum(other.pull for other in rooms if tag in other.tags)
                share = weight / sum(liked.values()) * room.pull / tagged
                chance += (1.0 - explore - popular) * share
        chances.append(chance)
    assert sum(chances) == pytest.approx(1.0)
    return chances


@given(
    count=st.integers(0, 12),
    size=st.integers(1, 14),
    explore=st.floats(0.02, 0.5),
    popular=st.floats(0.0, 0.5),
    taste=st.dictionaries(st.integers(0, TAGS - 1), st.floats(0.01, 1.0), max_size=4),
    left_out=st.integers(0, 3),
    seed=st.integers(0, 1_000),
)
@settings(max_examples=80, deadline=None)
def test_each_slot_has_its_chance_given_the_slots_above(
    count, size, explore, popular, taste, left_out, seed
):
    rooms = live_rooms(count)
    without = rooms[:left_out]
    policy = policy_over(rooms, explore, popular, seed)
    slots = policy.slate(taste, size, without)
    assert len(slots) == min(size, max(0, count - left_out))
    chances = mixture(rooms, taste, explore, popular) if rooms else []
    left = 1.0 - sum(chances[:left_out])
    for room, propensity in slots:
        assert room not in without
        chance = chances[rooms.index(room)]
        assert propensity == pytest.approx(chance / left, rel=1e-6)
        assert 0.0 < propensity <= 1.0
        left -= chance
    assert len({room.room_id for room, _ in slots}) == len(slots)


def test_rooms_come_as_often_as_their_propensity_says():
    rooms = live_rooms(6)
    taste = {rooms[0].tags[0]: 0.7, rooms[3].tags[0]: 0.3}
    policy = policy_over(rooms, 0.1, 0.3, seed=9)
    draws = 20_000
    first = Counter(policy.slate(taste, 1)[0][0].room_id for _ in range(draws))
    for room, chance in zip(rooms, mixture(rooms, taste, 0.1, 0.3), strict=True):
        assert first[room.room_id] / draws == pytest.approx(chance, abs=0.015)


def test_rooms_that_ended_are_not_shown():
    rooms = live_rooms(5)
    policy = policy_over(rooms, 0.2, 0.3, seed=1)
    rooms[2].live = False
    policy.remove(rooms[2])
    assert rooms[2] not in [room for room, _ in policy.slate({0: 1.0}, 10)]
    assert policy.live == [*rooms[:2], *rooms[3:]]
