"""Users alike are found as dense matrices find them, and nobody is alike to themselves."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.alike import Alike, nearest
from features.panel import NO_PANEL, panel_of
from features.recent import RecentSettings

ROOMS = "abcdefgh"
Users = dict[str, list[str]]
Recent = list[tuple[str, float, float]]


def naive(users: Users, recent: Recent, person: str, chosen: RecentSettings) -> dict[str, float]:
    """The value of each room by matrices; the nearest of equally near ones by the panel's order."""
    panel = panel_of(7, users.items())
    has = np.array([[place in row for place in range(len(panel.ids))] for row in panel.rows])
    audience = has.sum(axis=0)
    wanted = np.zeros(len(panel.ids))
    for room_id, prior, value in recent:
        if room_id in panel.ids:
            wanted[panel.ids.index(room_id)] = prior * max(value, 0.0)
    nearness = (has @ (wanted / np.log(2.0 + audience))) ** 2
    nearness /= has.sum(axis=1) + chosen.alike_prior
    for row in range(len(has)):
        if row == panel.row_of(person):
            nearness[row] = 0.0
    nearness[np.argsort(-nearness, kind="stable")[chosen.alike_max :]] = 0.0
    if not nearness.any():
        return {}
    values = nearness @ has / nearness.sum() - audience / len(has)
    own = {room_id for room_id, _, value in recent if value > 0.0}
    told = zip(panel.ids, values.tolist(), strict=True)
    return {room_id: 0.0 if room_id in own else value for room_id, value in told}


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 3, 100]))
def test_values_are_those_of_matrices(seed: int, most: int):
    dice, chosen = random.Random(seed), RecentSettings(alike_max=most)
    users = {f"u{n}": dice.sample(ROOMS, dice.randrange(2, 6)) for n in range(dice.randrange(1, 9))}
    recent = [
        (room_id, dice.uniform(0.1, 1.0), dice.uniform(-0.5, 1.0))
        for room_id in dice.sample(ROOMS + "xy", dice.randrange(6))
    ]
    panel, person = panel_of(7, users.items()), dice.choice(["u0", "u1", "stranger"])
    found = Alike(panel, chosen)(recent, person)
    expected = naive(users, recent, person, chosen)
    assert (found is None) == (not expected)
    if found is not None:
        told = dict(zip(panel.ids, found.tolist(), strict=True))
        assert told == pytest.approx(expected, abs=1e-9)
        assert all(-1.0 < value < 1.0 for value in told.values())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]), max_size=30), st.integers(1, 8))
def test_the_nearest_are_the_first_of_those_sorted(shared: list[float], most: int):
    found, nearness = nearest(np.array(shared), np.zeros(len(shared), np.intp), 1.0, most)
    order = sorted(range(len(shared)), key=lambda user: (-shared[user], user))[:most]
    assert found.tolist() == sorted(user for user in order if shared[user])
    assert nearness.tolist() == [shared[user] ** 2 for user in found]


def test_ones_own_row_speaks_for_nothing():
    """A user who shares with nobody has nobody, be their own rooms in the panel."""
    users = {"own": ["a", "b", "c"], "other": ["d", "e"]}
    alike = Alike(panel_of(7, users.items()), RecentSettings())
    assert alike([("a", 1.0, 0.5)], "own") is None
    assert alike([("a", 1.0, 0.5)], "newcomer") is not None


def test_with_another_row_just_the_same_the_other_counts():
    users = {"own": ["a", "b"], "twin": ["a", "b"], "other": ["c", "d"]}
    found = Alike(panel_of(7, users.items()), RecentSettings())([("a", 1.0, 0.5)], "own")
    assert found is not None
    assert found.tolist() == pytest.approx([0.0, 1 / 3, -1 / 3, -1 / 3])


def test_what_came_to_nothing_and_what_nobody_had_find_nobody():
    alike = Alike(panel_of(7, {"u": ["a", "b"], "v": ["a", "c"]}.items()), RecentSettings())
    assert alike([("a", 1.0, -0.5)], "w") is None
    assert alike([("x", 1.0, 0.5)], "w") is None
    assert Alike(NO_PANEL, RecentSettings())([("a", 1.0, 0.5)], "w") is None
