"""What comes to a live step: it waits for the step's clock, and is stamped with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, Protocol, TypeVar

from features.rows import Rows
from flows.live_clock import PartTimes
from flows.live_messages import Arrival, RoomArrival
from flows.live_runtime import LiveRuntime
from flows.live_state import LiveState, seal_live
from flows.messages import NeighbourTables, RoomTables, SegmentTables


class FromPart(Protocol):
    """Rows of a partition, and how far it is."""

    part: str
    offset: int
    clock_ms: int

    @property
    def first_ms(self) -> int:
        """The partition's time as of the first row."""

    def pack(self) -> tuple[Any, ...]:
        """As plain values."""


A = TypeVar("A", bound=FromPart)


class Arrivals(Generic[A]):
    """A step's view of the partitions' times, and what waits until the clock can be told."""

    def __init__(
        self, runtime: LiveRuntime, saved: LiveState | None, unpack: Callable[..., A]
    ) -> None:
        self._held = [unpack(*held) for held in saved.held] if saved else []
        self.times = runtime.times(saved.times if saved else None)

    def hear(self, values: Iterable[A], now_ms: int) -> bool:
        """Take what has come; whether it can be worked on."""
        for value in values:
            self.times.hear(value.part, value.first_ms, now_ms)
            self._held.append(value)
        return self.times.is_started(now_ms)

    def release(self) -> list[A]:
        """All that waited, in the order in which it came."""
        held, self._held = self._held, []
        return held

    def seal(self, inner: bytes, before: Iterable[A] = ()) -> bytes:
        """A step's own state, the clock, and what waits; `before`: what waits elsewhere for it."""
        held = [one.pack() for one in (*before, *self._held)]
        return seal_live(inner, self.times.pack(), held)


class Every:
    """Says when it is time again."""

    def __init__(self, every_ms: int) -> None:
        self._every_ms = every_ms
        self._last_ms = 0

    def is_due(self, now_ms: int) -> bool:
        """Whether it is so long ago that this was last true."""
        if now_ms - self._last_ms < self._every_ms:
            return False
        self._last_ms = now_ms
        return True


class News:
    """Tells which messages of tables say something new."""

    def __init__(self) -> None:
        self._told_s = -1

    def is_new(self, message: RoomTables | NeighbourTables | SegmentTables) -> bool:
        """Whether it has tables, or comes further than the one before."""
        if not message.tables and message.progress_s <= self._told_s:
            return False
        self._told_s = message.progress_s
        return True


def stamped(arrival: Arrival, times: PartTimes, now_ms: int, seq: int) -> Rows:
    """The rows of an arrival, each with the clock here as of it, and a place in the catalogue."""
    rows = arrival.rows
    low, high = times.take(arrival.part, arrival.offset, arrival.clock_ms, now_ms)
    made = Rows(rows.shard, rows.round, times.clock_ms, seq)
    made.rows = [
        (event, person, number, key, low if ms < low else high if ms > high else ms, seq)
        for event, person, number, key, ms, _ in rows.rows
    ]
    return made


def stamped_plain(arrivals: Iterable[RoomArrival], times: PartTimes, now_ms: int) -> list[Any]:
    """The rows of arrivals together, each with the clock here as of it."""
    rows: list[Any] = []
    for one in arrivals:
        low, high = times.take(one.part, one.offset, one.clock_ms, now_ms)
        rows += [
            row if low <= row[1] <= high else (row[0], low if row[1] < low else high, *row[2:])
            for row in one.rows
        ]
    return rows
