"""SEGMENTS in a live run: rows of all partitions, stamped by the clock at this step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flows.live_arrivals import Arrivals, Every, News, stamped_plain
from flows.live_messages import RoomArrival
from flows.live_runtime import REPORT_MS, LiveRuntime
from flows.live_state import unseal_live
from flows.messages import SegmentRows
from flows.segments_step import SegmentsStep


class LiveSegmentsStep(SegmentsStep):
    """Counts of segments over all partitions."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(runtime, inner)
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
        made = super().take([SegmentRows(rows, arrivals.times.clock_ms, False)])
        made = [one for one in made if self._news.is_new(one)]
        if self._reports.is_due(now_ms):
            made.append(self._runtime.tell(self.NAME, self.totals()))
        return made

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return self._arrivals.seal(super().pack())
