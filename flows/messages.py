"""What travels between steps beside rows: each knows how to cross to another process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from events.parcel import Parcel, Wrapped
from features.audience import AudienceRow
from features.catalogue import CatalogueEvent, Entry
from features.example import Example
from features.neighbour_table import NeighbourTable, Packed
from features.room_tables import pack_tables, unpack_tables
from features.rooms import RoomRow, RoomTable, unpack_room_rows
from features.rows import Rows
from features.segment_rows import SegmentRow
from features.segment_table import SegmentTable
from models.factor_table import FactorTable
from models.table import WeightsTable, decode_table, encode_table

_EVENTS = msgspec.msgpack.Decoder(list[tuple[int, int, CatalogueEvent]])
_EXAMPLES = msgspec.msgpack.Decoder(list[Example])
_AUDIENCE_ROWS = msgspec.msgpack.Decoder(list[AudienceRow])
_SEGMENT_ROWS = msgspec.msgpack.Decoder(list[SegmentRow])


class Tick:
    """Something that a shard waited for has come."""

    __slots__ = ("shard",)

    def __init__(self, shard: int) -> None:
        self.shard = shard


class Identified:
    """Rows that came by way of IDENTITY, for one shard."""

    __slots__ = ("rows", "shard")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.shard = rows.shard

    def __reduce__(self) -> tuple[Any, ...]:
        return Identified, (self.rows,)


class Carried(Parcel):
    """Items of one round for shards of one process, which travel there as one."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def wrap(self) -> Wrapped:
        """As bytes, each as it would travel alone."""
        return _unpack_carried, ([item.wrap() for item in self.items],)


def _unpack_carried(wrapped: list[Wrapped]) -> Carried:
    return Carried([make(*parts) for make, parts in wrapped])


class CatalogueUpdate(Parcel):
    """Catalogue events in log order; `complete` says, live, that shards may begin with them."""

    __slots__ = ("complete", "entries")

    def __init__(self, entries: list[Entry], complete: bool = False) -> None:
        self.entries = entries
        self.complete = complete

    def wrap(self) -> Wrapped:
        """As bytes."""
        packed = msgspec.msgpack.encode([(e.seq, e.clock_ms, e.event) for e in self.entries])
        return _unpack_catalogue, (packed, self.complete)


def _unpack_catalogue(packed: bytes, complete: bool) -> CatalogueUpdate:
    return CatalogueUpdate([Entry(*entry) for entry in _EVENTS.decode(packed)], complete)


class RoomRows(Parcel):
    """What names a room in a round, and the log's clock after it; `done`: the log has ended."""

    __slots__ = ("clock_ms", "done", "rows")

    def __init__(self, rows: list[RoomRow], clock_ms: int, done: bool) -> None:
        self.rows = rows
        self.clock_ms = clock_ms
        self.done = done

    def wrap(self) -> Wrapped:
        """As bytes."""
        return _unpack_room_rows, (msgspec.msgpack.encode(self.rows), self.clock_ms, self.done)


def _unpack_room_rows(packed: bytes, clock_ms: int, done: bool) -> RoomRows:
    return RoomRows(unpack_room_rows(packed), clock_ms, done)


class RoomTables(Parcel):
    """Room statistics of some seconds, and the last second that is complete."""

    __slots__ = ("progress_s", "tables")

    def __init__(self, tables: list[RoomTable], progress_s: int) -> None:
        self.tables = tables
        self.progress_s = progress_s

    def wrap(self) -> Wrapped:
        """As bytes."""
        return _unpack_room_tables, (pack_tables(self.tables), self.progress_s)


def _unpack_room_tables(packed: bytes, progress_s: int) -> RoomTables:
    return RoomTables(unpack_tables(packed), progress_s)


class NeighbourRows(Parcel):
    """Who engaged with what in a round, and the log's clock after it; `done`: the log has ended."""

    __slots__ = ("clock_ms", "done", "rows")

    def __init__(self, rows: list[AudienceRow], clock_ms: int, done: bool) -> None:
        self.rows = rows
        self.clock_ms = clock_ms
        self.done = done

    def wrap(self) -> Wrapped:
        """As bytes."""
        packed = msgspec.msgpack.encode(self.rows)
        return _unpack_neighbour_rows, (packed, self.clock_ms, self.done)


def _unpack_neighbour_rows(packed: bytes, clock_ms: int, done: bool) -> NeighbourRows:
    return NeighbourRows(_AUDIENCE_ROWS.decode(packed), clock_ms, done)


class NeighbourTables(Parcel):
    """Neighbours as of some seconds, and the last second that is complete."""

    __slots__ = ("progress_s", "tables")

    def __init__(self, tables: list[NeighbourTable], progress_s: int) -> None:
        self.tables = tables
        self.progress_s = progress_s

    def wrap(self) -> Wrapped:
        """As bytes."""
        return _unpack_neighbour_tables, ([one.pack() for one in self.tables], self.progress_s)


def _unpack_neighbour_tables(packed: list[Packed], progress_s: int) -> NeighbourTables:
    return NeighbourTables([NeighbourTable.unpack(*one) for one in packed], progress_s)


class SegmentRows(Parcel):
    """What users were shown, clicked and said of themselves in a round, and the clock after it."""

    __slots__ = ("clock_ms", "done", "rows")

    def __init__(self, rows: list[SegmentRow], clock_ms: int, done: bool) -> None:
        self.rows = rows
        self.clock_ms = clock_ms
        self.done = done

    def wrap(self) -> Wrapped:
        """As bytes."""
        packed = msgspec.msgpack.encode(self.rows)
        return _unpack_segment_rows, (packed, self.clock_ms, self.done)


def _unpack_segment_rows(packed: bytes, clock_ms: int, done: bool) -> SegmentRows:
    return SegmentRows(_SEGMENT_ROWS.decode(packed), clock_ms, done)


class SegmentTables(Parcel):
    """What segments were shown and clicked as of some seconds, and the last complete second."""

    __slots__ = ("progress_s", "tables")

    def __init__(self, tables: list[SegmentTable], progress_s: int) -> None:
        self.tables = tables
        self.progress_s = progress_s

    def wrap(self) -> Wrapped:
        """As bytes."""
        return _unpack_segment_tables, ([one.pack() for one in self.tables], self.progress_s)


def _unpack_segment_tables(
    packed: list[tuple[int, bytes, bytes, bytes]], progress_s: int
) -> SegmentTables:
    return SegmentTables([SegmentTable.unpack(*one) for one in packed], progress_s)


class Weights(Parcel):
    """Weights with their stamps, the last second that has been learnt, and new factors."""

    __slots__ = ("factors", "progress_s", "tables")

    def __init__(
        self,
        tables: list[tuple[int, WeightsTable]],
        progress_s: int,
        factors: Sequence[FactorTable] = (),
    ) -> None:
        self.tables = tables
        self.progress_s = progress_s
        self.factors = factors

    def wrap(self) -> Wrapped:
        """As bytes."""
        packed = [(stamp_s, encode_table(table)) for stamp_s, table in self.tables]
        return _unpack_weights, (packed, self.progress_s, [one.pack() for one in self.factors])


def _unpack_weights(
    packed: list[tuple[int, bytes]], progress_s: int, factors: list[bytes]
) -> Weights:
    tables = [(stamp_s, decode_table(table)) for stamp_s, table in packed]
    return Weights(tables, progress_s, [FactorTable.unpack(one) for one in factors])


class Learnable(Parcel):
    """A shard's examples, and the last second for which it has given all."""

    __slots__ = ("examples", "progress_s", "shard")

    def __init__(self, shard: int, examples: list[Example], progress_s: int) -> None:
        self.shard = shard
        self.examples = examples
        self.progress_s = progress_s

    def wrap(self) -> Wrapped:
        """As bytes."""
        packed = msgspec.msgpack.encode(self.examples)
        return _unpack_learnable, (self.shard, packed, self.progress_s)


def _unpack_learnable(shard: int, packed: bytes, progress_s: int) -> Learnable:
    return Learnable(shard, _EXAMPLES.decode(packed), progress_s)


class Report:
    """What a step has counted by the end of the log."""

    __slots__ = ("counts", "name")

    def __init__(self, name: str, counts: dict[str, Any]) -> None:
        self.name = name
        self.counts = counts
