"""The kinds of event: complete, named as in the contract, each in one family."""

from __future__ import annotations

import typing
from typing import Any

import msgspec
import pytest

from events import kinds
from events.kinds import FAMILIES, FAMILY_OF, KIND_OF, KINDS, Click, Enter, person_of

T = 1_760_000_000_000


def test_union_holds_every_kind() -> None:
    assert set(typing.get_args(kinds.Event)) == set(KINDS.values())
    assert list(KINDS.values()) == list(KIND_OF)
    assert sorted(kind for family in FAMILIES.values() for kind in family) == sorted(KINDS)
    assert list(FAMILY_OF) == list(KINDS)


def test_families_are_those_of_the_contract() -> None:
    assert list(FAMILIES) == [
        *("impressions", "clicks", "dwell", "likes", "comments", "interactions"),
        *("commerce", "reach", "catalog", "users"),
    ]
    assert FAMILIES["dwell"] == ("enter", "dwell")
    assert FAMILIES["catalog"] == ("host", "room", "product", "on_air")


def test_examples_are_of_every_kind(examples_by_kind: dict[str, dict[str, Any]]) -> None:
    assert list(examples_by_kind) == list(KINDS)
    for kind, example in examples_by_kind.items():
        event = msgspec.convert(example, kinds.Event)
        assert type(event) is KINDS[kind]
        again = msgspec.json.decode(msgspec.json.encode(event))
        assert again == example


@pytest.mark.parametrize(
    ("given", "person"),
    [
        ({"user_id": "u", "device_id": "d", "platform": "p", "nickname": "n"}, "u"),
        ({"device_id": "d", "platform": "p", "nickname": "n"}, "device:d"),
        ({"platform": "p", "nickname": "n"}, "nick:p/n"),
        ({"platform": "p"}, None),
    ],
)
def test_user_id_wins_then_device_then_nickname(given: dict[str, str], person: str | None) -> None:
    assert person_of(Enter(event_id="e", event_time_ms=T, room_id="r", **given)) == person


def test_catalogue_events_are_nobodys(examples_by_kind: dict[str, dict[str, Any]]) -> None:
    for kind, example in examples_by_kind.items():
        event = msgspec.convert(example, kinds.Event)
        expected = None if FAMILY_OF[kind] == "catalog" else "u-1"
        assert person_of(event) == expected


def test_absent_fields_are_not_written() -> None:
    event = Click(event_id="e", event_time_ms=T, user_id="u", room_id="r")
    assert msgspec.json.decode(msgspec.json.encode(event)) == {
        "kind": "click",
        "event_id": "e",
        "event_time_ms": T,
        "user_id": "u",
        "room_id": "r",
    }
