"""The steps of a live run: the recorded ones', with rows stamped by the clock of where they arrive.

A partition's round bears the partition's own times. Each step keeps the times of all partitions;
its clock is the least of them, and what arrives is stamped with it and with the catalogue as it
is then. So the kernels run live as they do over a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import msgspec

from decisions.outputs import Delivery
from events.envelope import seal, unseal
from events.hashing import hash64
from features.catalogue import Entry
from features.observe import Observed, ObserveShard
from features.rooms import RoomRow
from features.rows import Rows
from flows.live_messages import Arrival, RoomArrival, unpack_arrival
from flows.live_runtime import LiveRuntime
from flows.messages import CatalogueUpdate, Learnable, Report, RoomTables, Tick
from flows.steps import CatalogueStep, DecideStep, IdentityStep, ObserveStep, RoomsStep

_KIND = b"LLLV"
_VERSION = 1
_REPORT_MS = 1_000


class _State(msgspec.Struct, array_like=True):
    """A step's own state, its clock, what waits for the clock to begin, and words of its own."""

    inner: bytes
    times: bytes
    held: list[Any]
    words: list[str]


def _seal(inner: bytes, times: bytes, held: list[Any], words: Iterable[str] = ()) -> bytes:
    state = _State(inner, times, held, sorted(words))
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))


def _unseal(packed: bytes | None) -> tuple[bytes | None, _State | None]:
    """The state of the recorded run's step, and what lies around it."""
    if packed is None:
        return None, None
    state = _STATE.decode(unseal(_KIND, _VERSION, packed, "a live step"))
    return state.inner, state


_STATE = msgspec.msgpack.Decoder(_State)


class LiveCatalogueStep(CatalogueStep):
    """Numbers the catalogue's events; says when all that was there at the start is known.

    It hears of every partition's time, and so can hand each partition of delivery something in
    each epoch.
    """

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = _unseal(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._times = runtime.times(saved.times if saved else None)
        self._complete = set(saved.words if saved else ())
        self._seq = self._entries[-1].seq if self._entries else 0
        self._delivers = _tick_names(runtime.settings.flow.deliver_parts)
        self._told_ms = 0

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
            for made in super().take([entries]):
                if isinstance(made, Delivery):
                    made.reached = dict(self._times.offsets)
                yield made
        if completes:
            yield CatalogueUpdate([], True)
        if now_ms - self._told_ms >= self._runtime.settings.kafka.tick_ms // 2:
            self._told_ms = now_ms
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
        return _seal(super().pack(), self._times.pack(), [], self._complete)


def _tick_names(parts: int) -> list[str]:
    """For each partition of delivery a source whose deliveries go there."""
    names = []
    for part in range(parts):
        tries = (f"tick-{part:03d}-{attempt}" for attempt in count())
        names.append(next(name for name in tries if hash64(name) % parts == part))
    return names


class LiveRoomsStep(RoomsStep):
    """Room statistics over all partitions."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = _unseal(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._times = runtime.times(saved.times if saved else None)
        self._held = [RoomArrival(*held) for held in saved.held] if saved else []
        self._told_s = -1

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The room rows of some rounds."""
        now_ms, times = self._runtime.now(), self._times
        for value in values:
            times.hear(value.part, value.first_ms, now_ms)
        self._held += values
        if not times.is_started(now_ms):
            return ()
        held, self._held = self._held, []
        rows: list[RoomRow] = []
        for one in held:
            floor, ceiling = times.take(one.part, one.offset, one.clock_ms, now_ms)
            rows += [
                (key, max(floor, min(ceiling, clock_ms)), at_ms, room_id, code, amount)
                for key, clock_ms, at_ms, room_id, code, amount in one.rows
            ]
        made = list(super().take([(rows, times.clock_ms, False)]))
        return [one for one in made if not isinstance(one, RoomTables) or self._is_news(one)]

    def _is_news(self, tables: RoomTables) -> bool:
        if not tables.tables and tables.progress_s <= self._told_s:
            return False
        self._told_s = tables.progress_s
        return True

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return _seal(super().pack(), self._times.pack(), [one.pack() for one in self._held])


class LiveIdentityStep(IdentityStep):
    """Anonymous rows of all partitions; who waits for them waits no longer than they travel."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = _unseal(state)
        super().__init__(runtime, inner)
        self._runtime = runtime
        self._times = runtime.times(saved.times if saved else None)
        self._held = [unpack_arrival(*held) for held in saved.held] if saved else []
        self._told_ms = 0

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The anonymous rows of some rounds."""
        now_ms, times = self._runtime.now(), self._times
        for value in values:
            times.hear(value.part, value.first_ms, now_ms)
        self._held += values
        if not times.is_started(now_ms):
            return ()
        held, self._held = self._held, []
        rows = [stamped(one, self._times, now_ms, 0) for one in held]
        made: list[Any] = [one for one in super().take(rows) if one.rows]
        if now_ms - self._told_ms >= _REPORT_MS:
            self._told_ms = now_ms
            made.append(Report("identity", dict(self._identity.counts)))
        return made

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it."""
        return _seal(super().pack(), self._times.pack(), [one.pack() for one in self._held])


@dataclass(slots=True)
class Reached(Observed):
    """What OBSERVE made, and how far each partition has got with it."""

    reached: dict[str, int] = field(default_factory=dict)


class LiveObserveStep(ObserveStep):
    """One key a shard: its users, over all partitions."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = _unseal(state)
        super().__init__(runtime, inner)
        self._live = runtime
        self._times = runtime.times(saved.times if saved else None)
        self._held = [unpack_arrival(*held) for held in saved.held] if saved else []
        self._told_ms = 0
        self._learnt_s = -1

    def take(self, values: list[Any]) -> Iterable[Any]:
        """Rows of partitions, or word that the catalogue has come."""
        runtime, times = self._live, self._times
        shard = self._shard or self._begin(values[0].shard)
        now_ms = runtime.now()
        for value in values:
            if not isinstance(value, Tick):
                times.hear(value.part, value.first_ms, now_ms)
                self._held.append(value)
        if not runtime.catalogue_ready:
            runtime.waiting_observe.add(shard.shard)
            return ()
        if not times.is_started(now_ms):
            return ()
        seq = runtime.catalogue.seq
        held, self._held = self._held, []
        reached_ms = shard.clock_ms
        for one in held:
            rows = stamped(one, times, now_ms, seq)
            if rows.rows:
                shard.apply(rows)
                reached_ms = max(reached_ms, rows.clock_ms)
        if times.clock_ms > reached_ms:
            shard.apply(Rows(shard.shard, 0, times.clock_ms, seq))
        out = shard.drain()
        made = list(self._made(shard, out)) if out.ends else []
        if now_ms - self._told_ms >= _REPORT_MS:
            self._told_ms = now_ms
            made.append(Report(f"observe {shard.shard}", self._counts(shard)))
        return made

    def _made(self, shard: ObserveShard, out: Observed) -> Iterator[Any]:
        reached = dict(self._times.offsets)
        for made in super()._made(shard, out):
            if isinstance(made, Observed):
                yield Reached(
                    made.shard,
                    made.steps,
                    made.tags,
                    made.examples,
                    made.erased,
                    made.ends,
                    reached,
                )
                continue
            if isinstance(made, Delivery):
                made.reached = reached
            elif isinstance(made, Learnable):
                if not made.examples and made.progress_s <= self._learnt_s:
                    continue
                self._learnt_s = made.progress_s
            yield made

    def _counts(self, shard: ObserveShard) -> dict[str, Any]:
        counts: dict[str, Any] = dict(shard.totals())
        if shard.shard == self._live.speaker:
            counts["delivery"] = self._live.counters.as_dict()
            counts["catalogue_events"] = self._live.catalogue.seq
            counts["clock_ms"] = self._times.clock_ms
        return counts

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it or for the catalogue."""
        return _seal(super().pack(), self._times.pack(), [one.pack() for one in self._held])


class LiveDecideStep(DecideStep):
    """One key a shard: decides with the tables that are there, and counts where newer were due."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, _ = _unseal(state)
        super().__init__(runtime, inner)
        self._live = runtime
        self._reached: dict[str, int] = {}
        self._told_ms = 0
        self._behind = 0

    def take(self, values: list[Any]) -> Iterable[Any]:
        """What OBSERVE made, or word that new weights have come."""
        tables = self._live.boards.tables
        for value in values:
            if isinstance(value, Reached):
                self._reached = value.reached
                if value.steps and not tables.is_ready(value.steps[-1].clock_ms // 1000):
                    self._behind += 1
        made = list(super().take(values))
        for one in made:
            if isinstance(one, Delivery):
                one.reached = self._reached
        now_ms = self._live.now()
        if now_ms - self._told_ms >= _REPORT_MS and self._shard is not None:
            self._told_ms = now_ms
            counts = {**self._shard.totals(), "tables_behind": self._behind}
            made.append(Report(f"decide {self._shard.shard}", counts))
        return made

    def pack(self) -> bytes:
        """The shard's state."""
        return _seal(super().pack(), b"", [])


def stamped(arrival: Arrival, times: Any, now_ms: int, seq: int) -> Rows:
    """The rows of an arrival, each with the clock here as of it, and a place in the catalogue."""
    rows = arrival.rows
    floor, ceiling = times.take(arrival.part, arrival.offset, arrival.clock_ms, now_ms)
    made = Rows(rows.shard, rows.round, times.clock_ms, seq)
    made.rows = [
        (event, person, number, key, max(floor, min(ceiling, clock_ms)), seq)
        for event, person, number, key, clock_ms, _ in rows.rows
    ]
    return made
