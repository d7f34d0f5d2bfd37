"""What one process of a live run shares among its steps, beyond what every run shares."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from events.kinds import FAMILIES
from events.pseudonyms import Pseudonyms
from flows.live_clock import PartTimes
from flows.runtime import Runtime
from flows.settings import Settings
from sinks.counters import Counters

CATALOGUE = "catalog"
assert CATALOGUE in FAMILIES

REPORT_MS = 1_000
"""How often a step says what it has counted."""

SLATE_GRACE_MS = 2_000
_PHASE_MS = 397
"""Has no divisor in common with what it is used for, so that phases lie apart."""

WallClock = Callable[[], int]
"""UTC epoch milliseconds."""


def wall_ms() -> int:
    """The machine's clock."""
    return time.time_ns() // 1_000_000


class LiveRuntime(Runtime):
    """`parts` are all partitions of the run, `TOPIC/NUMBER`, in whatever process they are read."""

    def __init__(
        self,
        settings: Settings,
        parts: Sequence[str],
        workers: int = 1,
        process: int = 0,
        recovery: str | None = None,
        now: WallClock = wall_ms,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        super().__init__(settings, True, workers, process, recovery, pseudonyms=pseudonyms)
        catalogue = f"{settings.kafka.topic_prefix}{CATALOGUE}"
        self.parts = tuple(parts)
        self.catalogue_parts = tuple(p for p in parts if p.rpartition("/")[0] == catalogue)
        self.event_parts = tuple(p for p in parts if p not in self.catalogue_parts)
        self.catalogue_ready = not self.catalogue_parts
        self.started = not self.event_parts
        """Whether the shards here know the time of all partitions, so that rows may come."""
        self.now = now
        if not settings.flow.tables_frozen:
            self.observe = dataclasses.replace(self.observe, slate_grace_ms=SLATE_GRACE_MS)
        self.counters = Counters()
        self.process = process
        self.speaker = min(self.own, default=-1)
        """The shard that reports for the whole process."""

    def turn(self, now_ms: int, every_ms: int, number: int) -> int:
        """Changes every so often, for each number at moments of its own.

        What all shards or partitions did at once would hold up whatever came just then.
        """
        return (now_ms + number * _PHASE_MS) // every_ms

    def unready(self) -> str:
        """Why the process does not deliver yet, or just now; empty where it does."""
        if self.counters.away:
            return "Redis cannot be written"
        return "" if self.catalogue_ready else "the catalogue is not known yet"

    def times(self, packed: bytes | None = None) -> PartTimes:
        """A step's view of the partitions' times."""
        start_ms = round(self.settings.kafka.start_s * 1000)
        return PartTimes(self.event_parts, start_ms, packed)
