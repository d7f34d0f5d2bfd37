"""A mute of a tag or a host holds in lists, for rooms that start, and for pushes, until undone."""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from decisions.settings import SlateSettings
from events import kinds
from flows.settings import Settings
from tests.line import START_MS, Line, Teller

MUTES = ({"tag": "tea"}, {"host_id": "h"})


@pytest.fixture
def line(say: Teller) -> Line:
    """The user likes tea, follows the host of a room about it, and agreed to pushes."""
    slate = SlateSettings(items_max=5, explore_share=0.3)
    made = Line(dataclasses.replace(Settings(), slate=slate))
    made.feed([say.room(f"x{n}", "silk") for n in range(30)])
    consent = kinds.Consent(push=True)
    quiet = {"timezone": "UTC", "quiet_hours": ("23:00", "23:00")}
    made.feed(
        [
            say.room("tea", "tea", host_id="h"),
            say(kinds.User, 5, "u", consent=consent, **quiet),
            say(kinds.Share, 10, "u", room_id="tea"),
            say(kinds.Follow, 12, "u", host_id="h"),
            say(kinds.Share, 15, "u", room_id="tea"),
        ]
    )
    return made


def lists(line: Line, since: int = 0) -> list[list[str]]:
    return [
        [item["room_id"] for item in orjson.loads(decision.value)["items"]]
        for decision in line.made.decisions[since:]
        if decision.type == "slate"
    ]


def starts(say: Teller, at_s: float, room_id: str) -> list[Any]:
    told = {"host_id": "h", "start_time_ms": START_MS + round(at_s * 1000)}
    return [
        say.room(room_id, "tea", at_s, **told),
        say(kinds.Enter, at_s + 1, "somebody", room_id="x1"),
    ]


@pytest.mark.parametrize("muted", MUTES)
def test_what_is_muted_comes_in_no_list_and_no_push_and_comes_back(
    line: Line, say: Teller, muted: dict[str, str]
):
    assert "tea" in {room for rooms in lists(line) for room in rooms}
    line.feed([say(kinds.Mute, 20, "u", **muted)])
    since, pushed = len(line.made.decisions), len(line.made.pushes)
    for number in range(12):
        line.feed([say(kinds.Share, 30 + 10 * number, "u", room_id="tea")])
        line.feed(starts(say, 32 + 10 * number, f"new{number}"))
    line.feed([say(kinds.Share, 400, "u", room_id="tea")])
    found = lists(line, since)
    assert len(found) >= 13
    assert not [rooms for rooms in found if not all(room.startswith("x") for room in rooms)]
    assert len(line.made.pushes) == pushed
    line.feed([say(kinds.Unmute, 410, "u", **muted)])
    since = len(line.made.decisions)
    line.feed([say(kinds.Share, 420 + 2 * number, "u", room_id="tea") for number in range(4)])
    assert {room for rooms in lists(line, since) for room in rooms if not room.startswith("x")}
    line.feed(starts(say, 4_000, "back"))
    assert [push.user_id for push in line.made.pushes[pushed:]] == ["u"]
