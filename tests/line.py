"""The kernels of all rooms joined by plain calls, and events to feed them: no engine."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from decisions.decide import DecideShard
from events import kinds
from events.hashing import shard_of
from features.audience import Audience
from features.catalogue import Entry
from features.collect import Split, Splitter
from features.identity import Identity
from features.needed import needed
from features.neighbour_table import NeighbourTable
from features.observe import ObserveShard
from features.observed import Observed
from features.rooms import RoomStats, RoomTable
from features.segment_table import SegmentTable
from features.segments import Segments
from features.strengths import measure
from flows.runtime import Runtime
from flows.settings import Settings
from models.factor_table import FactorTable
from models.learn import LearnState
from models.table import decode_table, encode_table
from tests.shelves import Cabinet

START_MS = 1_767_225_600_000  # a midnight, UTC
FOREVER_S = 1 << 40
_CATALOGUE = (kinds.Host, kinds.Room, kinds.Product, kinds.OnAir)


class Teller:
    """Makes events at so many seconds after a midnight, each with an id of its own."""

    start_ms = START_MS

    def __init__(self) -> None:
        self.told = 0

    def __call__(self, kind: type[Any], at_s: float, user: str | None = None, **fields: Any) -> Any:
        """One event; `user` is left out for what is nobody's."""
        self.told += 1
        if user is not None:
            fields["user_id"] = user
        fields.setdefault("event_id", f"e{self.told}")
        return kind(event_time_ms=START_MS + round(at_s * 1000), **fields)

    def room(self, room_id: str, tags: str = "", at_s: float = 0.0, **fields: Any) -> Any:
        """A live room; tags are given as words."""
        fields.setdefault("host_id", f"host-{room_id}")
        fields.setdefault("status", "live")
        fields.setdefault("start_time_ms", START_MS)
        fields.setdefault("products", [])
        return self(kinds.Room, at_s, room_id=room_id, title=room_id, tags=tags.split(), **fields)

    def product(self, product_id: str, tags: str = "", price: float = 10.0, at_s: float = 0) -> Any:
        """A product; tags are given as words."""
        fields = {"title": product_id, "tags": tags.split(), "price": price, "category": "any"}
        return self(kinds.Product, at_s, product_id=product_id, **fields)

    def shown(self, at_s: float, user: str, request_id: str, rooms: str) -> list[Any]:
        """An impression list; rooms are given as words, the first one at the top."""
        fields = {"request_id": request_id, "surface": "feed"}
        return [
            self(kinds.Impression, at_s, user, room_id=room_id, position=position, **fields)
            for position, room_id in enumerate(rooms.split())
        ]


@dataclasses.dataclass
class Made:
    """All that a line has given out so far, in order."""

    steps: list[Any] = dataclasses.field(default_factory=list)
    tags: dict[str, list[tuple[int, bytes]]] = dataclasses.field(default_factory=dict)
    examples: list[Any] = dataclasses.field(default_factory=list)
    erased: list[str] = dataclasses.field(default_factory=list)
    decisions: list[Any] = dataclasses.field(default_factory=list)
    pushes: list[Any] = dataclasses.field(default_factory=list)
    writes: dict[tuple[str, str], list[Any]] = dataclasses.field(default_factory=dict)
    last_gone: int = 0

    @property
    def wishes(self) -> list[Any]:
        """The steps that ask for a slate."""
        return [step for step in self.steps if step.wish is not None]

    @property
    def weights(self) -> dict[str, dict[str, list[float]]]:
        """The last tag weights of each user, in the four windows."""
        return {user: json.loads(values[-1][1])["weights"] for user, values in self.tags.items()}

    def take(self, out: Observed) -> None:
        """Add what a shard of OBSERVE gave out; an erasure takes what stood before it."""
        self.steps += out.steps
        self.examples += out.examples
        self.erased += out.erased
        for user in out.erased:
            self.tags.pop(user, None)
        for user, version, body in out.tags:
            self.tags.setdefault(user, []).append((version, body))

    def settled(self) -> tuple[Any, ...]:
        """What may not depend on how the log was cut: of a key's values only the last."""
        last_tags = {user: values[-1] for user, values in sorted(self.tags.items())}
        last_writes = {key: writes[-1] for key, writes in sorted(self.writes.items())}
        return self.steps, last_tags, self.examples, self.erased, self.decisions, last_writes


class Line:
    """COLLECT to DECIDE. With `decides` off it ends at OBSERVE, and nothing is learnt.

    With a cabinet, its users rest there.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        shards: int = 1,
        decides: bool = True,
        cabinet: Cabinet | None = None,
    ) -> None:
        settings = settings or Settings()
        flow = dataclasses.replace(settings.flow, shards=shards)
        self.settings = dataclasses.replace(settings, flow=flow)
        self.runtime = Runtime(self.settings)
        self.decides = decides
        self.made = Made()
        self.told: list[Entry] = []
        self.rounds = self.rows = self.seq = self.clock_ms = 0
        least = settings.audience_min
        self.splitter = Splitter(
            shards, settings.strengths, audience_min=least, segments=settings.segmented
        )
        self.rooms = RoomStats(settings.rooms, flow.lateness_ms)
        self.audience = Audience(settings.neighbours, flow.lateness_ms)
        self.segments = Segments(settings.segments, flow.lateness_ms)
        weighing = frozenset(measure(settings.strengths))
        self.identity = Identity(settings.identity, weighing, flow.lateness_ms)
        self.cabinet = cabinet
        self.observe = [
            ObserveShard(self.runtime.observe, shard, cabinet and cabinet.shelves("observe", shard))
            for shard in range(shards)
        ]
        self.factors = settings.factors if settings.factors.on else None
        self.learn = LearnState(settings.learning, self.runtime.feature_names, self.factors)
        self.decide = [
            DecideShard(self.runtime.decide, shard, cabinet and cabinet.shelves("decide", shard))
            for shard in range(shards)
        ]

    def resumed(self) -> Line:
        """A line in a fresh process that goes on from what this one has at rest."""
        stored = [kept.snapshot() for kept in self.observe + self.decide]
        cabinet = self.cabinet and self.cabinet.checkpoint()
        new = Line(self.settings, len(self.observe), self.decides, cabinet)
        new.made, new.told = self.made, self.told
        new.rounds, new.rows, new.seq, new.clock_ms = (
            self.rounds,
            self.rows,
            self.seq,
            self.clock_ms,
        )
        old, now = self.runtime, new.runtime
        for entry in needed(old.catalogue.entries, self.settings.catalogue):
            now.catalogue.apply(entry)
        for stamp_s, rooms in old.scenes.tables.held():
            now.scenes.tables.publish(stamp_s, RoomTable.unpack(*rooms.pack()))
        now.scenes.tables.advance(old.scenes.tables.progress_s)
        for stamp_s, weights in old.boards.tables.held():
            factors = weights.factors and FactorTable.unpack(weights.factors.pack())
            held = [] if factors is None else [factors]
            now.boards.publish([(stamp_s, decode_table(encode_table(weights)))], held)
        now.boards.tables.advance(old.boards.tables.progress_s)
        for stamp_s, near in old.scenes.neighbours.held():
            now.scenes.neighbours.publish(stamp_s, NeighbourTable.unpack(*near.pack()))
        now.scenes.neighbours.advance(old.scenes.neighbours.progress_s)
        for stamp_s, counted in old.scenes.segments.held():
            now.scenes.segments.publish(stamp_s, SegmentTable.unpack(*counted.pack()))
        now.scenes.segments.advance(old.scenes.segments.progress_s)
        new.rooms.restore(self.rooms.snapshot())
        new.audience.restore(self.audience.snapshot())
        new.segments.restore(self.segments.snapshot())
        new.identity.restore(self.identity.snapshot())
        for packed, begun in zip(stored, new.observe + new.decide, strict=True):
            begun.restore(packed)
        new.learn = LearnState.restore(
            self.learn.snapshot(), self.settings.learning, now.feature_names, self.factors
        )
        return new

    def feed(self, events: Iterable[Any], cuts: Iterable[int] = (), done: bool = False) -> Made:
        """Take events in log order, in rounds that end before the rows numbered in `cuts`."""
        events = list(events)
        bounds = [0, *sorted(cut for cut in set(cuts) if 0 < cut < len(events)), len(events)]
        for begin, end in pairwise(bounds):
            self.round(events[begin:end], done and end == len(events))
        return self.made

    def round(self, events: Sequence[Any], done: bool = False) -> None:
        """Take one round through every kernel."""
        self.through(self.split(events, done))

    def split(self, events: Sequence[Any], done: bool = False) -> Split:
        """COLLECT: the parts of one round."""
        clocks, numbers = [], []
        for event in events:
            if not isinstance(event, _CATALOGUE):
                self.clock_ms = max(self.clock_ms, event.event_time_ms)
            self.rows += 1
            clocks.append(self.clock_ms)
            numbers.append(self.rows)
        self.rounds += 1
        at = self.rounds, self.seq
        split, self.seq = self.splitter.split(*at, events, clocks, numbers, self.clock_ms, done)
        return split

    def through(self, split: Split) -> None:
        """The rest of the way for a round's parts."""
        self.know(split)
        named = self.identity.apply(split.identity)
        for shard, rows in zip(self.observe, split.shards, strict=True):
            shard.apply(rows)
            if rows.identity:
                part = copy.copy(named)
                part.rows = [
                    row for row in named.rows if shard_of(row[1], len(self.observe)) == shard.shard
                ]
                shard.apply_identity(part)
        self._observed([shard.drain() for shard in self.observe], split)

    def know(self, split: Split) -> None:
        """Let the process know the catalogue and the room tables of a round."""
        self.told += split.catalogue
        for entry in split.catalogue:
            self.runtime.catalogue.apply(entry)
        scenes = self.runtime.scenes
        for table in self.rooms.apply(split.rooms, split.clock_ms):
            scenes.tables.publish(table.stamp_s, table)
        scenes.tables.advance(FOREVER_S if split.done else self.rooms.closed_s)
        for near in self.audience.apply(split.audience or [], split.clock_ms):
            scenes.neighbours.publish(near.stamp_s, near)
        scenes.neighbours.advance(FOREVER_S if split.done else self.audience.closed_s)
        for counted in self.segments.apply(split.segments or [], split.clock_ms):
            scenes.segments.publish(counted.stamp_s, counted)
        scenes.segments.advance(FOREVER_S if split.done else self.segments.closed_s)

    def _observed(self, outs: Sequence[Observed], split: Split) -> None:
        made = self.made
        for out in outs:
            made.take(out)
        if not self.decides:
            return
        for example in [example for out in outs for example in out.examples]:
            self.learn.add(example)
        lateness_ms = self.settings.flow.lateness_ms
        closed_s = FOREVER_S if split.done else (split.clock_ms - lateness_ms) // 1000 - 1
        boards = self.runtime.boards
        tables = self.learn.close(closed_s)
        boards.publish(tables, self.learn.take_factors())
        boards.tables.advance(closed_s)
        for shard, out in zip(self.decide, outs, strict=True):
            shard.apply(out.steps, out.ends)
            decided = shard.drain()
            made.decisions = [d for d in made.decisions if d.user_id not in decided.forgotten]
            made.decisions += decided.decisions
            made.last_gone += decided.last_gone
            for user in decided.erased:
                for name in ("recs", "more", "push"):
                    made.writes.pop((user, name), None)
            made.pushes = [push for push in made.pushes if push.user_id not in decided.recalled]
            made.pushes += decided.pushes
            for write in decided.writes:
                made.writes.setdefault((write.user_id, write.name), []).append(write)
