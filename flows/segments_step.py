"""SEGMENTS as a step of the engine: what kinds of users are shown and click, as tables."""

from __future__ import annotations

import msgspec

from features.segment_table import SegmentTable
from features.segments import Segments
from flows.messages import SegmentTables
from flows.runtime import Runtime
from flows.tables_step import TablesStep


class SegmentsStep(TablesStep):
    """One key: counts of segments, published at most once a period of event time."""

    NAME = "segments"
    MESSAGE = SegmentTables

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        settings = runtime.settings
        self._segments = Segments(settings.segments, settings.flow.lateness_ms)
        if state is None:
            super().__init__(runtime, self._segments)
            return
        saved = _STATE.decode(state)
        self._segments.restore(saved.segments)
        tables = [SegmentTable.unpack(*table) for table in saved.tables]
        super().__init__(runtime, self._segments, tables, saved.done)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        return self._segments.totals()

    def pack(self) -> bytes:
        """State and recent tables."""
        state = _State(self._segments.snapshot(), self._packed(), self._done)
        return msgspec.msgpack.encode(state)


class _State(msgspec.Struct, array_like=True):
    segments: bytes
    tables: list[tuple[int, bytes, bytes, bytes]]
    done: bool


_STATE = msgspec.msgpack.Decoder(_State)
