"""The steps of a live run: the recorded ones', with rows stamped by the clock of where they arrive.

A partition's round bears the partition's own times. Each step keeps the times of all partitions;
its clock is the least of them, and what arrives is stamped with it and with the catalogue as it
is then. So the kernels run live as they do over a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from decisions.outputs import Delivery
from features.catalogue import Entry
from flows.live_arrivals import Arrivals, Every, News, stamped, stamped_plain
from flows.live_messages import RoomArrival, unpack_arrival
from flows.live_runtime import REPORT_MS, LiveRuntime
from flows.live_state import seal_live, unseal_live
from flows.messages import CatalogueUpdate, RoomRows
from flows.rooms_step import RoomsStep
from flows.routing import worker_of
from flows.shard_step import WRITE_MS
from flows.steps import CatalogueStep, IdentityStep


class LiveCatalogueStep(CatalogueStep):
    """Numbers the catalogue's events; says when all that was there at the start is known.

    It hears of every partition's time, and so can hand each partition of delivery something in
    each epoch.
    """

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._times = runtime.times(saved.times if saved else None)
        self._complete = set(saved.words if saved else ())
        self._seq = self._entries[-1].seq if self._entries else 0
        self._delivers = _tick_names(runtime.settings.flow.deliver_parts)
        self._deliver = Every(runtime.settings.kafka.tick_ms // 2)

    def take(self, values: list[Any]) -> Iterable[Any]:
        """Events and times of partitions."""
        now_ms = self._runtime.now()
        for value in values:
            self._times.hear(value.part, value.clock_ms, now_ms)
        was_complete = self._is_complete()
        entries: list[Entry] = []
        for value in values:
            self._times.take(value.part, value.offset, value.clock_ms, now_ms)
            if value.complete:
                self._complete.add(value.part)
            for event in value.events:
                self._seq += 1
                entries.append(Entry(self._seq, self._times.clock_ms, event))
        return list(self._say(entries, self._is_complete() and not was_complete, now_ms))

    def _say(self, entries: list[Entry], completes: bool, now_ms: int) -> Iterator[Any]:
        if entries:
            for made in super().take([CatalogueUpdate(entries)]):
                if isinstance(made, Delivery):
                    made.reached = dict(self._times.offsets)
                yield made
        if completes:
            yield CatalogueUpdate([], True)
        if self._deliver.is_due(now_ms):
            for name in self._delivers:
                yield Delivery(source=name)

    def _is_complete(self) -> bool:
        return self._complete.issuperset(self._runtime.catalogue_parts)

    def resend(self) -> Iterable[Any]:
        """All that is known; whether that is all that there was when the run began."""
        made = list(super().resend())
        for update in made:
            update.complete = self._is_complete()
        return made

    def pack(self) -> bytes:
        """Events, clock, and the partitions that were read to their end."""
        return seal_live(super().pack(), self._times.pack(), [], self._complete)


def _tick_names(parts: int) -> list[str]:
    """For each partition of delivery a source whose deliveries go there."""
    names = []
    for part in range(parts):
        tries = (f"tick-{part:03d}-{attempt}" for attempt in count())
        names.append(next(name for name in tries if worker_of(name, parts) == part))
    return names


class LiveRoomsStep(RoomsStep):
    """Room statistics over all partitions."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._arrivals = Arrivals(runtime, saved, RoomArrival)
        self._news = News()
        self._writes = Every(WRITE_MS)

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The room rows of some rounds."""
        now_ms, arrivals = self._runtime.now(), self._arrivals
        if not arrivals.hear(values, now_ms):
            return ()
        rows = stamped_plain(arrivals.release(), arrivals.times, now_ms)
        made = super().take([RoomRows(rows, arrivals.times.clock_ms, False)])
        if self._store is not None and self._writes.is_due(now_ms):
            self._stats.write()
        return [one for one in made if self._news.is_new(one)]

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return self._arrivals.seal(super().pack())


class LiveIdentityStep(IdentityStep):
    """Anonymous rows of all partitions; who waits for them waits no longer than they travel."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._arrivals = Arrivals(runtime, saved, unpack_arrival)
        self._reports = Every(REPORT_MS)

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The anonymous rows of some rounds."""
        now_ms, arrivals = self._runtime.now(), self._arrivals
        if not arrivals.hear(values, now_ms):
            return ()
        rows = [stamped(one, arrivals.times, now_ms, 0) for one in arrivals.release()]
        made: list[Any] = [one for one in super().take(rows) if one.rows]
        if self._reports.is_due(now_ms):
            made.append(self._runtime.tell("identity", dict(self._identity.counts)))
        return made

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return self._arrivals.seal(super().pack())
