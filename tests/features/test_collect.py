"""COLLECT: every row of a round reaches those who need it, once, whatever the cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from events.hashing import hash64, shard_of
from features.collect import Split, Splitter
from features.rooms import CLICK, ENTER, IMPRESSION, LEAVE, ORDER, SIGNAL
from features.rows import unpack_rows
from features.strengths import StrengthSettings
from tests.line import START_MS, Teller
from tests.small_world import SmallWorld

SHARDS = 5
CATALOGUE = (kinds.Room, kinds.Host, kinds.Product, kinds.OnAir)


def split(events: list[Any], cuts: Sequence[int] = ()) -> list[Split]:
    splitter, seq, parts = Splitter(SHARDS, StrengthSettings()), 0, []
    clocks = [START_MS + number for number in range(len(events))]
    for place, (begin, end) in enumerate(zip([0, *cuts], [*cuts, len(events)], strict=True)):
        numbers = list(range(begin, end))
        clock_ms = clocks[end - 1] if end else 0
        part, seq = splitter.split(
            *(place, seq, events[begin:end], clocks[begin:end], numbers, clock_ms),
            end == len(events),
        )
        parts.append(part)
    return parts


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 50), max_size=4).map(sorted))
def test_each_row_goes_to_one_place_and_no_cut_changes_it(seed: int, cuts: list[int]):
    events = SmallWorld(Teller(), seed).log(50)
    parts = split(events, cuts)
    rows = [row for part in parts for shard in part.shards for row in shard.rows]
    unnamed = [row for part in parts for row in part.identity.rows]
    entries = [entry for part in parts for entry in part.catalogue]
    told = [number for number, event in enumerate(events) if isinstance(event, CATALOGUE)]
    assert [entry.clock_ms - START_MS for entry in entries] == told
    assert sorted([*(row[2] for row in rows + unnamed), *told]) == list(range(len(events)))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    for part in parts:
        for shard in part.shards:
            assert shard.seq == part.identity.seq
            assert shard.identity == (bool(part.identity.rows) or part.done)
            assert all(shard_of(row[1], SHARDS) == shard.shard for row in shard.rows)
    for event, person, number, key, clock_ms, seq in rows + unnamed:
        assert event is events[number]
        assert key == hash64(event.event_id)
        assert clock_ms == START_MS + number
        assert seq == sum(entry.clock_ms - START_MS < number for entry in entries)
        assert person == kinds.person_of(event)
    whole = split(events)[0]
    assert [row for part in parts for row in part.rooms] == whole.rooms


def test_what_goes_by_way_of_identity(say: Teller):
    by_device = say(kinds.Click, 0, device_id="d1", room_id="r1")
    link = say(kinds.IdentityLink, 0, "u1", device_id="d1")
    erase = say(kinds.Erase, 0, "u1")
    both = say(kinds.Click, 0, "u1", device_id="d1", room_id="r1")
    record = say(kinds.User, 0, "u1")
    [part] = split([by_device, link, erase, both, record])
    assert [row[0] for row in part.identity.rows] == [by_device, link, erase]
    assert [row[1] for row in part.identity.rows] == ["device:d1", "u1", "u1"]
    assert [row[0] for shard in part.shards for row in shard.rows] == [both, record]


def test_what_rooms_hear(say: Teller):
    room = {"room_id": "r1"}
    events = [
        say.shown(0, "u1", "q1", "r1")[0],
        say(kinds.Click, 1, "u1", **room),
        say(kinds.Click, 1, "u1", product_id="p1"),
        say(kinds.Enter, 2, device_id="d1", **room),
        say(kinds.Dwell, 3, "u1", dwell_ms=900, left=True, **room),
        say(kinds.Dwell, 4, "u1", dwell_ms=900, left=True, visit_ms=9_000, **room),
        say(kinds.Order, 5, "u1", order_id="o1", product_id="p1", amount=5.0, **room),
        say(kinds.Gift, 6, "u1", amount=5.0, **room),
        say(kinds.Speed, 7, "u1", rate=2.0, **room),
        say(kinds.Follow, 8, "u1", host_id="h1"),
    ]
    [part] = split(events)
    assert [row[2:] for row in part.rooms] == [
        (START_MS, "r1", IMPRESSION, 0),
        (START_MS + 1_000, "r1", CLICK, 1_000),
        (START_MS + 2_000, "r1", ENTER, 0),
        (START_MS + 3_000, "r1", LEAVE, -1_000),
        (START_MS + 4_000, "r1", SIGNAL, 30),
        (START_MS + 5_000, "r1", ORDER, 6_000),
        (START_MS + 6_000, "r1", SIGNAL, 4_000),
    ]


def test_rows_cross_a_process():
    events = SmallWorld(Teller(), 3).log(60)
    [part] = split(events)
    for rows in [*part.shards, part.identity]:
        again = unpack_rows(rows.pack())
        assert again.rows == rows.rows
        assert again.pack() == rows.pack()
        names = ("shard", "round", "clock_ms", "seq", "identity", "done")
        assert [getattr(again, name) for name in names] == [getattr(rows, name) for name in names]
