"""Live, engagements of several partitions make the tables that one log of them would."""

from __future__ import annotations

from typing import Any

from features.audience import ENGAGED
from features.neighbours import NeighbourSettings
from features.panel import Panel
from flows.live_messages import RoomArrival
from flows.live_neighbours import LiveNeighboursStep
from flows.live_runtime import LiveRuntime
from flows.messages import NeighbourTables, Report
from flows.settings import Settings

START_MS = 1_767_225_600_000
SETTINGS = Settings(neighbours=NeighbourSettings(on=True, publish_s=10, users=True))
PARTS = ["behavior/0", "behavior/1"]


def arrival(number: int, at_s: int) -> RoomArrival:
    """One of four users goes from a to b, in a partition."""
    at_ms = START_MS + at_s * 1000
    user, room_id = f"u{number % 4}", "ab"[number // 4 % 2]
    rows = [(ENGAGED, at_ms, at_ms, user, room_id)]
    return RoomArrival(PARTS[number % 2], number, at_ms, rows)


def begun(state: bytes | None = None) -> tuple[LiveNeighboursStep, list[int]]:
    now_ms = [START_MS + 60_000]
    runtime = LiveRuntime(SETTINGS, PARTS, now=lambda: now_ms[0])
    return LiveNeighboursStep(runtime, state), now_ms


def tables(made: Any) -> list[Any]:
    found = [table for one in made if isinstance(one, NeighbourTables) for table in one.tables]
    return [table.pack() for table in found]


def test_tables_come_as_the_slowest_partition_goes_on_and_a_restart_changes_nothing():
    straight, _ = begun()
    resumed, _ = begun()
    expected, found, reports = [], [], 0
    for number in range(24):
        made = list(straight.take([arrival(number, 3 * number)]))
        reports += sum(isinstance(one, Report) for one in made)
        expected += tables(made)
        found += tables(resumed.take([arrival(number, 3 * number)]))
        resumed, _ = begun(resumed.pack())
    assert len(expected) > 3
    assert any(len(Panel.unpack(packed[-1]).rows) == 4 for packed in expected)
    assert found == expected
    assert reports > 0
    assert b"u1" in straight.pack()
    again = list(resumed.resend())
    assert tables(again)
    assert set(tables(again)) <= set(expected)


def test_nothing_is_said_twice():
    step, _ = begun()
    first = [arrival(0, 0), arrival(1, 0)]
    assert any(isinstance(one, NeighbourTables) for one in step.take(first))
    assert not any(isinstance(one, NeighbourTables) for one in step.take([arrival(0, 0)]))
