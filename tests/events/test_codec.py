"""Packed events: the round trip, and bytes of another layout or damaged ones."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import LAYOUT, pack_events, unpack_events
from events.errors import StateError
from events.kinds import Comment, Event, Product

T = 1_760_000_000_000


@pytest.fixture
def events(examples_by_kind: dict[str, dict[str, Any]]) -> list[Event]:
    return [msgspec.convert(example, Event) for example in examples_by_kind.values()]


def test_every_kind_comes_back(events: list[Event]) -> None:
    assert unpack_events(pack_events(events)) == events
    assert unpack_events(pack_events([])) == []


@given(
    text=st.text(),
    time_ms=st.integers(946_684_800_000, 4_133_980_799_999),
    price=st.floats(0, 1e12),
    values=st.dictionaries(
        st.text(),
        st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.lists(st.text()),
    ),
)
def test_any_values_come_back(
    text: str, time_ms: int, price: float, values: dict[str, float | str | list[str]]
) -> None:
    events: list[Event] = [
        Comment(event_id="e", event_time_ms=time_ms, user_id="u", room_id="r", text=text),
        Product(
            event_id="f",
            event_time_ms=time_ms,
            product_id="p",
            title=text,
            tags=[],
            price=price,
            category=text,
            attributes=values,
        ),
    ]
    assert unpack_events(pack_events(events)) == events


def test_same_events_same_bytes(events: list[Event]) -> None:
    assert pack_events(events) == pack_events(unpack_events(pack_events(events)))


def test_other_layouts_and_damaged_bytes_say_what_to_do(events: list[Event]) -> None:
    data = pack_events(events)
    for other in (b"", bytes((LAYOUT + 1,)) + data[1:]):
        with pytest.raises(StateError, match="layout"):
            unpack_events(other)
    for damaged in (data[:1], data[:-1], data[:1] + b"\xff" + data[2:]):
        with pytest.raises(StateError, match="damaged"):
            unpack_events(damaged)
