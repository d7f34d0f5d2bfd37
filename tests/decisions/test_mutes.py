"""A mute of a tag or a host holds in lists, for rooms that start, and for pushes, until undone."""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from decisions.settings import SlateSettings
from events import kinds
from features.content import ContentSettings
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


@pytest.mark.parametrize("tags_max", [32, 1])
def test_a_room_is_kept_out_while_it_presents_what_is_muted(say: Teller, tags_max: int):
    """Though its own tags are not, and though so many tags of a product are not even scored."""
    slate = SlateSettings(items_max=5, explore_share=0.3)
    content = ContentSettings(tags_max=tags_max)
    line = Line(dataclasses.replace(Settings(), slate=slate, content=content))
    line.feed([say.room(f"x{n}", "silk") for n in range(4)])
    line.feed([say.product("pot", "clay tea"), say.product("cup", "clay")])
    line.feed([say.room("shop", "art"), say(kinds.OnAir, 1, room_id="shop", product_id="pot")])
    line.feed([say(kinds.Mute, 2, "u", tag="tea")])

    def shown_after(at_s: float) -> bool:
        since = len(line.made.decisions)
        line.feed([say(kinds.Share, at_s + 3 * n, "u", room_id=f"x{n % 4}") for n in range(6)])
        return any("shop" in rooms for rooms in lists(line, since))

    assert not shown_after(10)
    line.feed([say(kinds.OnAir, 40, room_id="shop", product_id="cup")])
    assert shown_after(50)
    line.feed([say(kinds.OnAir, 80, room_id="shop", product_id="pot")])
    assert not shown_after(90)
    line.feed([say(kinds.Unmute, 120, "u", tag="tea")])
    assert shown_after(130)


def test_no_push_tells_of_a_product_with_a_muted_tag(say: Teller):
    line = Line()
    consent = kinds.Consent(push=True)
    quiet = {"timezone": "UTC", "quiet_hours": ("23:00", "23:00")}
    line.feed([say.product("pot", "clay tea"), say.room("shop", "art", products=["pot"])])
    for user in ("mutes", "likes"):
        line.feed([say(kinds.User, 2, user, consent=consent, **quiet)])
        line.feed([say(kinds.CartAdd, 3, user, product_id="pot")])
    line.feed([say(kinds.Mute, 4, "mutes", tag="tea")])
    line.feed([say(kinds.OnAir, 60, room_id="shop", product_id="pot")])
    line.feed([say(kinds.Enter, 61, "somebody", room_id="shop")])
    assert [push.user_id for push in line.made.pushes] == ["likes"]


@pytest.mark.parametrize(
    ("muted", "is_sent"),
    [({"host_id": "h"}, False), ({"tag": "tea"}, False), ({"tag": "silk"}, True)],
)
def test_a_mute_takes_back_what_waits_about_it(
    line: Line, say: Teller, muted: dict[str, str], is_sent: bool
):
    line.feed([say.room("later", "tea", 20, host_id="h", status="scheduled")])
    line.feed(starts(say, 30, "later"))
    assert [push.user_id for push in line.made.pushes] == ["u"]
    line.feed([say(kinds.Mute, 40, "u", **muted)])
    assert [push.user_id for push in line.made.pushes] == (["u"] if is_sent else [])


def test_a_mute_takes_back_what_waits_about_a_product(say: Teller):
    line = Line()
    consent = kinds.Consent(push=True)
    quiet = {"timezone": "UTC", "quiet_hours": ("23:00", "23:00")}
    line.feed([say.product("pot", "clay tea"), say.room("shop", "art", products=["pot"])])
    line.feed([say(kinds.User, 2, "u", consent=consent, **quiet)])
    line.feed([say(kinds.CartAdd, 3, "u", product_id="pot")])
    line.feed([say(kinds.OnAir, 60, room_id="shop", product_id="pot")])
    line.feed([say(kinds.Enter, 61, "somebody", room_id="shop")])
    assert [push.user_id for push in line.made.pushes] == ["u"]
    line.feed([say(kinds.Mute, 70, "u", tag="tea")])
    assert line.made.pushes == []


def test_a_mute_takes_back_nothing_that_is_over(line: Line, say: Teller):
    line.feed(starts(say, 30, "later"))
    line.feed([say(kinds.Mute, 30 + 24 * 3600, "u", host_id="h")])
    assert [push.user_id for push in line.made.pushes] == ["u"]
