"""NEIGHBOURS and SEGMENTS in a live run: rows of all partitions, stamped by the clock there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from flows.live_arrivals import Arrivals, Every, News, stamped_plain
from flows.live_messages import RoomArrival
from flows.live_runtime import REPORT_MS, LiveRuntime
from flows.live_state import unseal_live
from flows.messages import NeighbourRows, SegmentRows
from flows.neighbours_step import NeighboursStep
from flows.segments_step import SegmentsStep
from flows.step import Step


class LiveTablesStep(Step):
    """A step that publishes tables of a log's rows, given those of all partitions."""

    STEP: ClassVar[type[NeighboursStep | SegmentsStep]]
    ROWS: ClassVar[type[NeighbourRows | SegmentRows]]

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(inner is not None, runtime.recovers)
        self._step = self.STEP(runtime, inner)
        self._runtime = runtime
        self._arrivals = Arrivals(runtime, saved, RoomArrival)
        self._news = News()
        self._reports = Every(REPORT_MS)

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The rows of some rounds."""
        now_ms, arrivals = self._runtime.now(), self._arrivals
        if not arrivals.hear(values, now_ms):
            return ()
        rows = stamped_plain(arrivals.release(), arrivals.times, now_ms)
        tables = self._step.take([self.ROWS(rows, arrivals.times.clock_ms, False)])
        made = [one for one in tables if self._news.is_new(one)]
        if self._reports.is_due(now_ms):
            made.append(self._runtime.tell(self._step.NAME, self._step.totals()))
        return made

    def resend(self) -> Iterable[Any]:
        """The tables that may still be used."""
        return self._step.resend()

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return self._arrivals.seal(self._step.pack())


class LiveNeighboursStep(LiveTablesStep):
    """Who engaged with what, over all partitions."""

    STEP = NeighboursStep
    ROWS = NeighbourRows


class LiveSegmentsStep(LiveTablesStep):
    """What kinds of users are shown and click, over all partitions."""

    STEP = SegmentsStep
    ROWS = SegmentRows
