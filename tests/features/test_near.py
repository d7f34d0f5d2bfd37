"""Nearness equals its two sums written out, room by room; what is weighed most is what is named."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.near import Near
from features.neighbour_table import NO_NEIGHBOURS, table_of
from features.neighbours import NeighbourSettings
from features.panel import panel_of
from features.recent import RecentSettings, engage, recent_of
from features.user import new_user
from flows.settings import Settings
from tests.line import START_MS, Line, Teller

CHOSEN = RecentSettings(sharpness=6.0)
Nearest = dict[str, list[tuple[str, float]]]
Recent = list[tuple[str, float, float]]


def line_of(rooms: str) -> Line:
    say, line = Teller(), Line(Settings(neighbours=NeighbourSettings(on=True)), decides=False)
    line.feed([say.room(room_id) for room_id in rooms])
    return line


def naive(recent: Recent, nearest: Nearest, room_id: str) -> tuple[float, float]:
    """Both features of one room from their definition: softmax over the recent rooms."""
    match = weighed = total = 0.0
    for other, prior, value in recent:
        similar = dict(nearest.get(other, [])).get(room_id, 0.0)
        attention = prior * math.exp(CHOSEN.sharpness * similar)
        match += prior * value * similar
        weighed += attention * value * similar
        total += attention
    mean = weighed / total
    return match / (abs(match) + 0.5), mean / (abs(mean) + 0.1)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_features_are_those_written_out_and_the_largest_part_is_named(seed: int):
    dice = random.Random(seed)
    # Some rooms of the table are in no catalogue, and some of the catalogue in no table.
    content = line_of("abcdef").runtime.scenes.content(6)
    items = "cdefgh"
    nearest: Nearest = {
        item: [(other, dice.random()) for other in dice.sample(items, dice.randrange(5))]
        for item in items
    }  # fmt: skip
    near = Near(content, table_of(5, nearest), CHOSEN)
    recent = [
        (room_id, dice.uniform(0.1, 1.0), dice.uniform(-1.0, 1.0))
        for room_id in dice.sample("abcdefx", dice.randrange(1, 6))
    ]
    known = [one for one in recent if one[0] in "abcdef"]
    match, attention = near(recent)
    named = near.attended(recent)
    assert match[-1] == attention[-1] == 0.0
    for room_id, number in content.number.items():
        found = {other: nearest.get(other, []) for other, _, _ in known}
        assert (match[number], attention[number]) == pytest.approx(naive(recent, found, room_id))
        parts = [
            (prior * value * similar * math.exp(CHOSEN.sharpness * similar), place)
            for place, (other, prior, value) in enumerate(recent)
            for similar in [dict(found.get(other, [])).get(room_id, 0.0)]
        ]
        worth, place = max(parts)
        assert named[number] == (place if worth > 0.0 else -1)


def test_without_neighbours_all_is_zero():
    near = Near(line_of("ab").runtime.scenes.content(2), NO_NEIGHBOURS, CHOSEN)
    match, attention = near([("a", 1.0, 0.5)])
    assert not match.any()
    assert not attention.any()
    assert near.attended([("a", 1.0, 0.5)]).tolist() == [-1, -1, -1]


def test_a_long_stay_says_more_than_a_like_and_a_quick_leave_speaks_against():
    user, chosen = new_user(START_MS), RecentSettings()
    engage(user, "stay", 4_000, START_MS, 10)
    engage(user, "like", 500, START_MS, 10)
    engage(user, "left", -1_000, START_MS, 10)
    values = {room_id: value for room_id, _, value in recent_of(user, START_MS, chosen)}
    assert values["stay"] > values["like"] > 0.0 > values["left"]


def test_newer_rooms_count_more_and_the_oldest_leaves():
    user, chosen = new_user(START_MS), RecentSettings()
    for number, room_id in enumerate("abcda"):
        engage(user, room_id, 1_000, START_MS + number * 1_000_000, 3)
    recent = recent_of(user, START_MS + 5_000_000, chosen)
    assert [room_id for room_id, _, _ in recent] == ["a", "d", "c"]
    weights = [weight for _, weight, _ in recent]
    assert weights == sorted(weights, reverse=True)
    later = recent_of(user, START_MS + 500_000_000, chosen)
    assert all(one[1] < other[1] for one, other in zip(later, recent, strict=True))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_one_room_alone_is_as_it_is_among_all(seed: int):
    dice, chosen = random.Random(seed), RecentSettings(users=True)
    content = line_of("abcdef").runtime.scenes.content(6)
    users = [(f"u{n}", dice.sample("bcdefgh", 3)) for n in range(dice.randrange(4))]
    nearest: Nearest = {"b": [("c", 0.5)], "c": [("b", 0.5)]}
    table = table_of(5, nearest, panel_of(5, users))
    near = Near(content, table, chosen)
    recent = [(room_id, 0.5, 0.5) for room_id in dice.sample("abcdefx", 3)]
    found = near(recent, "u0")
    assert len(found) == len(near.names) == 3
    assert all(values[-1] == 0.0 for values in found)
    for number in content.number.values():
        assert near.at(number, recent, "u0") == tuple(values[number] for values in found)
