"""The kernels as the engine's steps: each adapter hands items in, and snapshots as bytes out.

Without recovery a snapshot would be thrown away, so none is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from bytewax.operators import StatefulBatchLogic

from decisions.decide import DecideShard
from decisions.outputs import CardWrite, Delivery, RoomWrite, Write, head
from features.catalogue import CatalogueEvent, Entry
from features.identity import Identity
from features.observe import Observed, ObserveShard
from features.rooms import RoomRow, RoomStats, RoomTable
from features.rows import Rows
from features.strengths import measure
from flows.messages import (
    CatalogueUpdate,
    Identified,
    Learnable,
    Report,
    RoomTables,
    Tick,
    Weights,
)
from flows.rooms_value import room_writes
from flows.runtime import Runtime
from models.learn import LearnState
from models.table import WeightsTable, decode_table, encode_table

Logic = StatefulBatchLogic[Any, Any, bytes]
Build = Callable[[bytes | None], Logic]
_FOREVER_S = 1 << 40


class Step(Logic):
    """Items in and out as they come; a resumed step may speak first (`resend`)."""

    def __init__(self, resumed: bool, recovers: bool) -> None:
        self._resend_at = datetime.now(UTC) if resumed else None
        self._recovers = recovers

    def on_batch(self, values: list[Any]) -> tuple[Iterable[Any], bool]:
        """Take a batch of items for this key."""
        return self.take(values), False

    def on_notify(self) -> tuple[Iterable[Any], bool]:
        """Once after a restart: say again what others may have missed."""
        self._resend_at = None
        return self.resend(), False

    def on_eof(self) -> tuple[Iterable[Any], bool]:
        """The end of the input adds nothing: the log's last round said so already."""
        return (), False

    def notify_at(self) -> datetime | None:
        """When to speak first."""
        return self._resend_at

    def snapshot(self) -> bytes:
        """The kernel's state."""
        return self.pack() if self._recovers else b""

    def take(self, values: list[Any]) -> Iterable[Any]:
        """What comes of a batch."""
        raise NotImplementedError

    def resend(self) -> Iterable[Any]:
        """What is said once after a restart."""
        return ()

    def pack(self) -> bytes:
        """The state as versioned bytes."""
        return b""


class CatalogueStep(Step):
    """One key: every catalogue event kept, sent to all processes, whole after a restart."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(state is not None, runtime.recovers)
        self._entries: dict[str, list[Entry]] = {}
        self._keep = runtime.settings.catalogue.versions_max
        self._clock_ms = 0
        if state is not None:
            for seq, clock_ms, event in _ENTRIES.decode(state):
                self._add(Entry(seq, clock_ms, event))

    def _add(self, entry: Entry) -> None:
        event = entry.event
        kind = type(event).__name__
        name = getattr(event, "room_id", None) or getattr(event, "product_id", None)
        versions = self._entries.setdefault(f"{kind}:{name or getattr(event, 'host_id', '')}", [])
        versions.append(entry)
        del versions[: -self._keep]

    def take(self, values: list[list[Entry]]) -> Iterable[Any]:
        """New catalogue events, in log order."""
        entries = [entry for value in values for entry in value]
        for entry in entries:
            self._add(entry)
        return [CatalogueUpdate(entries), Delivery(source="catalogue", rooms=room_writes(entries))]

    def resend(self) -> Iterable[Any]:
        """All that is known, oldest first."""
        return [CatalogueUpdate(self._all())]

    def _all(self) -> list[Entry]:
        entries = [entry for versions in self._entries.values() for entry in versions]
        return sorted(entries, key=lambda entry: entry.seq)

    def pack(self) -> bytes:
        """All events, in log order."""
        return msgspec.msgpack.encode([(e.seq, e.clock_ms, e.event) for e in self._all()])


_ENTRIES = msgspec.msgpack.Decoder(list[tuple[int, int, CatalogueEvent]])


class RoomsStep(Step):
    """One key: room statistics, published for each second of event time that had any."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(state is not None, runtime.recovers)
        settings = runtime.settings
        self._stats = RoomStats(settings.rooms, settings.flow.lateness_ms)
        self._slack_s = settings.table_delay_s + settings.flow.table_slack_s
        self._recent: list[RoomTable] = []
        self._done = False
        if state is not None:
            packed, tables, self._done = _ROOMS.decode(state)
            self._stats.restore(packed)
            self._recent = [RoomTable.unpack(*table) for table in tables]

    def take(self, values: list[tuple[list[RoomRow], int, bool]]) -> Iterable[Any]:
        """The room rows of some rounds."""
        tables: list[RoomTable] = []
        for rows, clock_ms, done in values:
            tables += self._stats.apply(rows, clock_ms)
            self._done = self._done or done
        self._recent += tables
        oldest_s = self._stats.closed_s - self._slack_s
        while len(self._recent) > 1 and self._recent[1].stamp_s <= oldest_s:
            del self._recent[0]
        return [RoomTables(tables, self._progress())]

    def _progress(self) -> int:
        return _FOREVER_S if self._done else self._stats.closed_s

    def resend(self) -> Iterable[Any]:
        """The tables that may still be used."""
        return [RoomTables(self._recent, self._progress())]

    def report(self) -> dict[str, int]:
        """What was counted."""
        stats = self._stats
        return {"room_rows_late": stats.late, "rooms_dropped": stats.dropped}

    def pack(self) -> bytes:
        """State and recent tables."""
        return msgspec.msgpack.encode(
            (self._stats.snapshot(), [table.pack() for table in self._recent], self._done)
        )


_ROOMS = msgspec.msgpack.Decoder(tuple[bytes, list[tuple[int, bytes, bytes]], bool])


class IdentityStep(Step):
    """One key: rows of devices and nicknames under the names that they count for."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(False, runtime.recovers)
        settings = runtime.settings
        weighing = frozenset(measure(settings.strengths))
        self._identity = Identity(settings.identity, weighing, settings.flow.lateness_ms)
        if state is not None:
            self._identity.restore(state)

    def take(self, values: list[Rows]) -> Iterable[Any]:
        """The anonymous rows of some rounds."""
        resolved: list[Any] = [self._identity.apply(rows) for rows in values]
        if any(rows.done for rows in values):
            resolved.append(Report("identity", dict(self._identity.counts)))
        return resolved

    def pack(self) -> bytes:
        """The identities' state."""
        return self._identity.snapshot()


class ObserveStep(Step):
    """One key a shard: its users."""

    def __init__(self, runtime: Runtime, name: str, state: bytes | None) -> None:
        super().__init__(False, runtime.recovers)
        self._runtime = runtime
        self._name = name
        self._lateness_ms = runtime.settings.flow.lateness_ms
        self._shard = ObserveShard(runtime.observe)
        runtime.progress.seconds["observe", runtime.shard_number[name]] = -1
        if state:
            self._shard.restore(state)

    def take(self, values: list[Any]) -> Iterable[Any]:
        """Rows, their anonymous part, or word that something waited for has come."""
        shard, runtime = self._shard, self._runtime
        for value in values:
            if isinstance(value, Identified):
                shard.apply_identity(value.rows)
            elif isinstance(value, Rows):
                shard.apply(value)
        out = shard.drain()
        if shard.is_waiting:
            runtime.waiting_observe.add(self._name)
        if not (out.ends or out.steps or out.tags or out.examples or out.erased):
            return ()
        return self._made(out)

    def _made(self, out: Observed) -> Iterator[Any]:
        yield out
        progress_s, done = -1, False
        if out.ends:
            clock_ms, _, done = out.ends[-1]
            progress_s = (clock_ms - self._lateness_ms) // 1000 - 1
            number = self._runtime.shard_number[self._name]
            self._runtime.progress.seconds["observe", number] = clock_ms // 1000
        yield Learnable(self._name, out.examples, _FOREVER_S if done else progress_s)
        if out.tags or out.erased:
            writes = [Write(user, "tags", version, body) for user, version, body in out.tags]
            yield Delivery(source=self._name, writes=writes, erased=out.erased)
        if done:
            yield Report(f"observe {self._name}", self._shard.totals())

    def pack(self) -> bytes:
        """The shard's state."""
        return self._shard.snapshot()


class LearnStep(Step):
    """One key: learns each second that all shards have passed, and publishes the weights."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(state is not None, runtime.recovers)
        settings = runtime.settings
        self._names = runtime.feature_names
        self._progress = dict.fromkeys(runtime.shard_names, -1)
        self._slack_s = settings.table_delay_s + settings.flow.table_slack_s
        self._cards_every_s = settings.flow.cards_every_s
        self._cards_s = 0
        self._closed_s = -1
        self._recent: list[tuple[int, WeightsTable]] = []
        if state is None:
            self._learn = LearnState(settings.learn, self._names)
        else:
            packed, self._progress, self._cards_s, self._closed_s, tables = _LEARN.decode(state)
            self._learn = LearnState.restore(packed, settings.learn, self._names)
            self._recent = [(stamp_s, decode_table(table)) for stamp_s, table in tables]

    def take(self, values: list[Learnable]) -> Iterable[Any]:
        """Examples of shards, and how far each shard is."""
        add, progress = self._learn.add, self._progress
        for value in values:
            for example in value.examples:
                add(example)
            progress[value.shard] = max(progress[value.shard], value.progress_s)
        closed_s = min(progress.values())
        if closed_s <= self._closed_s:
            return ()
        self._closed_s = closed_s
        return self._close(closed_s)

    def _close(self, closed_s: int) -> Iterator[Any]:
        tables = self._learn.close(closed_s)
        self._recent += tables
        done = closed_s >= _FOREVER_S
        if not done:
            while len(self._recent) > 1 and self._recent[1][0] <= closed_s - self._slack_s:
                del self._recent[0]
        yield Weights(tables, closed_s)
        if tables and (done or tables[-1][0] - self._cards_s >= self._cards_every_s):
            self._cards_s = tables[-1][0]
            yield Delivery(source="learn", cards=self._cards())
        if done:
            yield Report("learn", self._learn.metrics())

    def _cards(self) -> list[CardWrite]:
        at_ms = self._cards_s * 1000
        return [
            CardWrite(name, at_ms, head(at_ms, at_ms) + msgspec.json.encode(card)[1:])
            for name, card in self._learn.cards().items()
        ]

    def resend(self) -> Iterable[Any]:
        """The weights that may still be used."""
        return [Weights(self._recent, self._closed_s)]

    def pack(self) -> bytes:
        """State, progress and recent tables."""
        tables = [(stamp_s, encode_table(table)) for stamp_s, table in self._recent]
        return msgspec.msgpack.encode(
            (self._learn.snapshot(), self._progress, self._cards_s, self._closed_s, tables)
        )


_LEARN = msgspec.msgpack.Decoder(
    tuple[bytes, dict[str, int], int, int, list[tuple[int, bytes]]]
)


class DecideStep(Step):
    """One key a shard: its users' slates and pushes."""

    def __init__(self, runtime: Runtime, name: str, state: bytes | None) -> None:
        super().__init__(False, runtime.recovers)
        self._runtime = runtime
        self._name = name
        self._number = runtime.shard_number[name]
        self._shard = DecideShard(runtime.decide, self._number)
        runtime.progress.seconds["decide", self._number] = -1
        if state:
            self._shard.restore(state)

    def take(self, values: list[Any]) -> Iterable[Any]:
        """What OBSERVE made, or word that new weights have come."""
        shard, runtime = self._shard, self._runtime
        for value in values:
            if not isinstance(value, Tick):
                shard.apply(value.steps, value.ends)
        out = shard.drain()
        runtime.progress.seconds["decide", self._number] = shard.clock_ms // 1000
        if shard.is_waiting:
            runtime.waiting_decide.add(self._name)
        if not (out.writes or out.pushes or out.decisions or out.done):
            return ()
        made: list[Any] = [
            Delivery(
                source=self._name, writes=out.writes, pushes=out.pushes, decisions=out.decisions
            )
        ]
        if out.done:
            made.append(Report(f"decide {self._name}", shard.totals()))
        return made

    def pack(self) -> bytes:
        """The shard's state."""
        return self._shard.snapshot()


class ShareStep(Step):
    """One key a worker: takes what is for the whole process, and wakes the shards that wait."""

    def __init__(self, runtime: Runtime, stage: str) -> None:
        super().__init__(False, False)
        self._runtime = runtime
        self._stage = stage

    def take(self, values: list[Any]) -> Iterable[Any]:
        """Catalogue events and room tables for OBSERVE, weights for DECIDE."""
        runtime = self._runtime
        for value in values:
            if isinstance(value, CatalogueUpdate):
                for entry in value.entries:
                    runtime.catalogue.apply(entry)
            elif isinstance(value, RoomTables):
                for table in value.tables:
                    runtime.scenes.tables.publish(table.stamp_s, table)
                runtime.scenes.tables.advance(value.progress_s)
            elif isinstance(value, Weights):
                for stamp_s, weights in value.tables:
                    runtime.boards.tables.publish(stamp_s, weights)
                runtime.boards.tables.advance(value.progress_s)
        runtime.forget()
        if self._stage == "observe":
            waiting, runtime.waiting_observe = runtime.waiting_observe, set()
        else:
            waiting, runtime.waiting_decide = runtime.waiting_decide, set()
        return [(name, Tick()) for name in sorted(waiting)]

