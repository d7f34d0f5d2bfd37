"""Lists are varied by maximal marginal relevance, place by place, as its definition says."""

from __future__ import annotations

import dataclasses
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.diversified import diversified
from decisions.settings import SlateSettings
from events import kinds
from flows.settings import Settings
from tests.line import Line, Teller


def naive(
    best: list[int], worth: list[float], tags: list[set[int]], diversity: float, count: int
) -> list[int]:
    """One place after another, each room looked at beside all above it."""
    left, taken = list(range(len(best))), []

    def gain(number: int) -> float:
        likeness = [0.0]
        for other in taken:
            either = tags[number] | tags[other]
            likeness.append(len(tags[number] & tags[other]) / len(either) if either else 0.0)
        return worth[number] - diversity * max(likeness)

    while left and len(taken) < count:
        number = max(left, key=lambda one: (gain(one), -one))
        taken.append(number)
        left.remove(number)
    return [best[number] for number in [*taken, *left]]


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6))
def test_each_place_goes_to_what_is_worth_most_beside_those_above(seed: int):
    dice = random.Random(seed)
    size = dice.randrange(0, 15)
    places = dice.sample(range(40), size)
    worth = sorted((round(dice.uniform(-2.0, 2.0), 2) for _ in range(size)), reverse=True)
    tags_of = [tuple(dice.sample(range(1, 7), dice.randrange(4))) for _ in range(40)]
    diversity, count = dice.choice([0.0, 0.25, 1.0, 8.0]), dice.randrange(1, 12)
    found = diversified(places, np.array(worth), tags_of, diversity, count)
    own = [set(tags_of[place]) for place in places]
    expected = naive(places, worth, own, diversity, count) if size > 2 else places
    assert found == expected
    assert sorted(found) == sorted(places)
    if diversity == 0.0:
        assert found == places


def test_a_slate_that_is_to_be_varied_has_rooms_of_other_tags_sooner(say: Teller):
    def of_tea(diversity: float) -> int:
        """How many of the first five rooms are about tea, for one who likes tea."""
        slate = SlateSettings(explore_share=0.0, diversity=diversity, tag_max=20)
        line, tell = Line(dataclasses.replace(Settings(), slate=slate)), Teller()
        line.feed([tell.room(f"t{n}", "tea") for n in range(8)])
        line.feed([tell.room(f"o{n}", f"tag{n}") for n in range(8)])
        line.feed([tell(kinds.Share, 2.0 + n, "u", room_id="t0") for n in range(3)])
        rooms = line.made.writes["u", "recs"][-1].body.split(b'"room_id":"')[1:6]
        return sum(room.startswith(b"t") for room in rooms)

    assert of_tea(0.0) == 5
    assert of_tea(100.0) == 1
