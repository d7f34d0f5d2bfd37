"""Consent that is withdrawn holds from that event on: what is known goes, and nothing is sent."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from events import kinds
from tests.line import Line, Teller

TEA: dict[str, Any] = {"room_id": "tea"}


@pytest.fixture
def line(say: Teller) -> Line:
    made = Line()
    made.feed([say.room("tea", "tea"), say.room("later", "tea", status="scheduled")])
    return made


def agree(say: Teller, at_s: float, **consent: bool) -> Any:
    return say(kinds.User, at_s, "u1", consent=kinds.Consent(**consent))


def sent(line: Line) -> list[bool]:
    """Of each push that was considered, whether it was sent."""
    return [
        orjson.loads(decision.value)["sent"]
        for decision in line.made.decisions
        if decision.type == "push"
    ]


def test_profiling_stops_with_the_event(line: Line, say: Teller):
    line.feed([agree(say, 1, profiling=True, push=True), say(kinds.Click, 2, "u1", **TEA)])
    assert "u1" in line.made.weights
    slates = len(line.made.decisions)
    line.feed([agree(say, 3, profiling=False)])
    assert line.made.tags == {}
    assert not [key for key in line.made.writes if key[0] == "u1"]
    likes = [say(kinds.Like, 4 + at, "u1", **TEA) for at in range(9)]
    line.feed([*likes, *say.shown(14, "u1", "q1", "tea"), say(kinds.Search, 15, "u1", query="tea")])
    line.feed([say.room("new", "tea", 20), say(kinds.Enter, 30, "u2", **TEA)], done=True)
    assert line.made.tags == {}
    assert len(line.made.decisions) == slates, "no list is made"
    assert line.made.examples == []


def test_pushes_stop_with_the_event(line: Line, say: Teller):
    line.feed([agree(say, 1, push=True), say(kinds.Follow, 2, "u1", host_id="host-later")])
    line.feed([say.room("later", "tea", 3)])
    assert sent(line) == [True]
    assert len(line.made.pushes) == 1
    line.feed([agree(say, 4, push=False)])
    assert line.made.pushes == [], "what was not sent yet is recalled"
    line.feed([say.room("again", "tea", 6, host_id="host-later")], done=True)
    assert sent(line)[1:] in ([], [False])


def test_a_push_decided_in_the_same_round_before_is_not_sent(line: Line, say: Teller):
    line.feed(
        [
            agree(say, 1, push=True),
            say(kinds.Follow, 2, "u1", host_id="host-later"),
            say.room("later", "tea", 3),
            say(kinds.PushDisable, 4, "u1"),
        ]
    )
    assert sent(line) == [True]
    assert line.made.pushes == []
