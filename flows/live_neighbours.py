"""NEIGHBOURS in a live run: engagements of all partitions, stamped by the clock at this step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from features.audience import AudienceRow
from flows.live_messages import RoomArrival
from flows.live_runtime import REPORT_MS, LiveRuntime
from flows.live_state import seal_live, unseal_live
from flows.messages import NeighbourTables
from flows.neighbours_step import NeighboursStep


class LiveNeighboursStep(NeighboursStep):
    """Item-item neighbours over all partitions."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._times = runtime.times(saved.times if saved else None)
        self._held = [RoomArrival(*held) for held in saved.held] if saved else []
        self._told_s = -1
        self._told_ms = 0

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The engagements of some rounds."""
        now_ms, times = self._runtime.now(), self._times
        for value in values:
            times.hear(value.part, value.first_ms, now_ms)
        self._held += values
        if not times.is_started(now_ms):
            return ()
        held, self._held = self._held, []
        rows: list[AudienceRow] = []
        for one in held:
            floor, ceiling = times.take(one.part, one.offset, one.clock_ms, now_ms)
            rows += [
                (code, max(floor, min(ceiling, clock_ms)), at_ms, user, room_id)
                for code, clock_ms, at_ms, user, room_id in one.rows
            ]
        made = list(super().take([(rows, times.clock_ms, False)]))
        made = [one for one in made if not isinstance(one, NeighbourTables) or self._is_news(one)]
        if now_ms - self._told_ms >= REPORT_MS:
            self._told_ms = now_ms
            made.append(self._runtime.tell("neighbours", dict(self._audience.totals())))
        return made

    def _is_news(self, tables: NeighbourTables) -> bool:
        if not tables.tables and tables.progress_s <= self._told_s:
            return False
        self._told_s = tables.progress_s
        return True

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return seal_live(super().pack(), self._times.pack(), [one.pack() for one in self._held])
