"""NEIGHBOURS as a step of the engine: who liked this also liked that, published as tables."""

from __future__ import annotations

import msgspec

from features.audience import Audience
from features.neighbour_table import NeighbourTable, Packed
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
        panels = saved.panels or [b""] * len(saved.tables)
        tables = [
            NeighbourTable.unpack(*table, panel)
            for table, panel in zip(saved.tables, panels, strict=True)
        ]
        super().__init__(runtime, self._audience, tables, saved.done)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        return self._audience.totals()

    def pack(self) -> bytes:
        """State and recent tables."""
        packed: list[Packed] = self._packed()
        tables, panels = [table[:-1] for table in packed], [table[-1] for table in packed]
        return msgspec.msgpack.encode(_State(self._audience.snapshot(), tables, self._done, panels))


class _State(msgspec.Struct, array_like=True):
    audience: bytes
    tables: list[tuple[int, bytes, bytes, bytes]]
    done: bool
    panels: list[bytes] = []
    """Of the tables; earlier there were none."""


_STATE = msgspec.msgpack.Decoder(_State)
