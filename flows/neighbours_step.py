"""NEIGHBOURS as a step of the engine: who liked this also liked that, published as tables."""

from __future__ import annotations

import msgspec

from features.audience import Audience
from features.neighbour_table import NeighbourTable
from flows.messages import NeighbourTables
from flows.runtime import Runtime
from flows.tables_step import TablesStep


class NeighboursStep(TablesStep):
    """One key: item-item neighbours, published at most once a period of event time."""

    NAME = "neighbours"
    MESSAGE = NeighbourTables

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        settings = runtime.settings
        self._audience = Audience(settings.neighbours, settings.flow.lateness_ms)
        if state is None:
            super().__init__(runtime, self._audience)
            return
        saved = _STATE.decode(state)
        self._audience.restore(saved.audience)
        tables = [NeighbourTable.unpack(*table) for table in saved.tables]
        super().__init__(runtime, self._audience, tables, saved.done)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        return self._audience.totals()

    def pack(self) -> bytes:
        """State and recent tables."""
        state = _State(self._audience.snapshot(), self._packed(), self._done)
        return msgspec.msgpack.encode(state)


class _State(msgspec.Struct, array_like=True):
    audience: bytes
    tables: list[tuple[int, bytes, bytes, bytes]]
    done: bool


_STATE = msgspec.msgpack.Decoder(_State)
