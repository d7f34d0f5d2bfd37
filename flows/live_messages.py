"""What a live run's partitions say: each round, where it is from, and how far that is."""

from __future__ import annotations

from typing import Any

import msgspec

from events.letters import DeadLetter
from events.parcel import Parcel, Wrapped
from features.catalogue import CatalogueEvent
from features.collect import Split
from features.rows import Row, Rows, unpack_rows
from flows.messages import Carried, Report

_EVENTS = msgspec.msgpack.Decoder(list[CatalogueEvent])
_ROUND = msgspec.msgpack.Decoder(tuple[str, int, int, list[tuple[int, list[Row]]], list[int]])


class PartRound:
    """One round of a partition. `offset` is the last one that it, or a round before it, holds.

    `tick`: to be told to all shards, rows or not. `complete`: of a partition of the catalogue,
    that it has been read to its end.
    """

    __slots__ = ("clock_ms", "complete", "letters", "offset", "part", "report", "split", "tick")

    def __init__(
        self, part: str, offset: int, clock_ms: int, split: Split, tick: bool, complete: bool
    ) -> None:
        self.part = part
        self.offset = offset
        self.clock_ms = clock_ms
        self.split = split
        self.tick = tick
        self.complete = complete
        self.letters: list[DeadLetter] = []
        self.report: Report | None = None

    @property
    def tells(self) -> bool:
        """Whether those who get no rows are to hear of it: not before there is a time to tell."""
        return self.tick and self.clock_ms > 0


class Arrival(Parcel):
    """Rows of one shard, or of IDENTITY, in a round of a partition: stamped where they arrive."""

    __slots__ = ("clock_ms", "offset", "part", "rows", "shard")

    def __init__(self, part: str, offset: int, clock_ms: int, rows: Rows) -> None:
        self.part = part
        self.offset = offset
        self.clock_ms = clock_ms
        self.rows = rows
        self.shard = rows.shard

    @property
    def first_ms(self) -> int:
        """The partition's time as of the first row, or of the whole where there is none."""
        return self.rows.rows[0][4] if self.rows.rows else self.clock_ms

    def pack(self) -> tuple[str, int, int, bytes]:
        """As plain values, for another process or a snapshot."""
        return self.part, self.offset, self.clock_ms, self.rows.pack()

    def wrap(self) -> Wrapped:
        """As bytes."""
        return unpack_arrival, self.pack()


def unpack_arrival(part: str, offset: int, clock_ms: int, rows: bytes) -> Arrival:
    """The arrival of `Arrival.pack`."""
    return Arrival(part, offset, clock_ms, unpack_rows(rows))


class CarriedRound(Carried):
    """The arrivals of one round of a partition for the shards of one process."""

    __slots__ = ()

    def wrap(self) -> Wrapped:
        """As bytes, all at once; of shards without rows their numbers alone."""
        first: Arrival = self.items[0]
        full = [(one.shard, one.rows.rows) for one in self.items if one.rows.rows]
        empty = [one.shard for one in self.items if not one.rows.rows]
        packed = msgspec.msgpack.encode((first.part, first.offset, first.clock_ms, full, empty))
        return _unpack_round, (packed,)


def _unpack_round(packed: bytes) -> CarriedRound:
    part, offset, clock_ms, full, empty = _ROUND.decode(packed)
    items = []
    for shard, some in (*full, *((shard, []) for shard in empty)):
        rows = Rows(shard, 0, clock_ms, 0)
        rows.rows = some
        items.append(Arrival(part, offset, clock_ms, rows))
    return CarriedRound(items)


class RoomArrival(Parcel):
    """The rows for ROOMS, or for NEIGHBOURS, in a round of a partition: clocks are second."""

    __slots__ = ("clock_ms", "offset", "part", "rows")

    def __init__(self, part: str, offset: int, clock_ms: int, rows: list[Any]) -> None:
        self.part = part
        self.offset = offset
        self.clock_ms = clock_ms
        self.rows = rows

    @property
    def first_ms(self) -> int:
        """The partition's time as of the first row, or of the whole where there is none."""
        first_ms: int = self.rows[0][1] if self.rows else self.clock_ms
        return first_ms

    def pack(self) -> tuple[str, int, int, list[Any]]:
        """As plain values, for a snapshot."""
        return self.part, self.offset, self.clock_ms, self.rows

    def wrap(self) -> Wrapped:
        """As plain values, of which it has no better bytes."""
        return RoomArrival, self.pack()


class CatalogueArrival(Parcel):
    """The catalogue events in a round of a partition, not numbered yet."""

    __slots__ = ("clock_ms", "complete", "events", "offset", "part")

    def __init__(
        self, part: str, offset: int, clock_ms: int, events: list[CatalogueEvent], complete: bool
    ) -> None:
        self.part = part
        self.offset = offset
        self.clock_ms = clock_ms
        self.events = events
        self.complete = complete

    def wrap(self) -> Wrapped:
        """As bytes."""
        packed = msgspec.msgpack.encode(self.events)
        return _unpack_catalogue, (self.part, self.offset, self.clock_ms, packed, self.complete)


def _unpack_catalogue(
    part: str, offset: int, clock_ms: int, packed: bytes, complete: bool
) -> CatalogueArrival:
    return CatalogueArrival(part, offset, clock_ms, _EVENTS.decode(packed), complete)
