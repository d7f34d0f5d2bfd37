"""ROOMS as a step of the engine: room statistics, published second by second."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from features.rooms import RoomStats, RoomTable
from flows.messages import RoomRows, RoomTables
from flows.runtime import Runtime
from flows.tables_step import TablesStep


class RoomsStep(TablesStep):
    """One key: room statistics, published for each second of event time that had any."""

    NAME = "rooms"
    MESSAGE = RoomTables

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        settings = runtime.settings
        saved = _STATE.decode(state) if state is not None else None
        self._store = runtime.stores.rooms if runtime.stores is not None else None
        shelves = None
        if self._store is not None:
            begun = (saved.place, saved.changes) if saved is not None else ()
            shelves = self._store.shelves(0, *begun)
        self._stats = RoomStats(settings.rooms, settings.flow.lateness_ms, shelves)
        if self._store is not None:
            self._store.enter(0, self._stats)
        if saved is None:
            super().__init__(runtime, self._stats)
            return
        self._stats.restore(saved.stats)
        tables = [RoomTable.unpack(*table) for table in saved.tables]
        super().__init__(runtime, self._stats, tables, saved.done)

    def take(self, values: list[RoomRows]) -> Iterable[Any]:
        """The room rows of some rounds."""
        if self._store is not None:
            self._store.change()
        return super().take(values)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        stats = self._stats
        return {
            "late_room_rows": stats.late,
            "repeated_room_rows": stats.duplicates,
            "dropped_rooms": stats.dropped,
        }

    def pack(self) -> bytes:
        """State and recent tables, and the checkpoint that has the rest of it."""
        place, changes = "", b""
        if self._store is not None:
            place, changes = self._store.place(0), self._store.changes(0)
        state = _State(self._stats.snapshot(), self._packed(), self._done, place, changes)
        return msgspec.msgpack.encode(state)


class _State(msgspec.Struct, array_like=True):
    stats: bytes
    tables: list[tuple[int, bytes, bytes]]
    done: bool
    place: str = ""
    changes: bytes = b""


_STATE = msgspec.msgpack.Decoder(_State)
