"""Rooms of small hosts are drawn more readily where a policy says so; no ranking changes by it."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from decisions.board import Board
from decisions.explore import chances
from decisions.optimism import small_hosts
from decisions.settings import SlateSettings
from events import kinds
from tests.line import START_MS, Line, Teller

ROOMS = {"a": "h1", "b": "h2", "c": "h3", "d": "h4", "e": "h4"}
CLICKS = {"a": 3, "b": 1, "c": 0, "d": 1, "e": 1}
SMALL = "bc"
"""Two of four hosts; the two rooms of h4 count together."""


@pytest.fixture
def line(say: Teller) -> Line:
    """Each room is shown as often, and clicked so often."""
    made = Line(decides=False)
    made.feed([say.room(room, host_id=host) for room, host in ROOMS.items()])
    for number in range(3):
        made.feed(say.shown(5.0 + number, f"u{number}", f"q{number}", " ".join(ROOMS)))
        for room, clicks in CLICKS.items():
            if number < clicks:
                fields = {"room_id": room, "request_id": f"q{number}"}
                made.feed([say(kinds.Click, 9.0 + number, f"u{number}", **fields)])
    made.feed([say(kinds.Click, 60.0, "u9", room_id="a")], done=True)
    return made


def board(line: Line, **chosen: Any) -> Board:
    scene, table = line.runtime.boards.at(START_MS // 1000 + 60, line.seq)
    return Board(scene, table, dataclasses.replace(SlateSettings(), **chosen))


def test_small_are_the_half_of_the_live_hosts_with_fewer_clicks(line: Line):
    scene, _ = line.runtime.boards.at(START_MS // 1000 + 60, line.seq)
    found = zip(scene.content.ids, small_hosts(scene).tolist(), strict=True)
    assert [room for room, is_small in found if is_small] == list(SMALL)


def test_their_odds_to_be_drawn_grow_by_the_boost(line: Line):
    rooms = list(ROOMS)
    plain = board(line, explore_floor=0.0)
    for boost in (4.0, 0.5):
        settings = dataclasses.replace(SlateSettings(), explore_floor=0.0, small_host_boost=boost)
        raised = board(line, explore_floor=0.0, small_host_boost=boost)
        assert raised.base.tolist() == plain.base.tolist(), "what they are ranked by"
        before = chances(plain.base, plain.optimism, settings)
        after = chances(raised.base, raised.optimism, settings)
        odds = np.array(after) / np.array(before)
        for room, one in zip(rooms, (odds / odds[0]).tolist(), strict=True):
            assert one == pytest.approx(boost if room in SMALL else 1.0)


def test_without_sharpness_all_are_drawn_alike_and_nobody_live_is_no_error(say: Teller, line: Line):
    even = board(line, explore_sharpness=0.0, small_host_boost=9.0)
    assert even.optimism.tolist() == board(line, explore_sharpness=0.0).optimism.tolist()
    empty = Line(decides=False)
    empty.feed([say.room("x", status="ended"), say(kinds.Click, 60.0, "u", room_id="x")], done=True)
    assert not len(board(empty, small_host_boost=2.0).optimism)
    assert math.isfinite(board(line).optimism.sum())
