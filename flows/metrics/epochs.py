"""How long epochs take in one process, how long they hold it up, and what their snapshots weigh."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows.faults import NotedSink

_S = TypeVar("_S")


@dataclass(frozen=True)
class Epoch:
    """What is known of an epoch; seconds and bytes."""

    seconds: float = 0.0
    stall_s: float = 0.0
    snapshot_s: float = 0.0
    snapshot_bytes: int = 0


class EpochMeter:
    """Is told of each read and each snapshot; `last` is the newest epoch that has ended.

    The process's first partition beats the time. An epoch's snapshots are taken at the beginning
    of the next one, so `last` has the snapshots of the one before.
    """

    def __init__(self, timer: Callable[[], float] = time.perf_counter) -> None:
        self._timer = timer
        self._leader = ""
        self._began_s = self._read_s = timer()
        self._stall_s = self._snapshot_s = 0.0
        self._bytes = 0
        self.ended = 0
        self.last = Epoch()

    def enter(self, part: str) -> None:
        """A partition begins."""
        self._leader = self._leader or part
        self._read_s = self._timer()

    def read(self) -> None:
        """A partition is asked for rows."""
        now_s = self._timer()
        self._stall_s = max(self._stall_s, now_s - self._read_s)
        self._read_s = now_s

    @property
    def unread_s(self) -> float:
        """How long ago a partition was asked for rows."""
        return self._timer() - self._read_s

    def ends(self, part: str) -> None:
        """A partition's epoch has ended."""
        if part != self._leader:
            return
        now_s = self._timer()
        self.last = Epoch(now_s - self._began_s, self._stall_s, self._snapshot_s, self._bytes)
        self.ended += 1
        self._began_s = now_s
        self._stall_s = self._snapshot_s = 0.0
        self._bytes = 0

    def timed(self, snapshot: Callable[[], _S]) -> Callable[[], _S]:
        """The same snapshot, measured."""

        def measured() -> _S:
            began_s = self._timer()
            state = snapshot()
            self._snapshot_s += self._timer() - began_s
            self._bytes += len(state) if isinstance(state, bytes) else 0
            return state

        return measured


class TimedSink(NotedSink):
    """Another sink, whose errors are kept and whose snapshots are measured."""

    def __init__(self, sink: FixedPartitionedSink[Any, Any], meter: EpochMeter) -> None:
        super().__init__(sink)
        self._meter = meter

    def build_part(
        self, step_id: str, for_part: str, resume_state: Any
    ) -> StatefulSinkPartition[Any, Any]:
        """One of the other's."""
        part = super().build_part(step_id, for_part, resume_state)
        part.snapshot = self._meter.timed(part.snapshot)  # type: ignore[method-assign]
        return part
