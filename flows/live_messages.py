"""What a live run's partitions say: each round, where it is from, and how far that is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from events.letters import DeadLetter
from events.parcel import Parcel, Wrapped
from features.catalogue import CatalogueEvent
from features.collect import Split
from features.rows import Row, Rows, unpack_rows
from flows.messages import Carried, Report

_EVENTS = msgspec.msgpack.Decoder(list[CatalogueEvent])

Heard = tuple[str, int, int]
"""A partition, the last offset that it has given out, and its time."""

_ROUND = msgspec.msgpack.Decoder(
    tuple[Heard, list[tuple[int, list[Row]]], list[int], list[int], list[Heard]]
)
_NOWHERE: Heard = ("", -1, 0)


class PartRound:
    """One round of a partition. `offset` is the last one that it, or a round before it, holds.

    `tick`: the steps that are one for all shards are to be told of it, rows or not; `is_first`:
    the first with a time, of which all shards are told; `words` are for single ones. `complete`:
    of a partition of the catalogue, that it has been read to its end.
    """

    __slots__ = (
        "clock_ms",
        "complete",
        "is_first",
        "letters",
        "offset",
        "part",
        "report",
        "split",
        "tick",
        "words",
    )

    def __init__(
        self, part: str, offset: int, clock_ms: int, split: Split, tick: bool, complete: bool
    ) -> None:
        self.part = part
        self.offset = offset
        self.clock_ms = clock_ms
        self.split = split
        self.tick = tick
        self.complete = complete
        self.is_first = False
        self.words: list[Word] = []
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


class Word(Parcel):
    """For one shard: how far each partition of a process was, behind all rows that it gave out."""

    __slots__ = ("heard", "shard")

    def __init__(self, shard: int, heard: list[Heard]) -> None:
        self.shard = shard
        self.heard = heard

    def arrivals(self) -> Iterator[Arrival]:
        """The same, as rounds of partitions that have no rows."""
        none = Rows(self.shard, 0, 0, 0)
        for part, offset, clock_ms in self.heard:
            yield Arrival(part, offset, clock_ms, none)

    def wrap(self) -> Wrapped:
        """As plain values, of which it has no better bytes."""
        return Word, (self.shard, self.heard)


class CarriedRound(Carried):
    """What one round of a partition has for the shards of one process: arrivals, then words."""

    __slots__ = ()

    def wrap(self) -> Wrapped:
        """As bytes, all at once; of shards without rows their numbers alone."""
        arrivals = [one for one in self.items if isinstance(one, Arrival)]
        words = [one for one in self.items if isinstance(one, Word)]
        packed = msgspec.msgpack.encode(
            (
                _heard(arrivals[0]) if arrivals else _NOWHERE,
                [(one.shard, one.rows.rows) for one in arrivals if one.rows.rows],
                [one.shard for one in arrivals if not one.rows.rows],
                [one.shard for one in words],
                words[0].heard if words else [],
            )
        )
        return _unpack_round, (packed,)


def _heard(one: Arrival) -> Heard:
    return one.part, one.offset, one.clock_ms


def _unpack_round(packed: bytes) -> CarriedRound:
    (part, offset, clock_ms), full, empty, told, heard = _ROUND.decode(packed)
    items: list[Arrival | Word] = []
    for shard, some in (*full, *((shard, []) for shard in empty)):
        rows = Rows(shard, 0, clock_ms, 0)
        rows.rows = some
        items.append(Arrival(part, offset, clock_ms, rows))
    return CarriedRound([*items, *(Word(shard, heard) for shard in told)])


class RoomArrival(Parcel):
    """The rows for ROOMS, NEIGHBOURS or SEGMENTS in a round of a partition: clocks are second."""

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
