"""The kernels as the engine's steps: each adapter hands items in, and snapshots as bytes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from decisions.decide import DecideShard
from decisions.outputs import CardWrite, Delivery, Write, head
from features.catalogue import CatalogueEvent, Entry
from features.identity import Identity
from features.needed import needed
from features.observe import ObserveShard
from features.observed import Observed
from features.rows import Rows
from features.shelf import Shelves
from features.strengths import measure
from flows.messages import (
    CatalogueUpdate,
    Identified,
    Learnable,
    NeighbourTables,
    Report,
    RoomTables,
    SegmentTables,
    Tick,
    Weights,
)
from flows.rooms_value import room_writes
from flows.runtime import Runtime
from flows.shard_step import ShardStep
from flows.step import Step
from flows.tables_step import FOREVER_S, Recent
from models.factor_table import FactorTable
from models.table import WeightsTable, decode_table, encode_table


class CatalogueStep(Step):
    """One key: every catalogue event kept, sent to all processes, whole after a restart."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(state is not None, runtime.recovers)
        self._entries: list[Entry] = []
        self._entries_max = _ENTRIES_BEGIN
        self._settings = runtime.settings.catalogue
        if state is not None:
            self._entries = [Entry(*entry) for entry in _ENTRIES.decode(state)]

    def take(self, values: list[CatalogueUpdate]) -> Iterable[Any]:
        """New catalogue events, in log order."""
        entries = [entry for value in values for entry in value.entries]
        self._entries += entries
        if len(self._entries) > self._entries_max:
            self._entries_max = _ENTRIES_BEGIN + 2 * len(self._needed())
        return [CatalogueUpdate(entries), Delivery(source="catalogue", rooms=room_writes(entries))]

    def resend(self) -> Iterable[Any]:
        """All that is known, oldest first."""
        return [CatalogueUpdate(self._needed())]

    def _needed(self) -> list[Entry]:
        self._entries = needed(self._entries, self._settings)
        return self._entries

    def pack(self) -> bytes:
        """The events that still count, in log order."""
        return msgspec.msgpack.encode([(e.seq, e.clock_ms, e.event) for e in self._needed()])


_ENTRIES_BEGIN = 10_000
_ENTRIES = msgspec.msgpack.Decoder(list[tuple[int, int, CatalogueEvent]])


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


class ObserveStep(ShardStep[ObserveShard]):
    """One key a shard: its users."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        stores = runtime.stores
        super().__init__(runtime, stores.observe if stores is not None else None, state)
        self._lateness_ms = runtime.settings.flow.lateness_ms

    def make(self, number: int, shelves: Shelves | None) -> ObserveShard:
        """Its users' kernel."""
        return ObserveShard(self._runtime.observe, number, shelves)

    def take(self, values: list[Rows | Identified | Tick]) -> Iterable[Any]:
        """Rows, their anonymous part, or word that something waited for has come."""
        shard = self.kernel(values[0].shard)
        for value in values:
            if isinstance(value, Identified):
                shard.apply_identity(value.rows)
            elif isinstance(value, Rows):
                shard.apply(value)
        out = shard.drain()
        if shard.is_waiting:
            self._runtime.waiting_observe.add(shard.shard)
        if not (out.ends or out.steps or out.tags or out.examples or out.erased):
            return ()
        return self._made(shard, out)

    def _made(self, shard: ObserveShard, out: Observed) -> Iterator[Any]:
        if out.erased:
            self.erased()
        yield out
        progress_s, done = -1, False
        if out.ends:
            clock_ms, _, done = out.ends[-1]
            progress_s = (clock_ms - self._lateness_ms) // 1000 - 1
            self._runtime.progress.seconds["observe", shard.shard] = clock_ms // 1000
        yield Learnable(shard.shard, out.examples, FOREVER_S if done else progress_s)
        if out.tags or out.erased:
            writes = [Write(user, "tags", version, body) for user, version, body in out.tags]
            yield Delivery(
                source=self._runtime.shard_names[shard.shard],
                writes=writes,
                erased=[(user, "tags") for user in out.erased],
            )
        if done:
            yield Report(f"observe {shard.shard}", shard.totals())


class LearnStep(Step):
    """One key: learns each second that all shards have passed, and publishes the weights."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        # River is loaded in the process that learns alone.
        from models.learn import LearnState

        super().__init__(state is not None, runtime.recovers)
        settings = runtime.settings
        factors = settings.factors if settings.factors.on else None
        self._runtime = runtime
        self._names = runtime.feature_names
        self._progress = [-1] * settings.flow.shards
        self._cards_every_s = settings.flow.cards_every_s
        self._cards_s = 0
        self._closed_s = -1
        self._recent: Recent[WeightsTable] = Recent(runtime)
        self._factors: Recent[FactorTable] = Recent(runtime)
        if state is None:
            self._learn = LearnState(settings.learning, self._names, factors)
        else:
            saved = _LEARN.decode(state)
            self._learn = LearnState.restore(saved.learn, settings.learning, self._names, factors)
            self._progress, self._cards_s = saved.progress, saved.cards_s
            self._closed_s = saved.closed_s
            self._recent.tables = [(stamp_s, decode_table(one)) for stamp_s, one in saved.tables]
            held = map(FactorTable.unpack, saved.factors)
            self._factors.tables = [(one.stamp_s, one) for one in held]
        self._learn.evaluates = runtime.evaluates

    def take(self, values: list[Learnable]) -> Iterable[Any]:
        """Examples of shards, and how far each shard is."""
        closed_s = self._gather(values)
        if closed_s <= self._closed_s:
            return ()
        self._closed_s = closed_s
        return self._say(self._learn.close(closed_s), closed_s)

    def _gather(self, values: list[Learnable]) -> int:
        """Take examples; the second that all shards have passed."""
        add, progress = self._learn.add, self._progress
        for value in values:
            for example in value.examples:
                add(example)
            progress[value.shard] = max(progress[value.shard], value.progress_s)
        return min(progress)

    def _say(self, tables: list[tuple[int, WeightsTable]], closed_s: int) -> Iterator[Any]:
        factors = self._learn.take_factors()
        self._recent.tables += tables
        self._factors.tables += [(one.stamp_s, one) for one in factors]
        done = closed_s >= FOREVER_S
        if not done:
            self._recent.forget(closed_s)
            self._factors.forget(closed_s)
        yield Weights(tables, closed_s, factors)
        judged = self._learn.take_judged()
        if judged:
            yield Delivery(source="learn", evaluation=judged)
        newest_s, every_s = tables[-1][0] if tables else -1, self._cards_every_s
        if done:
            # In any case: when the last second was closed says nothing of how it closed.
            newest_s, every_s = self._learn.table().second, 1
        if newest_s - self._cards_s >= every_s:
            self._cards_s = newest_s
            yield Delivery(source="learn", cards=self._cards())
        if done:
            yield Report("learn", self._learn.metrics())

    def _cards(self) -> list[CardWrite]:
        at_ms = self._cards_s * 1000
        cards = self._learn.cards()
        self._runtime.tell("cards", cards)
        return [
            CardWrite(name, at_ms, head(at_ms, at_ms) + msgspec.json.encode(card)[1:])
            for name, card in cards.items()
        ]

    def resend(self) -> Iterable[Any]:
        """The weights that may still be used."""
        factors = [one for _, one in self._factors.tables]
        return [Weights(self._recent.tables, self._closed_s, factors)]

    def pack(self) -> bytes:
        """State, progress and recent tables."""
        tables = [(stamp_s, encode_table(table)) for stamp_s, table in self._recent.tables]
        return msgspec.msgpack.encode(
            _Learn(
                *(self._learn.snapshot(), self._progress, self._cards_s, self._closed_s, tables),
                [one.pack() for _, one in self._factors.tables],
            )
        )


class _Learn(msgspec.Struct, array_like=True):
    learn: bytes
    progress: list[int]
    cards_s: int
    closed_s: int
    tables: list[tuple[int, bytes]]
    factors: list[bytes] = []


_LEARN = msgspec.msgpack.Decoder(_Learn)


_DECIDED = ("recs", "more", "push")


class DecideStep(ShardStep[DecideShard]):
    """One key a shard: its users' slates and pushes."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        stores = runtime.stores
        super().__init__(runtime, stores.decide if stores is not None else None, state)

    def make(self, number: int, shelves: Shelves | None) -> DecideShard:
        """Its users' kernel."""
        return DecideShard(self._runtime.decide, number, shelves)

    def take(self, values: list[Observed | Tick]) -> Iterable[Any]:
        """What OBSERVE made, or word that new weights have come."""
        shard = self.kernel(values[0].shard)
        for value in values:
            if isinstance(value, Observed):
                shard.apply(value.steps, value.ends)
        out = shard.drain()
        self._runtime.progress.seconds["decide", shard.shard] = shard.clock_ms // 1000
        if shard.is_waiting:
            self._runtime.waiting_decide.add(shard.shard)
        if out.erased or out.last_gone:
            self.erased()
        made: list[Any] = []
        if out.writes or out.pushes or out.decisions or out.recalled or out.evaluation:
            made.append(
                Delivery(
                    source=self._runtime.shard_names[shard.shard],
                    writes=out.writes,
                    pushes=out.pushes,
                    decisions=out.decisions,
                    erased=[(user, name) for user in out.erased for name in _DECIDED],
                    recalled=out.recalled,
                    forgotten=out.forgotten,
                    evaluation=out.evaluation,
                )
            )
        if out.done:
            made.append(Report(f"decide {shard.shard}", shard.totals()))
        return made


class ShareStep(Step):
    """One key a worker: takes what is for the whole process, and wakes the shards that wait."""

    def __init__(self, runtime: Runtime, observes: bool) -> None:
        super().__init__(False, False)
        self._runtime = runtime
        self._observes = observes

    def take(self, values: list[Any]) -> Iterable[Any]:
        """Catalogue events and room tables for OBSERVE, weights for DECIDE."""
        runtime = self._runtime
        frozen = runtime.settings.flow.tables_frozen
        for value in values:
            if isinstance(value, CatalogueUpdate):
                for entry in value.entries:
                    runtime.catalogue.apply(entry)
                runtime.catalogue_ready = runtime.catalogue_ready or value.complete
            elif isinstance(value, RoomTables):
                for table in () if frozen else value.tables:
                    runtime.room_ids.share(table)
                    runtime.scenes.tables.publish(table.stamp_s, table)
                runtime.scenes.tables.advance(value.progress_s)
            elif isinstance(value, NeighbourTables):
                for near in () if frozen else value.tables:
                    runtime.scenes.neighbours.publish(near.stamp_s, near)
                runtime.scenes.neighbours.advance(value.progress_s)
            elif isinstance(value, SegmentTables):
                for counted in () if frozen else value.tables:
                    runtime.scenes.segments.publish(counted.stamp_s, counted)
                runtime.scenes.segments.advance(value.progress_s)
            elif isinstance(value, Weights):
                if not frozen:
                    runtime.boards.publish(value.tables, value.factors)
                runtime.boards.tables.advance(value.progress_s)
        runtime.forget()
        if self._observes:
            waiting, runtime.waiting_observe = runtime.waiting_observe, set()
        else:
            waiting, runtime.waiting_decide = runtime.waiting_decide, set()
        return [Tick(shard) for shard in sorted(waiting)]
