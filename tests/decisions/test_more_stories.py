"""Little stories of the lists beside the slate: when they come, and what is in them."""

from __future__ import annotations

import dataclasses
from typing import Any

import orjson
import pytest

from events import kinds
from features.more import MoreSettings
from flows.settings import Settings
from tests.line import START_MS, Line, Teller

MORE = MoreSettings(signals_min=1)


@pytest.fixture
def line(say: Teller) -> Line:
    """Hosts a and b stand for tea, c for silk; a is live with a product on air."""
    made = Line(dataclasses.replace(Settings(), more=MORE))
    hosts = [("a", "tea"), ("b", "tea"), ("c", "silk")]
    made.feed([say(kinds.Host, 0, host_id=host, name=host.upper(), tags=[t]) for host, t in hosts])
    made.feed([say.product(name, "tea") for name in ("pot", "cup", "tin")])
    made.feed([say.product("scarf", "silk"), say.product("tray", "tea oak")])
    made.feed(
        [
            say.room("ra", "tea", host_id="a", products=["pot", "cup"]),
            say.room("rx", "oak", host_id="x", products=["tin", "cup", "tray"]),
            say(kinds.OnAir, 0, room_id="ra", product_id="cup"),
            planned(say, "soon", "tea", "b", 3_600),
            planned(say, "far", "tea", "b", 40 * 86_400),
        ]
    )
    return made


def planned(say: Teller, room_id: str, tags: str, host: str, in_s: int) -> Any:
    start_ms = START_MS + in_s * 1000
    return say.room(room_id, tags, host_id=host, status="scheduled", start_time_ms=start_ms)


def shares(say: Teller, at_s: float, room_id: str = "ra") -> Any:
    return say(kinds.Share, at_s, "u", room_id=room_id)


def values(line: Line) -> list[dict[str, Any]]:
    return [orjson.loads(write.body) for write in line.made.writes.get(("u", "more"), [])]


def ids(line: Line, name: str) -> list[str]:
    key = {"previews": "room_id", "products": "product_id", "hosts": "host_id"}[name]
    return [item[key] for item in values(line)[-1][name]]


def whys(line: Line, name: str, place: int = 0) -> list[list[str]]:
    value = values(line)[-1]
    return [value["reasons"][number] for number in value[name][place]["reasons"]]


def test_what_fits_a_user_s_tags_comes_each_with_its_reasons(line: Line, say: Teller):
    line.feed([shares(say, 10)])
    assert ids(line, "products")[0] == "cup", "of equals the one on air"
    assert whys(line, "products") == [["tag_match", "tea"], ["on_air_now"]]
    assert values(line)[-1]["products"][0]["room_id"] == "ra"
    assert set(ids(line, "products")) == {"pot", "cup", "tin", "tray"}
    assert ids(line, "hosts") == ["a", "b"], "whom the user has met is trusted a little"
    assert ids(line, "previews") == ["soon"]
    assert values(line)[-1]["previews"][0]["start_time_ms"] == START_MS + 3_600_000


def test_versions_are_those_of_the_slates_that_they_came_with(line: Line, say: Teller):
    line.feed([shares(say, 10 * n) for n in range(1, 10)], cuts=range(9))
    slates = [write.version for write in line.made.writes["u", "recs"]]
    versions = [write.version for write in line.made.writes["u", "more"]]
    assert versions == sorted(set(versions))
    assert set(versions) <= set(slates)


def test_they_come_by_the_minute_or_with_twice_the_signals(line: Line, say: Teller):
    line.feed([shares(say, 5 * n) for n in range(1, 14)], cuts=range(13))
    at_s = [(value["as_of_ms"] - START_MS) / 1000 for value in values(line)]
    assert at_s == [5, 10, 20, 40]
    line.feed([shares(say, 99), shares(say, 100)], cuts=[1])
    assert (values(line)[-1]["as_of_ms"] - START_MS) / 1000 == 100


def test_a_user_of_whom_little_is_known_has_none(say: Teller):
    line = Line(dataclasses.replace(Settings(), more=MoreSettings(signals_min=3)))
    line.feed([say.room("ra", "tea"), shares(say, 10), shares(say, 20)])
    assert values(line) == []
    line.feed([shares(say, 30)])
    assert len(values(line)) == 1


def test_switched_off_there_are_none(say: Teller):
    line = Line(dataclasses.replace(Settings(), more=MoreSettings(on=False, signals_min=1)))
    line.feed([say.room("ra", "tea"), shares(say, 10)], done=True)
    assert values(line) == []


def test_after_an_order_what_goes_with_it_comes_first_and_itself_no_more(line: Line, say: Teller):
    order = {"order_id": "o1", "product_id": "pot", "amount": 9.0}
    line.feed([shares(say, 10), say(kinds.Order, 12, "u", **order), shares(say, 13)], cuts=[1, 2])
    assert len(values(line)) == 2, "at once"
    assert whys(line, "products") == [["goes_with", "pot"]] + [["on_air_now"]] * (
        ids(line, "products")[0] == "cup"
    )
    assert "pot" not in ids(line, "products")
    line.feed([say(kinds.Refund, 20, "u", order_id="o1", product_id="pot"), shares(say, 30)])
    assert "pot" in ids(line, "products")
    assert all(why[0] != "goes_with" for why in values(line)[-1]["reasons"])


def test_what_was_ordered_comes_back_after_a_day(line: Line, say: Teller):
    order = {"order_id": "o1", "product_id": "pot", "amount": 9.0}
    line.feed([say(kinds.Order, 10, "u", **order), shares(say, 20), shares(say, 90_000)])
    assert "pot" in ids(line, "products")


def test_a_dismissed_product_or_host_is_left_out_at_once_and_comes_back(line: Line, say: Teller):
    line.feed([shares(say, n) for n in range(10, 20)])
    line.feed([say(kinds.Dismiss, 21, "u", product_id="cup")])
    assert "cup" not in ids(line, "products")
    line.feed([say(kinds.Dismiss, 23, "u", host_id="b"), shares(say, 25)])
    assert "b" not in ids(line, "hosts")
    assert "cup" not in ids(line, "products")
    line.feed([shares(say, 90_000 + n) for n in range(10)])
    assert "cup" in ids(line, "products")
    assert "b" in ids(line, "hosts")


@pytest.mark.parametrize("muted", [{"host_id": "b"}, {"tag": "tea"}])
def test_a_mute_holds_at_once_and_an_unmute_takes_it_back(
    line: Line, say: Teller, muted: dict[str, str]
):
    line.feed([shares(say, 10), say(kinds.Mute, 11, "u", **muted)])
    assert "b" not in ids(line, "hosts")
    assert ids(line, "previews") == []
    if "tag" in muted:
        assert ids(line, "products") == ids(line, "hosts") == []
    line.feed([say(kinds.Unmute, 12, "u", **muted)])
    assert "b" in ids(line, "hosts")
    assert ids(line, "previews") == ["soon"]


def test_what_only_muted_hosts_sell_is_muted_too(line: Line, say: Teller):
    line.feed([shares(say, 10), say(kinds.Mute, 11, "u", host_id="a")])
    assert "pot" not in ids(line, "products")
    assert "cup" in ids(line, "products"), "another host sells it"
    [cup] = [one for one in values(line)[-1]["products"] if one["product_id"] == "cup"]
    assert "room_id" not in cup, "it is on air in a muted host's room"


def test_followed_hosts_leave_the_hosts_and_lead_the_rooms_to_come(line: Line, say: Teller):
    line.feed([planned(say, "silks", "silk", "c", 1_800)])
    line.feed([shares(say, 10), say(kinds.Follow, 12, "u", host_id="c"), shares(say, 13)])
    assert "c" not in ids(line, "hosts")
    assert "silks" in ids(line, "previews")
    assert ["followed_host", "C"] in values(line)[-1]["reasons"]


def test_a_room_reserved_comes_first(line: Line, say: Teller):
    line.feed([planned(say, "oaks", "oak", "x", 7_200)])
    line.feed([say(kinds.Reserve, 10, "u", room_id="oaks"), shares(say, 90)])
    assert ids(line, "previews")[0] == "oaks"
    assert whys(line, "previews") == [["reserved"]]


def test_withdrawn_consent_and_erasure_take_them_away(line: Line, say: Teller):
    line.feed([shares(say, 10)])
    no = kinds.Consent(profiling=False)
    line.feed([say(kinds.User, 11, "u", consent=no), *(shares(say, 12 + n) for n in range(9))])
    assert values(line) == []
    yes = kinds.Consent(profiling=True)
    line.feed([say(kinds.User, 30, "u", consent=yes), shares(say, 31)])
    assert len(values(line)) == 1
    line.feed([say(kinds.Erase, 40, "u")], done=True)
    assert values(line) == []
