"""Exploration draws what promises most, most often, and says exactly how often."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.explore import chances, explore
from decisions.settings import SlateSettings

CHOSEN, SHARE = 3, 0.4


def draw(weights: list[float], number: int) -> tuple[list[int], dict[int, float]]:
    """A list of three, explored out of a pool whose rooms are numbered from ten on."""
    chosen = list(range(CHOSEN))
    rest = list(range(10, 10 + len(weights)))
    explored = explore(chosen, rest, f"q{number}", SHARE, 7, lambda rooms: weights)
    assert len(rest) == len(weights) - len(explored)
    assert not set(rest) & set(chosen)
    return chosen, explored


def told(weights: list[float], above: list[int], room: int) -> float:
    """The propensity of a room in a slot by the rule, given the rooms above."""
    if room < 10:
        return 1.0 - SHARE
    left = sum(weight for place, weight in enumerate(weights) if place + 10 not in above)
    return SHARE * weights[room - 10] / left


@given(st.lists(st.floats(0.05, 1.0), min_size=CHOSEN, max_size=8), st.integers(0, 10**6))
def test_what_a_slot_could_hold_has_propensities_that_sum_to_one(weights: list[float], number: int):
    made, explored = draw(weights, number)
    for slot, room in enumerate(made):
        above = made[:slot]
        left = [room for room in range(10, 10 + len(weights)) if room not in above]
        assert sum(told(weights, above, one) for one in [slot, *left]) == pytest.approx(1.0)
        assert (room != slot) == (slot in explored)
        if slot in explored:
            assert explored[slot] == pytest.approx(told(weights, above, room))


def test_rooms_are_drawn_as_often_as_their_propensities_say():
    weights, draws = [1.0, 0.5, 0.25, 0.25, 0.1], 20_000
    first = Counter(draw(weights, number)[0][0] for number in range(draws))
    for room in (0, *range(10, 15)):
        expected = told(weights, [], room)
        error = (expected * (1.0 - expected) / draws) ** 0.5
        assert first[room] / draws == pytest.approx(expected, abs=4.0 * error)


@given(st.lists(st.floats(-8.0, 8.0), min_size=2, max_size=20))
def test_chances_follow_the_odds_down_to_the_floor(scores: list[float]):
    found = chances(np.array(scores), np.zeros(len(scores)), SlateSettings())
    floor = SlateSettings().explore_floor
    assert max(found) == pytest.approx(1.0)
    for score, chance in zip(scores, found, strict=True):
        assert chance == pytest.approx(max(floor, np.exp(score - max(scores))))
    even = chances(np.array(scores), np.zeros(len(scores)), SlateSettings(explore_sharpness=0.0))
    assert even == [1.0] * len(scores)


def test_of_two_alike_the_one_of_which_less_is_known_is_drawn_more_often():
    known, unsure = chances(np.zeros(2), np.array([0.1, 0.9]), SlateSettings())
    assert known < unsure == 1.0
