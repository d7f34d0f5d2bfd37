"""A host's numbers count for each room that tells none of that name, where this is asked for."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.content import Content, ContentSettings
from tests.line import START_MS, Teller

SLOTS = 3


def random_entries(seed: int, count: int, hosts_tell: bool = True) -> list[Entry]:
    """Hosts and rooms told of in any order, each item's own versions too."""
    dice, say, entries = random.Random(seed), Teller(), []
    for seq in range(1, count + 1):
        at_s, host_id = dice.randrange(20), dice.choice(["h0", "h1", "h2"])
        told: dict[str, Any] = {
            name: dice.choice([1, 2, 2.5, -3, "much", True])
            for name in ("age", "cost", "size", "trust")
            if dice.random() < 0.4
        }
        event: Any = say(kinds.Host, at_s, host_id=host_id, attributes=told if hosts_tell else None)
        if dice.random() < 0.6:
            event = say.room(f"r{dice.randrange(4)}", "", at_s, host_id=host_id, attributes=told)
        entries.append(Entry(seq, START_MS + seq * 1000, event))
    return entries


def content_at(entries: Sequence[Entry], seq: int, of_hosts: bool) -> Content:
    catalogue = Catalogue(CatalogueSettings(attributes=SLOTS, host_attributes=of_hosts))
    for entry in entries:
        catalogue.apply(entry)
    return Content(catalogue, seq, ContentSettings())


def number_of(event: Any, name: str) -> float | None:
    value = ((event.attributes if event else None) or {}).get(name)
    return value if type(value) in (int, float) else None


def naive(entries: Sequence[Entry], seq: int) -> tuple[list[str], dict[str, list[float]]]:
    """By definition: the slots' names, and each room's rank among those that have a number."""
    names: list[str] = []
    newest: dict[tuple[type, str], Any] = {}
    for event in (entry.event for entry in entries if entry.seq <= seq):
        told = [
            name for name in sorted(event.attributes or {}) if number_of(event, name) is not None
        ]
        names += [name for name in told if name not in names]
        is_room = isinstance(event, kinds.Room)
        key = (type(event), event.room_id if is_room else event.host_id)
        if key not in newest or newest[key].event_time_ms <= event.event_time_ms:
            newest[key] = event
    rows: dict[str, list[float]] = {key[1]: [] for key in newest if key[0] is kinds.Room}
    for name in names[:SLOTS]:
        values: dict[str, float] = {}
        for room_id in rows:
            room = newest[kinds.Room, room_id]
            found = number_of(room, name)
            if found is None:
                found = number_of(newest.get((kinds.Host, room.host_id)), name)
            if found is not None:
                values[room_id] = found
        every = sorted(values.values())
        for room_id, row in rows.items():
            rank = 0.0
            if room_id in values:
                own = values[room_id]
                rank = (bisect_left(every, own) + bisect_right(every, own)) / 2 / len(every) - 0.5
            row.append(rank)
    return names[:SLOTS], rows


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 7))
def test_a_rooms_numbers_are_its_own_else_its_hosts(seed: int, seq: int):
    """Whichever is told of first, whatever of them is told anew, and whatever was read since."""
    entries = random_entries(seed, 7)
    names, rows = naive(entries, seq)
    content = content_at(entries, seq, of_hosts=True)
    assert content.attribute_names == names
    assert content.ids == sorted(rows)
    for room_id, row in rows.items():
        assert content.attribute_row(content.number[room_id]) == pytest.approx(row, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 12))
def test_without_numbers_of_hosts_nothing_is_changed(seed: int, seq: int):
    entries = random_entries(seed, 12, hosts_tell=False)
    on, off = (content_at(entries, seq, of_hosts) for of_hosts in (True, False))
    assert on.attribute_names == off.attribute_names
    assert on.attributes.tobytes() == off.attributes.tobytes()


def test_unless_asked_for_hosts_name_no_slot_and_fill_none(say: Teller):
    events = [
        say(kinds.Host, 0, host_id="h", attributes={"trust": 1, "size": 3}),
        say.room("a", host_id="h", attributes={"size": 2}),
        say.room("b", host_id="h"),
    ]
    entries = [Entry(seq, seq, event) for seq, event in enumerate(events, 1)]
    off, on = (content_at(entries, 3, of_hosts) for of_hosts in (False, True))
    assert (off.attribute_names, off.attribute_row(1)) == (["size"], [0.0])
    assert (on.attribute_names, on.attribute_row(1)) == (["size", "trust"], [0.25, 0.0])
