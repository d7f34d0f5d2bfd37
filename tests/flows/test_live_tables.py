"""Live, rows of several partitions make the tables that one log of them would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from features.audience import ENGAGED
from features.neighbours import NeighbourSettings
from features.panel import Panel
from features.segment_rows import CLICKED, SHOWN, TOLD, SegmentSettings
from flows.live_messages import RoomArrival
from flows.live_runtime import LiveRuntime
from flows.live_tables import LiveNeighboursStep, LiveSegmentsStep, LiveTablesStep
from flows.messages import NeighbourTables, Report, SegmentTables
from flows.settings import Settings

START_MS = 1_767_225_600_000
SETTINGS = Settings(
    neighbours=NeighbourSettings(on=True, publish_s=10, users=True),
    segments=SegmentSettings(attributes={"city": 0.0}, publish_s=10),
)
PARTS = ["behavior/0", "behavior/1"]
Rows = Callable[[int, int], list[Any]]


def engagements(number: int, at_ms: int) -> list[Any]:
    """One of four users goes from a to b."""
    return [(ENGAGED, at_ms, at_ms, f"u{number % 4}", "ab"[number // 4 % 2])]


def clicks(number: int, at_ms: int) -> list[Any]:
    """One of four users tells of a city, is shown a room and clicks it."""
    user, room_id = f"u{number % 4}", "ab"[number // 4 % 2]
    return [
        (TOLD, at_ms, at_ms, user, (f"city={number % 2}",)),
        (SHOWN, at_ms, at_ms, user, (room_id,)),
        (CLICKED, at_ms, at_ms + 1, user, (room_id,)),
    ]


def arrival(rows: Rows, number: int, at_s: int) -> RoomArrival:
    at_ms = START_MS + at_s * 1000
    return RoomArrival(PARTS[number % 2], number, at_ms, rows(number, at_ms))


def begun(kind: type[LiveTablesStep], state: bytes | None = None) -> LiveTablesStep:
    return kind(LiveRuntime(SETTINGS, PARTS, now=lambda: START_MS + 60_000), state)


def tables(made: Any) -> list[Any]:
    messages = (one for one in made if isinstance(one, NeighbourTables | SegmentTables))
    return [table.pack() for one in messages for table in one.tables]


each = pytest.mark.parametrize(
    ("kind", "rows"), [(LiveNeighboursStep, engagements), (LiveSegmentsStep, clicks)]
)


@each
def test_tables_come_as_the_slowest_partition_goes_on_and_a_restart_changes_nothing(
    kind: type[LiveTablesStep], rows: Rows
):
    straight, resumed = begun(kind), begun(kind)
    expected, found, reports = [], [], 0
    for number in range(24):
        made = list(straight.take([arrival(rows, number, 3 * number)]))
        reports += sum(isinstance(one, Report) for one in made)
        expected += tables(made)
        found += tables(resumed.take([arrival(rows, number, 3 * number)]))
        resumed = begun(kind, resumed.pack())
    assert len(expected) > 3
    assert found == expected
    assert reports > 0
    assert b"u1" in straight.pack()
    assert resumed.notify_at() is not None
    again = list(resumed.resend())
    assert tables(again)
    assert set(tables(again)) <= set(expected)
    if kind is LiveNeighboursStep:
        assert any(len(Panel.unpack(packed[-1]).rows) == 4 for packed in expected)


@each
def test_nothing_is_said_twice(kind: type[LiveTablesStep], rows: Rows):
    step = begun(kind)

    def is_said(*arrivals: RoomArrival) -> bool:
        made = step.take(list(arrivals))
        return any(isinstance(one, NeighbourTables | SegmentTables) for one in made)

    assert is_said(arrival(rows, 0, 0), arrival(rows, 1, 0))
    assert not is_said(arrival(rows, 0, 0))
