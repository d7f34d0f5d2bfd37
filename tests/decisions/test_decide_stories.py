"""Little stories of what is decided: lists that follow their users, rooms that start, pushes."""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from decisions.settings import SlateSettings
from events import kinds
from features.user import DAY_MS
from flows.settings import Settings
from tests.line import START_MS, Line, Teller

SMALL = SlateSettings(items_max=3, explore_share=0.0, host_max=9)


@pytest.fixture
def line(say: Teller) -> Line:
    """Lists of three; live are a room about tea, three about silk and three about nothing."""
    made = Line(dataclasses.replace(Settings(), slate=SMALL))
    tags = {"tea": "tea", "silk1": "silk", "silk2": "silk", "silk3": "silk"}
    made.feed([say.room(name, tags.get(name, "")) for name in (*tags, "x1", "x2", "x3")])
    return made


def lists(line: Line) -> list[tuple[float, str, list[str]]]:
    """When a list was decided on, in seconds, for whom, and its rooms."""
    return [
        (
            (decision.event_time_ms - START_MS) / 1000,
            decision.user_id,
            [item["room_id"] for item in orjson.loads(decision.value)["items"]],
        )
        for decision in line.made.decisions
        if decision.type == "slate"
    ]


def likes(say: Teller, at_s: float, user: str, room_id: str) -> Any:
    return say(kinds.Share, at_s, user, room_id=room_id)


def test_a_list_follows_what_its_user_just_did(line: Line, say: Teller):
    line.feed([likes(say, 10, "u1", "tea"), likes(say, 20, "u1", "silk2")], cuts=[1])
    (_, _, first), (_, _, second) = lists(line)
    assert first[0] == "tea"
    assert set(second[:3]) & {"silk1", "silk2", "silk3"}
    [first_write, second_write] = line.made.writes["u1", "recs"]
    assert second_write.version == first_write.version + 1 == START_MS + 2
    assert orjson.loads(second_write.body)["version"] == second_write.version
    assert [d.value for d in line.made.decisions] == [first_write.body, second_write.body]


def test_a_room_that_starts_enters_the_lists_whose_last_place_it_beats(line: Line, say: Teller):
    line.feed([likes(say, 10, "long ago", "tea")])
    line.feed([likes(say, 700, "fan", "tea"), likes(say, 705, "other", "silk1")])
    assert lists(line)[1][2][0] == "tea"
    assert sorted(lists(line)[2][2]) == ["silk1", "silk2", "silk3"]
    before = len(lists(line))
    starts = say.room("tea2", "tea", 709)
    line.feed([starts, say(kinds.Enter, 710, "somebody", room_id="x1")])
    [(at_s, user, rooms)] = lists(line)[before:]
    assert (at_s, user) == (705.0, "fan")
    assert "tea2" in rooms
    line.feed([say.room("tea2", "tea", 720), say(kinds.Enter, 721, "somebody", room_id="x1")])
    assert len(lists(line)) == before + 1, "it was live already"


def test_a_scheduled_room_brings_no_list_until_it_starts(line: Line, say: Teller):
    line.feed([likes(say, 10, "fan", "tea")])
    scheduled = say.room("tea2", "tea", 11, status="scheduled")
    line.feed([scheduled, say(kinds.Enter, 12, "somebody", room_id="x1")])
    assert len(lists(line)) == 1
    line.feed([say.room("tea2", "tea", 13), say(kinds.Enter, 14, "somebody", room_id="x1")])
    assert [rooms.count("tea2") for _, _, rooms in lists(line)] == [0, 1]


def test_a_room_that_ends_recomputes_nobody_and_is_in_no_later_list(line: Line, say: Teller):
    line.feed([likes(say, 10, "fan", "tea")])
    ended = say.room("tea", "tea", 11, status="ended")
    line.feed([ended, say(kinds.Enter, 12, "somebody", room_id="x1")])
    assert len(lists(line)) == 1
    line.feed([likes(say, 13, "fan", "x1")])
    assert "tea" not in lists(line)[-1][2]


def agree(say: Teller, at_s: float, user: str, **consent: bool) -> Any:
    return say(
        *(kinds.User, at_s, user),
        consent=kinds.Consent(**consent),
        timezone="UTC",
        quiet_hours=("23:00", "23:00"),
    )


def test_a_followed_host_who_goes_live_is_told_of(line: Line, say: Teller):
    follows = [say(kinds.Follow, 10, user, host_id="h") for user in ("yes", "no")]
    agreed = [agree(say, 5, "yes", push=True), agree(say, 5, "no", push=False)]
    line.feed([say(kinds.Host, 1, host_id="h", name="Ms Li"), *agreed, *follows])
    starts = say.room("new", "jade", 900, host_id="h", start_time_ms=START_MS + 900_000)
    line.feed([starts, say(kinds.Enter, 901, "somebody", room_id="x1")])
    pushes = [(d.user_id, orjson.loads(d.value)) for d in line.made.decisions if d.type == "push"]
    assert [(user, push["sent"], push.get("reason")) for user, push in pushes] == [
        ("no", False, "no_consent"),
        ("yes", True, None),
    ]
    [push] = line.made.pushes
    payload = orjson.loads(push.payload)
    assert (push.user_id, push.push_id) == ("yes", payload["push_id"])
    assert set(payload) >= {
        *("push_id", "user_id", "room_id", "trigger", "channel", "not_before_ms"),
        *("expires_at_ms", "score", "reasons", "title"),
    }
    assert payload["reasons"] == [["followed_host_live", ["Ms Li"]]]
    [write] = line.made.writes["no", "push"]
    assert write.body.startswith(b'{"v":1,"version":%d,"as_of_ms":' % write.version)
    assert [d["sent"] for d in orjson.loads(write.body)["decisions"]] == [False]


def test_what_falls_due_is_decided_at_its_own_time_with_the_names_of_that_time():
    """However far the log has jumped, and whatever is told or decided after the jump."""

    def run(*cuts: int) -> list[Any]:
        say, line = Teller(), Line(dataclasses.replace(Settings(), slate=SMALL))
        named = [say.product("p1") for _ in range(3)]
        for product, title in zip(named, ("first", "then", "later"), strict=True):
            product.title = title
        planned = {"status": "scheduled", "start_time_ms": START_MS + DAY_MS, "products": ["p1"]}
        log = [
            named[0],
            say.room("r", "tea", **planned),
            agree(say, 5, "u1", push=True),
            say(kinds.CartAdd, 10, "u1", product_id="p1"),
            say(kinds.Enter, 80_000, "somebody", room_id="x"),
            named[1],
            say(kinds.Enter, 86_000, "somebody", room_id="x"),
            named[2],
            say(kinds.Click, 86_100, "u1", room_id="r"),
        ]
        return line.feed(log, cuts, done=True).decisions

    decided = run()
    assert [d.type for d in decided if d.user_id == "u1"] == ["slate", "push", "slate"]
    assert [d.seq for d in decided if d.user_id == "u1"] == [1, 2, 3]
    assert decided[1].event_time_ms == START_MS + DAY_MS - 600_000
    assert orjson.loads(decided[1].value)["reasons"] == [["cart_product_soon", ["then"]]]
    assert run(6) == run(7) == run(8) == run(*range(9)) == decided


def test_versions_grow_also_for_one_who_only_looks_on_for_a_month(line: Line, say: Teller):
    """OBSERVE remembers such a user; the counts of lists may have been let go."""
    line.feed([likes(say, 10 * n, "u1", "tea") for n in range(5)], cuts=range(5))
    for day in range(1, 41, 5):
        line.feed([say(kinds.Enter, 86_400 * day, "u1", room_id="x1")])
    line.feed([likes(say, 86_400 * 41, "u1", "tea")])
    versions = [write.version for write in line.made.writes["u1", "recs"]]
    assert len(versions) == 6
    assert versions == sorted(set(versions))


def test_after_consent_is_withdrawn_no_list_is_left_and_none_comes(line: Line, say: Teller):
    line.feed([likes(say, 10, "u1", "tea"), agree(say, 11, "u1", profiling=False)])
    assert ("u1", "recs") not in line.made.writes
    starts = say.room("tea2", "tea", 12)
    line.feed([starts, say(kinds.Enter, 13, "somebody", room_id="x1")], done=True)
    assert len(lists(line)) == 1
    assert ("u1", "recs") not in line.made.writes


def test_an_erasure_leaves_nothing_behind(line: Line, say: Teller):
    """Not even what was decided on in the same round before it."""
    line.feed([likes(say, 10, "u1", "tea"), say(kinds.Erase, 12, "u1")])
    starts = say.room("tea2", "tea", 13)
    line.feed([starts, say(kinds.Enter, 14, "somebody", room_id="x1")], done=True)
    assert lists(line) == []
    assert not [key for key in line.made.writes if key[0] == "u1"]
    line.feed([likes(say, 20, "u1", "silk1")])
    assert len(line.made.writes["u1", "recs"]) == 1


def test_a_device_that_was_linked_gets_no_list_any_more(line: Line, say: Teller):
    by_device = {"device_id": "d1"}
    line.feed([say(kinds.Share, 10, **by_device, room_id="tea")])
    assert ("device:d1", "recs") in line.made.writes
    line.feed([say(kinds.IdentityLink, 12, "u1", **by_device)])
    assert ("device:d1", "recs") not in line.made.writes
    starts = say.room("tea2", "tea", 13)
    line.feed([starts, say(kinds.Enter, 14, "somebody", room_id="x1")], done=True)
    assert [user for _, user, _ in lists(line)] == ["device:d1", "u1", "u1"]


def test_what_follows_an_erasure_at_the_same_instant_has_a_number_of_its_own(
    line: Line, say: Teller
):
    line.feed(
        [likes(say, 10, "u1", "tea"), say(kinds.Erase, 10, "u1"), likes(say, 10, "u1", "tea")]
    )
    line.feed([likes(say, 11, "u1", "tea")], done=True)
    logged = [(d.event_time_ms - START_MS, d.seq) for d in line.made.decisions]
    assert logged == [(10_000, 2), (11_000, 3)], "the first was about who was erased"
    line.feed([say(kinds.Erase, 12, "u1"), say(kinds.Enter, 13, "u2", room_id="x1")])
    assert b"u1" not in line.decide[0].snapshot()
    assert line.made.last_gone == 1, "what is on disk must know when it holds nothing more"
