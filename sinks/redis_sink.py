"""Delivery to Redis: newest versions only, pushes once, and what was lost there is noticed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from decisions.outputs import Delivery, Push, RoomWrite, Write
from sinks.connect import Client
from sinks.counters import Counters
from sinks.kept import Held, Kept
from sinks.keys import Keys
from sinks.link import Call
from sinks.newest import Value, newest_of, with_version
from sinks.reached import Reached
from sinks.recall import Recall
from sinks.scripts import MARK, PUSH_ONCE, WRITE_NEWER, WRITE_ROOMS
from sinks.sender import Sender, ignore, slices
from sinks.settings import RedisSettings


class RedisWriter:
    """Writes deliveries in order; a call returns once they are sent, `flush` once Redis has them.

    Guarantee: at-least-once delivery of absolute values that Redis takes only when their version is
    larger, so any number of repetitions leaves the newest; a push enters its stream once.

    `name` tells the writer from all others and stays the same from run to run; `marks` is what
    `marks()` returned when state was last saved; `kept` holds a copy of what is delivered. While
    Redis is away every method waits and tries again, and raises `Stopped` once `should_stop()` is
    true.
    """

    def __init__(
        self,
        client: Client,
        settings: RedisSettings,
        name: str = "deliver",
        *,
        should_stop: Callable[[], bool] = lambda: False,
        counters: Counters | None = None,
        marks: Mapping[str, int] | None = None,
        kept: Kept | None = None,
        sleep: Callable[[float], None] = time.sleep,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.keys = Keys(settings.prefix, settings.push_streams)
        self.counters = counters or Counters()
        self._settings = settings
        self._kept = kept
        self._should_stop = should_stop
        self._lost = 0
        self._sender = Sender(client, settings, name, self.counters, should_stop, sleep, timer)
        self._reached = Reached(self._sender, self.keys)
        self._ttl = b"%d" % settings.ttl_ms
        self._field = f"beat:{name}".encode()
        self._marks = dict(marks or {})
        self._beat = max(self._marks.values(), default=0)
        self._recall = Recall(self.keys, self._sender.follow_ups.append)

    def write(self, deliveries: Sequence[Delivery]) -> None:
        """Send the newest version of every value in these deliveries; not their pushes.

        What stood before an erasure is sent, then erased; what comes with it or later stays.
        """
        calls: list[Call] = []
        start = 0
        for place, delivery in enumerate(deliveries):
            if delivery.erased or delivery.recalled:
                calls += self._writes(deliveries[start:place])
                calls += self._erasures(delivery.erased, delivery.recalled)
                start = place
                if not self._sender.one_slot:
                    # Nodes work side by side: what came before must be there before it goes.
                    self._sender.post(calls)
                    calls = []
        calls += self._writes(deliveries[start:] if start else deliveries)
        self._sender.post(calls + self._mark_calls())
        if not self._sender.one_slot:
            # Replies are here already, and rooms are waiting for theirs to be listed as live.
            self.flush()

    def _erasures(self, erased: Sequence[tuple[str, str]], recalled: Sequence[str]) -> list[Call]:
        """Take users' own keys out of Redis, and their pushes out of the streams."""
        owned: dict[str, list[str]] = {}
        for user, name in erased:
            owned.setdefault(user, []).append(self.keys.user(user, name))
        calls = [Call([b"DEL", *(k.encode() for k in own)], ignore, own) for own in owned.values()]
        if self._kept is not None:
            self._kept.forget(erased, recalled)
        return calls + self._recall.calls(recalled)

    def _writes(self, deliveries: Sequence[Delivery]) -> list[Call]:
        strict: list[Delivery] = []
        settled: list[Delivery] = []
        for delivery in deliveries:
            if delivery.reached is None:
                strict.append(delivery)
            else:
                passed = self._reached.advance(delivery.source, delivery.reached)
                (settled if passed else strict).append(delivery)
        calls = self._reached.calls()
        if not self._sender.one_slot:
            # How far we got must be known before what we got there.
            self._sender.post(calls)
            calls = []
        for group, may_raise in ((strict, False), (settled, True)):
            if group:
                newest = self._newest(group)
                rooms = [room for delivery in group for room in delivery.rooms]
                if self._kept is not None:
                    self._kept.note([*newest.values(), *rooms])
                calls += self._value_calls(newest, may_raise)
                if rooms:
                    calls += self._room_calls(rooms, may_raise)
        return calls

    def push(self, pushes: Iterable[Push], forget_before_ms: int = 0) -> None:
        """Send pushes; ids of pushes older than `forget_before_ms` are dropped from the guard."""
        pushes = list(pushes)
        if not pushes:
            return
        if self._kept is not None:
            self._kept.note_pushes(pushes)
        self._sender.post(self._push_calls(pushes, forget_before_ms) + self._mark_calls())

    def hold_ids(self) -> None:
        """Keep the ids of recalled pushes until `forget_ids`: what was sent may be sent again."""
        self._recall.holds_ids = True

    def forget_ids(self, epochs: int) -> None:
        """An epoch ends: drop the ids of pushes that were recalled so many epochs before."""
        self._sender.post(self._recall.epoch_ends(epochs))

    def put_back(self, held: Iterable[Held]) -> None:
        """Send what was delivered before to a Redis that has lost some of it."""
        values: dict[str, Value] = {}
        rooms: list[RoomWrite] = []
        pushes: list[Push] = []
        for one in held:
            if isinstance(one, Push):
                pushes.append(one)
            elif isinstance(one, RoomWrite):
                rooms.append(one)
            elif isinstance(one, Write):
                values[self.keys.user(one.user_id, one.name)] = one
            else:
                values[self.keys.model(one.name)] = one
        self.counters.put_back += len(values) + len(rooms) + len(pushes)
        calls = self._value_calls(values, False) + self._room_calls(rooms, False)
        self._sender.post(calls + self._push_calls(pushes, 0))
        if not self._sender.one_slot:
            self.flush()

    def mark(self) -> None:
        """Ask whether Redis still has all that it acknowledged, with nothing to write."""
        self._sender.post(self._mark_calls())

    def health(self, body: bytes) -> None:
        """Replace the health value, which any number of processes may do: the last one stays."""
        self._sender.post([Call([b"SET", self.keys.health.encode(), body], ignore)])

    def flush(self) -> None:
        """Return once Redis has acknowledged everything."""
        self._sender.flush()

    def close(self) -> None:
        """Flush, then give the connection back."""
        self._sender.close()

    def lost_writes(self) -> int:
        """How many times this writer found that Redis had lost what it had acknowledged."""
        return self._lost

    @property
    def is_stopping(self) -> bool:
        """Whether the run is to end."""
        return self._should_stop()

    def marks(self) -> dict[str, int]:
        """What to hand to the next writer of this name, so that it can tell a loss meanwhile."""
        return dict(self._marks)

    # Calls.

    def _push_calls(self, pushes: Iterable[Push], forget_before_ms: int) -> list[Call]:
        streams: dict[int, list[Push]] = {}
        for push in pushes:
            streams.setdefault(self.keys.stream_of(push.user_id), []).append(push)
        calls = []
        for stream in sorted(streams):
            keys = [self.keys.push_ids(stream), self.keys.push_out(stream)]
            for some in slices(streams[stream], self._settings.keys_per_call):
                args = [b"%d" % self._settings.push_stream_max, b"%d" % forget_before_ms]
                for push in some:
                    args += (push.push_id.encode(), b"%d" % push.at_ms, push.payload)
                parts = PUSH_ONCE.call([key.encode() for key in keys], args)
                calls.append(Call(parts, partial(self._on_pushes, len(some))))
        return calls

    def _newest(self, deliveries: Sequence[Delivery]) -> dict[str, Value]:
        key_of = self.keys.user
        given: list[tuple[str, Value]] = [
            (key_of(write.user_id, write.name), write)
            for delivery in deliveries
            for write in delivery.writes
        ]
        given += [
            (self.keys.model(card.name), card) for delivery in deliveries for card in delivery.cards
        ]
        newest = newest_of(given)
        self.counters.coalesced += len(given) - len(newest)
        return newest

    def _value_calls(self, values: Mapping[str, Value], may_raise: bool) -> list[Call]:
        calls = []
        for keys in self._groups(list(values)):
            some = [values[key] for key in keys]
            args = [self._ttl, *[value.body for value in some]]
            parts = WRITE_NEWER.call([key.encode() for key in keys], args)
            calls.append(Call(parts, partial(self._on_values, keys, some, may_raise), keys))
        return calls

    def _room_calls(self, rooms: Iterable[RoomWrite], may_raise: bool) -> list[Call]:
        newest = newest_of((self.keys.room(room.room_id), room) for room in rooms)
        if not self._sender.one_slot:
            # The set lies on another node: `_on_values` changes it once the room is written.
            return self._value_calls(newest, may_raise)
        calls = []
        for keys in self._groups(list(newest)):
            some = [newest[key] for key in keys]
            args = [self._ttl]
            for room in some:
                args += (room.room_id.encode(), b"1" if room.live else b"0", room.body)
            names = [self.keys.rooms.encode(), *[key.encode() for key in keys]]
            handle = partial(self._on_values, keys, some, may_raise)
            calls.append(Call(WRITE_ROOMS.call(names, args), handle, keys))
        return calls

    def _groups(self, keys: list[str]) -> list[list[str]]:
        if self._sender.one_slot:
            return slices(keys, self._settings.keys_per_call)
        slots: dict[str, list[str]] = {}
        for key in keys:
            slots.setdefault(key.rpartition(":")[0] if "{" in key else key, []).append(key)
        return list(slots.values())

    # Replies.

    def _on_values(
        self, keys: list[str], values: Sequence[Value], may_raise: bool, refused: list[int]
    ) -> None:
        counters = self.counters
        counters.writes += len(values) - len(refused) // 2
        stored_at = dict(zip(refused[::2], refused[1::2], strict=True))
        raised: dict[str, Value] = {}
        for place, stored in stored_at.items():
            key, value = keys[place - 1], values[place - 1]
            if stored <= value.version:
                counters.repeated += 1
            elif may_raise and not any(key in call.keys for call in self._sender.unanswered):
                raised[key] = with_version(value, stored + 1)
            else:
                counters.refused += 1
        if raised:
            counters.raised += len(raised)
            if self._kept is not None:
                self._kept.note(raised.values())
            rooms = [value for value in raised.values() if isinstance(value, RoomWrite)]
            others = {k: v for k, v in raised.items() if not isinstance(v, RoomWrite)}
            self._sender.follow_ups += self._value_calls(others, True)
            self._sender.follow_ups += self._room_calls(rooms, True)
        if not self._sender.one_slot:
            for place, value in enumerate(values, 1):
                if isinstance(value, RoomWrite) and stored_at.get(place, 0) <= value.version:
                    verb = b"SADD" if value.live else b"SREM"
                    parts = [verb, self.keys.rooms.encode(), value.room_id.encode()]
                    self._sender.follow_ups.append(Call(parts, ignore))

    def _on_pushes(self, sent: int, repeated: int) -> None:
        self.counters.pushes += sent - repeated
        self.counters.pushes_repeated += repeated

    # Whether Redis still has what it was given.

    def _mark_calls(self) -> list[Call]:
        """To be sent behind what they vouch for: who has lost that has lost the mark as well."""
        self._beat += 1
        calls = []
        for marker in self._sender.markers(self.keys):
            parts = MARK.call([marker.encode()], [self._field, b"%d" % self._beat])
            calls.append(Call(parts, partial(self._on_mark, marker, self._beat)))
        return calls

    def _on_mark(self, marker: str, beat: int, before: bytes) -> None:
        if int(before) < self._marks.get(marker, 0):
            self._lost += 1
            self.counters.lost += 1
        self._marks[marker] = beat
