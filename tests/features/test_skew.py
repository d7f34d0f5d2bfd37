"""A vector built in the stream equals the one rebuilt from what a product server reads in Redis."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from features.ladder import WINDOWS
from features.vector import VectorSettings, names
from sinks.ageing import aged
from tests.line import START_MS, Line, Teller

NAMES = names(8)
MATCHES = [NAMES.index(f"tag_match_{window}") for window in WINDOWS]
HALF_UNITS = [VectorSettings().tag_halves[place] / 1000.0 for place in range(4)]
ROOM_TAGS = {"a": ["tea"], "b": ["tea", "silk", "jade"], "c": ["jade", "茶"], "d": []}


def rebuilt(body: bytes, now_ms: int, room_tags: list[str]) -> list[float]:
    """The four tag matches as a reader would have them: aged weights, bent, and their mean."""
    value = orjson.loads(body)
    weights = aged(value["tiles"], value["as_of_ms"], now_ms)
    matches = []
    for window, half in enumerate(HALF_UNITS):
        units = [weights.get(tag, (0.0,) * 4)[window] for tag in room_tags]
        bent = [unit / (abs(unit) + half) for unit in units]
        matches.append(sum(bent) / len(bent) if bent else 0.0)
    return matches


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_tag_matches_are_those_that_a_reader_would_compute(seed: int):
    dice, say, line = random.Random(seed), Teller(), Line(decides=False)
    line.feed([say.room(room, " ".join(tags)) for room, tags in ROOM_TAGS.items()])
    at_s, expected = 10.0, {}
    for number in range(25):
        at_s += dice.choice([0, 1, 70, 700, 4_000, 100_000])
        room_id = dice.choice(list(ROOM_TAGS))
        kind: Any = dice.choice([kinds.Click, kinds.Share, kinds.Dismiss, kinds.Like])
        line.feed([say(kind, at_s - dice.choice([0, 5, 900]), "u1", room_id=room_id)])
        at_s += dice.choice([0, 1, 70, 700, 4_000, 100_000])
        line.feed(say.shown(at_s, "u1", f"q{number}", "a b c d"))
        stored = line.made.tags.get("u1")
        for room, tags in ROOM_TAGS.items():
            now_ms = START_MS + round(at_s * 1000)
            expected[f"q{number}", room] = (
                rebuilt(stored[-1][1], now_ms, tags) if stored else [0.0] * 4
            )
        line.feed([say(kinds.Enter, at_s, "u1", room_id=room_id)])
    line.feed([], done=True)
    assert line.made.examples
    for example in line.made.examples:
        if example.engaged >= 0:
            built = np.frombuffer(example.x, "<f8")[MATCHES].tolist()
            assert built == pytest.approx(expected[example.request_id, example.room_id], abs=1e-6)
