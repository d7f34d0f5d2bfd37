"""Recorded logs as the engine's source: one partition, read as fast as the flow can take it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from events.collect import Collector
from events.errors import StateError
from events.stream import CollectSettings
from features.collect import Split, Splitter
from flows.ahead import Ahead
from flows.runtime import Runtime
from flows.stop import Stop

_VERSION = 1
_PART = "log"

Told = Callable[[float, int], None]
"""Is told the share of the logs that is read, 0 to 1, and the events that this run has read."""


class _State(msgspec.Struct, array_like=True):
    """Where reading stands: all that a restart needs to give out the same rounds again."""

    version: int
    collector: bytes
    round: int
    seq: int
    clock_ms: int
    events: int
    letters: dict[str, int]
    finished: bool


class LogPartition(StatefulSourcePartition[Split, bytes]):
    """Reads rounds of rows; each ends at a row, wherever the chunk size cuts."""

    def __init__(
        self, paths: Sequence[str], runtime: Runtime, stop: Stop, told: Told, state: bytes | None
    ) -> None:
        settings = runtime.settings
        collect = CollectSettings(settings.decode, settings.clock, settings.log)
        self._runtime = runtime
        self._stop = stop
        self._told = told
        flow = settings.flow
        self._chunk = (flow.chunk_rows, flow.chunk_changes, 1000 * flow.chunk_s)
        self._ahead = Ahead(flow.ahead_rows_max, flow.lateness_ms)
        self._splitter = Splitter(
            *(settings.flow.shards, settings.strengths, runtime.door, settings.audience_min),
            segments=settings.segmented,
        )
        self._round = self._seq = self._clock_ms = self._events = 0
        self._events_before = 0
        self._letters: Counter[str] = Counter()
        self._finished = False
        if state is None:
            self._collector = Collector(paths, collect)
        else:
            saved = _decode(state)
            self._collector = Collector.restore(paths, saved.collector, collect)
            self._round, self._seq, self._clock_ms = saved.round, saved.seq, saved.clock_ms
            self._events, self._letters = saved.events, Counter(saved.letters)
            self._events_before = saved.events
            self._finished = saved.finished

    def next_batch(self) -> list[Split]:
        """The next round; nothing while another process has too many before it."""
        if self._finished or self._stop.asked:
            raise StopIteration
        several = self._runtime.workers > 1
        if several and self._ahead.is_far(self._runtime.boards.tables.progress_s):
            time.sleep(0.001)
            return []
        batch = self._collector.next(*self._chunk)
        self._events += len(batch.events)
        self._letters.update(letter.reason for letter in batch.letters)
        if batch.clocks:
            self._clock_ms = max(self._clock_ms, batch.clocks[-1])
        if several:
            self._ahead.read(len(batch.events), self._clock_ms)
        self._round += 1
        split, self._seq = self._splitter.split(
            self._round,
            self._seq,
            batch.events,
            batch.clocks,
            batch.rows,
            self._clock_ms,
            batch.done,
        )
        split.letters = batch.letters
        if batch.done:
            self._finished = True
            split.counts = {
                "rows": self._events,
                "catalogue_events": self._seq,
                "dead_letters": self._letters.total(),
                "dead_letters_by_reason": dict(sorted(self._letters.items())),
                "newest_event_time_ms": self._clock_ms,
            }
        self._told(batch.progress, self._events - self._events_before)
        return [split]

    def snapshot(self) -> bytes:
        """Where reading stands."""
        return msgspec.msgpack.encode(
            _State(
                _VERSION,
                self._collector.state(),
                self._round,
                self._seq,
                self._clock_ms,
                self._events,
                dict(self._letters),
                self._finished,
            )
        )

    def close(self) -> None:
        """Close the logs."""
        self._collector.close()


def _decode(state: bytes) -> _State:
    try:
        saved = msgspec.msgpack.decode(state, type=_State)
    except msgspec.MsgspecError as problem:
        raise StateError.unreadable("the log source", problem) from problem
    if saved.version != _VERSION:
        raise StateError.version("the log source", saved.version, _VERSION)
    return saved


class LogSource(FixedPartitionedSource[Split, bytes]):
    """Logs merged in event-time order.

    Guarantee: killed anywhere, each row counts once; the rounds of one run may be cut otherwise
    than those of the next, and nothing depends on it.
    """

    def __init__(self, paths: Sequence[str], runtime: Runtime, stop: Stop, told: Told) -> None:
        self._paths = list(paths)
        self._runtime = runtime
        self._stop = stop
        self._told = told

    def list_parts(self) -> list[str]:
        """One partition: the logs are one stream."""
        return [_PART]

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> LogPartition:
        """The partition, from its beginning or where it stood."""
        return LogPartition(self._paths, self._runtime, self._stop, self._told, resume_state)
