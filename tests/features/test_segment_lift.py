"""Lifts of segments equal their definition, room by room; without knowledge they are 0."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.segment_lift import SegmentLifts
from features.segment_table import EVERYBODY, NO_SEGMENTS, SegmentTable
from tests.line import Line, Teller

PRIOR = 3.0
TAGS = {"a": "tea", "b": "tea sea", "c": "sea", "d": "", "e": "tea art"}
HOSTS = {"a": "h1", "b": "h1", "c": "h2", "d": "h2", "e": "h3"}


def line_of() -> Line:
    say, line = Teller(), Line(decides=False)
    line.feed([say.room(room, tags, host_id=HOSTS[room]) for room, tags in TAGS.items()])
    return line


def naive(table: SegmentTable, row: int, room: str) -> list[float]:
    """The three lifts of one room, from the counts alone."""
    place = {name: at for at, name in enumerate(table.ids) if name in TAGS}
    shown = {name: table.values[:, at, 0] for name, at in place.items()}
    clicks = {name: np.minimum(table.values[:, at, 1], shown[name]) for name, at in place.items()}
    rate = (sum(one[0] for one in clicks.values()) + 1.0) / (
        sum(one[0] for one in shown.values()) + 10.0
    )
    due = {
        name: shown[name][row] * (clicks[name][0] + 10.0 * rate) / (shown[name][0] + 10.0)
        for name in place
    }
    hits = {name: clicks[name][row] for name in place}
    ready = (sum(hits.values()) + PRIOR) / (sum(due.values()) + PRIOR)

    def lift(rooms: list[str]) -> float:
        known = [name for name in rooms if name in place]
        hit, expected = sum(hits[name] for name in known), sum(due[name] for name in known)
        return math.log((hit + PRIOR) / (ready * expected + PRIOR))

    tags = TAGS[room].split()
    by_tag = [lift([one for one in TAGS if tag in TAGS[one].split()]) for tag in tags]
    host = lift([one for one in TAGS if HOSTS[one] == HOSTS[room]])
    return [lift([room]), host, sum(by_tag) / len(tags) if tags else 0.0]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_lifts_are_those_written_out(seed: int):
    dice = random.Random(seed)
    content = line_of().runtime.scenes.content(5)
    # Some rooms of the table are in no catalogue, and some of the catalogue in no table.
    ids = dice.sample("abcdexyz", dice.randrange(1, 8))
    values = np.array([[[dice.uniform(0, 40), dice.uniform(0, 9)] for _ in ids] for _ in range(3)])
    values[0] = values.sum(0)
    table = SegmentTable(9, [EVERYBODY, "city=x", "city=y"], ids, values)
    lifts = SegmentLifts(content, table, PRIOR)
    assert lifts.stamp_s == 9
    found = {}
    for row, name in ((1, "city=x"), (2, "city=y")):
        found[name] = own = lifts([name])
        assert own is not None
        for room, number in content.number.items():
            assert own[:, number].tolist() == pytest.approx(naive(table, row, room))
        assert not own[:, -1].any(), "a room that nobody knows"
    both = lifts(["city=x", "city=nowhere", "city=y"])
    assert both is not None
    assert both == pytest.approx(found["city=x"] + found["city=y"])


def test_of_whom_nothing_is_known_nothing_is_said():
    lifts = SegmentLifts(line_of().runtime.scenes.content(5), NO_SEGMENTS, PRIOR)
    assert lifts(["city=x"]) is None
    assert lifts([]) is None
    assert lifts([EVERYBODY]) is None


def test_a_segment_that_clicks_as_all_do_has_no_lift():
    """However much more readily it clicks: that is the same for every room."""
    content = line_of().runtime.scenes.content(5)
    everybody = np.array([[1000.0, 100.0]] * 5)
    table = SegmentTable(1, [EVERYBODY, "city=x"], list("abcde"), np.array(
        [everybody, [[500.0, 100.0]] * 5]))  # fmt: skip
    found = SegmentLifts(content, table, PRIOR)(["city=x"])
    assert found is not None
    assert np.abs(found).max() < 0.01
