"""Delivery to Redis: newest versions only, nothing lost while it is away, readers not held up."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import orjson

from decisions.outputs import CardWrite, Delivery, Push, RoomWrite, Write
from sinks.away import Outage
from sinks.connect import Client
from sinks.counters import Counters
from sinks.kept import Held, Kept
from sinks.keys import Keys
from sinks.link import Call, link_to, passes
from sinks.recall import Recall
from sinks.retry import Backoff
from sinks.scripts import MARK, PUSH_ONCE, WRITE_NEWER, WRITE_ROOMS
from sinks.settings import RedisSettings

Value = Write | RoomWrite | CardWrite

_VERSION: Final = re.compile(rb'^(\{"v":\d+,"version":)\d+')
_REACHED: Final = "reached:"


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
        self._outage = Outage(name)
        self._link = link_to(client)
        self._backoff = Backoff(settings, name, should_stop, sleep)
        self._timer = timer
        self._ttl = b"%d" % settings.ttl_ms
        self._unanswered: deque[Call] = deque()
        self._follow_ups: list[Call] = []
        self._field = f"beat:{name}".encode()
        self._marks = dict(marks or {})
        self._markers: list[str] = []
        self._attempts = 0
        self._beat = max(self._marks.values(), default=0)
        self._before: dict[str, dict[str, int]] | None = None
        self._recall = Recall(self.keys, self._follow_ups.append)

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
                if not self._link.one_slot:
                    # Nodes work side by side: what came before must be there before it goes.
                    self._post(calls)
                    calls = []
        calls += self._writes(deliveries[start:] if start else deliveries)
        self._post(calls + self._mark_calls())
        if not self._link.one_slot:
            # Replies are here already, and rooms are waiting for theirs to be listed as live.
            self.flush()

    def _erasures(self, erased: Sequence[tuple[str, str]], recalled: Sequence[str]) -> list[Call]:
        """Take users' own keys out of Redis, and their pushes out of the streams."""
        owned: dict[str, list[str]] = {}
        for user, name in erased:
            owned.setdefault(user, []).append(self.keys.user(user, name))
        calls = [Call([b"DEL", *(k.encode() for k in own)], _ignore, own) for own in owned.values()]
        if self._kept is not None:
            self._kept.forget(erased, recalled)
        return calls + self._recall.calls(recalled)

    def _writes(self, deliveries: Sequence[Delivery]) -> list[Call]:
        strict: list[Delivery] = []
        settled: list[Delivery] = []
        reached: dict[str, bytes] = {}
        for delivery in deliveries:
            if delivery.reached is None:
                strict.append(delivery)
            else:
                passed = self._advance(delivery.source, delivery.reached, reached)
                (settled if passed else strict).append(delivery)
        calls = self._reached_calls(reached)
        if not self._link.one_slot:
            # How far we got must be known before what we got there.
            self._post(calls)
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
        self._post(self._push_calls(pushes, forget_before_ms) + self._mark_calls())

    def hold_ids(self) -> None:
        """Keep the ids of recalled pushes until `forget_ids`: what was sent may be sent again."""
        self._recall.holds_ids = True

    def forget_ids(self, epochs: int) -> None:
        """An epoch ends: drop the ids of pushes that were recalled so many epochs before."""
        self._post(self._recall.epoch_ends(epochs))

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
        self._post(calls + self._push_calls(pushes, 0))
        if not self._link.one_slot:
            self.flush()

    def mark(self) -> None:
        """Ask whether Redis still has all that it acknowledged, with nothing to write."""
        self._post(self._mark_calls())

    def health(self, body: bytes) -> None:
        """Replace the health value, which any number of processes may do: the last one stays."""
        self._post([Call([b"SET", self.keys.health.encode(), body], _ignore)])

    def flush(self) -> None:
        """Return once Redis has acknowledged everything."""
        while self._unanswered or self._follow_ups:
            self._post([])
            self._collect()

    def close(self) -> None:
        """Flush, then give the connection back."""
        self.flush()
        self._link.close()

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
            for some in _slices(streams[stream], self._settings.keys_per_call):
                args = [b"%d" % self._settings.push_stream_max, b"%d" % forget_before_ms]
                for push in some:
                    args += (push.push_id.encode(), b"%d" % push.at_ms, push.payload)
                parts = PUSH_ONCE.call([key.encode() for key in keys], args)
                calls.append(Call(parts, partial(self._on_pushes, len(some))))
        return calls

    def _newest(self, deliveries: Iterable[Delivery]) -> dict[str, Value]:
        """The newest version of each key, in the order of first appearance."""
        newest: dict[str, Value] = {}
        key_of, seen = self.keys.user, 0
        for delivery in deliveries:
            seen += len(delivery.writes) + len(delivery.cards)
            for write in delivery.writes:
                key = key_of(write.user_id, write.name)
                other = newest.get(key)
                if other is None or other.version < write.version:
                    newest[key] = write
            for card in delivery.cards:
                key = self.keys.model(card.name)
                other = newest.get(key)
                if other is None or other.version < card.version:
                    newest[key] = card
        self.counters.coalesced += seen - len(newest)
        return newest

    def _value_calls(self, values: Mapping[str, Value], may_raise: bool) -> list[Call]:
        calls = []
        for keys in self._groups(list(values)):
            some = [values[key] for key in keys]
            args = [self._ttl]
            args += [value.body for value in some]
            parts = WRITE_NEWER.call([key.encode() for key in keys], args)
            calls.append(Call(parts, partial(self._on_values, keys, some, may_raise), keys))
        return calls

    def _room_calls(self, rooms: Iterable[RoomWrite], may_raise: bool) -> list[Call]:
        newest: dict[str, RoomWrite] = {}
        for room in rooms:
            key = self.keys.room(room.room_id)
            other = newest.get(key)
            if other is None or other.version < room.version:
                newest[key] = room
        if not self._link.one_slot:
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
        if self._link.one_slot:
            return _slices(keys, self._settings.keys_per_call)
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
            elif may_raise and not any(key in call.keys for call in self._unanswered):
                raised[key] = _with_version(value, stored + 1)
            else:
                counters.refused += 1
        if raised:
            counters.raised += len(raised)
            if self._kept is not None:
                self._kept.note(raised.values())
            rooms = [value for value in raised.values() if isinstance(value, RoomWrite)]
            others = {k: v for k, v in raised.items() if not isinstance(v, RoomWrite)}
            self._follow_ups += self._value_calls(others, True) + self._room_calls(rooms, True)
        if not self._link.one_slot:
            for place, value in enumerate(values, 1):
                if isinstance(value, RoomWrite) and stored_at.get(place, 0) <= value.version:
                    verb = b"SADD" if value.live else b"SREM"
                    parts = [verb, self.keys.rooms.encode(), value.room_id.encode()]
                    self._follow_ups.append(Call(parts, _ignore))

    def _on_pushes(self, sent: int, repeated: int) -> None:
        self.counters.pushes += sent - repeated
        self.counters.pushes_repeated += repeated

    # How far Redis has been filled, and whether it still is.

    def _reached_calls(self, reached: dict[str, bytes]) -> list[Call]:
        if not reached:
            return []
        parts = [b"HSET", self.keys.epoch.encode()]
        for source, body in reached.items():
            parts += (f"{_REACHED}{source}".encode(), body)
        return [Call(parts, _ignore)]

    def _mark_calls(self) -> list[Call]:
        """To be sent behind what they vouch for: who has lost that has lost the mark as well."""
        if not self._markers:
            self._markers = self._patiently(lambda: self._link.markers(self.keys))
        self._beat += 1
        calls = []
        for marker in self._markers:
            parts = MARK.call([marker.encode()], [self._field, b"%d" % self._beat])
            calls.append(Call(parts, partial(self._on_mark, marker, self._beat)))
        return calls

    def _on_mark(self, marker: str, beat: int, before: bytes) -> None:
        if int(before) < self._marks.get(marker, 0):
            self._lost += 1
            self.counters.lost += 1
        self._marks[marker] = beat

    def _advance(self, source: str, now: Mapping[str, int], out: dict[str, bytes]) -> bool:
        """Note how far a source has got; whether that is past what was delivered before."""
        if self._before is None:
            self._before = self._delivered_before()
        before = self._before.get(source)
        if before is not None and all(now.get(part, -1) >= end for part, end in before.items()):
            del self._before[source]
            before = None
        furthest = dict(now)
        for part, end in (before or {}).items():
            furthest[part] = max(end, furthest.get(part, end))
        out[source] = orjson.dumps(furthest)
        return before is None

    def _delivered_before(self) -> dict[str, dict[str, int]]:
        answers: list[Any] = []
        self._post([Call([b"HGETALL", self.keys.epoch.encode()], answers.append)])
        self.flush()
        answer = answers[0]
        if not isinstance(answer, dict):  # as the protocol has it; a cluster's client makes a dict
            answer = dict(zip(answer[::2], answer[1::2], strict=True))
        stored = {name.decode(): body for name, body in answer.items()}
        return {
            name.removeprefix(_REACHED): orjson.loads(body)
            for name, body in stored.items()
            if name.startswith(_REACHED)
        }

    # Sending, and sending again.

    def _post(self, calls: list[Call]) -> None:
        """Take the replies of what was sent before, then send these calls."""
        self._collect()
        if self._follow_ups:
            calls = self._follow_ups + calls
            self._follow_ups.clear()
        for some in _slices(calls, self._settings.calls_in_flight):
            self._collect()
            self._unanswered.extend(some)
            sent_s = self._timer()
            for call in some:
                call.sent_s = sent_s
            try:
                self._link.send(some)
            except Exception as error:
                self._send_again(error)

    def _collect(self) -> None:
        while self._unanswered:
            try:
                reply = self._link.receive()
            except Exception as error:
                self._send_again(error)
                continue
            # Only an answer shows that Redis is back: it may take calls and refuse them all.
            if self._attempts:
                self._attempts = 0
                self._outage.over()
                self.counters.away = ""
            call = self._unanswered.popleft()
            self.counters.reply_us.add(self._timer() - call.sent_s)
            call.handle(reply)

    def _send_again(self, error: Exception) -> None:
        """Wait for Redis, then send what is unanswered, in the same order."""

        def again() -> None:
            self._link.reset()
            self._markers = []  # a cluster's nodes may be others now
            self._link.send(list(self._unanswered))

        self._patiently(again, error)

    def _patiently(self, action: Callable[[], Any], error: Exception | None = None) -> Any:
        while True:
            if error is not None:
                if not passes(error):
                    raise error
                self.counters.retries += 1
                self._outage.failed(error)
                self.counters.away = self._outage.reason
                self._backoff.wait(self._attempts)
                self._attempts += 1
            try:
                return action()
            except Exception as next_error:
                error = next_error


def _slices(items: list[Any], size: int) -> list[list[Any]]:
    return [items[i : i + size] for i in range(0, len(items), size)]


def _with_version(value: Value, version: int) -> Value:
    body = _VERSION.sub(rb"\g<1>%d" % version, value.body, count=1)
    return msgspec.structs.replace(value, version=version, body=body)


def _ignore(_reply: Any) -> None:
    return None
