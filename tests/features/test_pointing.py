"""A signal points at the tags of what it names, as known at its time and place in the log."""

from __future__ import annotations

from typing import Any

import pytest

from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.pointing import pointed_tags
from tests.line import Teller


@pytest.fixture
def catalogue(say: Teller) -> Catalogue:
    """A room whose product and point change; a host with tags and one without."""
    events = [
        say.room("r1", "live tea", 0),
        say.product("p1", "puer tea", at_s=0),
        say(kinds.Host, 0, host_id="h1", tags=["master"]),
        say(kinds.Host, 0, host_id="h2"),
        say(kinds.OnAir, 100, room_id="r1", product_id="p1", point="aged"),
        say(kinds.OnAir, 200, room_id="r1", product_id=None),
    ]
    made = Catalogue(CatalogueSettings())
    for number, event in enumerate(events):
        made.apply(Entry(number + 1, 0, event))
    return made


@pytest.mark.parametrize(
    ("kind", "at_s", "fields", "tags"),
    [
        (kinds.Click, 50, {"room_id": "r1"}, ["live", "tea"]),
        (kinds.Click, 150, {"room_id": "r1"}, ["live", "tea", "puer", "aged"]),
        (kinds.Click, 250, {"room_id": "r1"}, ["live", "tea"]),
        (kinds.Click, -50, {"room_id": "r1"}, ["live", "tea"]),
        (kinds.CartAdd, 150, {"room_id": "r1", "product_id": "p1"}, ["puer", "tea"]),
        (kinds.CartAdd, 150, {"room_id": "r1", "product_id": "?"}, None),
        (kinds.Click, 150, {"room_id": "?"}, None),
        (kinds.Follow, 50, {"host_id": "h1"}, ["master"]),
        (kinds.Follow, 150, {"host_id": "h1", "room_id": "r1"}, ["live", "tea", "puer", "aged"]),
        (kinds.Follow, 50, {"host_id": "h2"}, []),
        (kinds.Follow, 50, {"host_id": "?"}, None),
        (kinds.Dismiss, 50, {"tag": "never seen"}, ["never seen"]),
        (kinds.Dismiss, 50, {"host_id": "h1"}, ["master"]),
        (kinds.Search, 50, {"query": "aged tea?"}, ["aged", "tea"]),
        (kinds.Search, 50, {"query": "nothing"}, []),
    ],
)
def test_what_a_signal_points_at(
    kind: type,
    at_s: float,
    fields: dict[str, Any],
    tags: list[str] | None,
    catalogue: Catalogue,
    say: Teller,
):
    assert pointed_tags(catalogue, say(kind, at_s, "u1", **fields), 6) == tags


def test_only_what_came_before_in_the_log_is_known(catalogue: Catalogue, say: Teller):
    click = say(kinds.Click, 150, "u1", room_id="r1")
    assert pointed_tags(catalogue, click, 0) is None
    assert pointed_tags(catalogue, click, 4) == ["live", "tea"]
    assert pointed_tags(catalogue, click, 5) == ["live", "tea", "puer", "aged"]
