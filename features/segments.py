"""How often users of each segment are shown and click each room, published as stamped tables."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from events.envelope import seal, unseal
from features.periods import Periods
from features.segment_rows import (
    ALLOWED,
    ERASED,
    REFUSED,
    SHOWN,
    TOLD,
    SegmentSettings,
)
from features.segment_table import CLICKS, EVERYBODY, IMPRESSIONS, SegmentTable

_KIND = b"LLSG"
_VERSION = 1


_Told = tuple[int, str, tuple[str, ...]]
_Seen = tuple[str, str, int, int]


class _Bucket:
    """What waits of one second; a row that comes twice is in it once."""

    __slots__ = ("seen", "told")

    def __init__(self, told: Iterable[_Told] = (), seen: Iterable[_Seen] = ()) -> None:
        self.told = list(told)
        self.seen = set(seen)


class _State(msgspec.Struct, array_like=True):
    counts: dict[str, int]
    closed_s: int
    period: int
    is_new: bool
    buckets: list[tuple[int, list[_Told], list[_Seen]]]
    users: dict[str, tuple[str, ...]]
    refused: dict[str, None]
    names: list[str]
    ids: list[str]
    values: bytes


class Segments(Periods[_Bucket, SegmentTable]):
    """The publisher of segments.

    Impressions and clicks later than the allowed lateness count not; a record that late counts from
    then on. Time: O(segments a user) a row, and O(segments * rooms) a period. Judge: `naive` in
    tests/features/test_segments.py.
    """

    ERASED, REFUSED, ALLOWED = ERASED, REFUSED, ALLOWED

    def __init__(self, settings: SegmentSettings, lateness_ms: int) -> None:
        super().__init__("rows", settings.publish_s, settings.users_max, lateness_ms)
        self.settings = settings
        self._users: dict[str, tuple[str, ...]] = {}
        self._names = {EVERYBODY: 0}
        self._rooms: dict[str, int] = {}
        self._values = np.zeros((1, 64, 2))

    def _wait(self, code: int, time_ms: int, user: str, what: tuple[str, ...], open_s: int) -> None:
        second = time_ms // 1000
        if code == TOLD:
            told = self._buckets.setdefault(max(second, open_s), _Bucket()).told
            told.append((time_ms, user, tuple(what)))
        elif second < open_s:
            self.counts["late"] += 1
        else:
            self._buckets.setdefault(second, _Bucket()).seen.add((user, what[0], time_ms, code))

    def _forget(self, user: str, open_s: int) -> None:
        self._users.pop(user, None)
        for bucket in self._buckets.values():
            bucket.told = [one for one in bucket.told if one[1] != user]
            bucket.seen = {one for one in bucket.seen if one[0] != user}

    def _work_off(self, bucket: _Bucket) -> bool:
        for _, user, segments in sorted(bucket.told):
            self._tell(user, segments)
        for user, room_id, _, code in sorted(bucket.seen):
            self._count(user, room_id, IMPRESSIONS if code == SHOWN else CLICKS)
        return bool(bucket.seen)

    def _begin(self, period: int) -> None:
        """What was before counts for less."""
        if self._period >= 0:
            gone_s = (period - self._period) * self._publish_s
            self._values *= 0.5 ** (gone_s / self.settings.half_life_s)
        super()._begin(period)

    def _tell(self, user: str, segments: tuple[str, ...]) -> None:
        for name in segments:
            if name not in self._names:
                if len(self._names) > self.settings.segments_max:
                    self.counts["dropped"] += 1
                    continue
                self._names[name] = len(self._names)
        self._users.pop(user, None)
        self._users[user] = tuple(name for name in segments if name in self._names)
        if len(self._users) > self.settings.users_max:
            del self._users[next(iter(self._users))]
            self.counts["dropped"] += 1

    def _count(self, user: str, room_id: str, column: int) -> None:
        self.counts["rows"] += 1
        room = self._rooms.get(room_id)
        if room is None:
            if len(self._rooms) >= self.settings.rooms_max:
                self._compact()
            room = self._rooms[room_id] = len(self._rooms)
        names, rooms, _ = self._values.shape
        if len(self._names) > names or room >= rooms:
            shape = max(len(self._names), names), 2 * rooms if room >= rooms else rooms, 2
            grown = np.zeros(shape)
            grown[:names, :rooms] = self._values
            self._values = grown
        self._values[0, room, column] += 1.0
        for name in self._users.get(user, ()):
            self._values[self._names[name], room, column] += 1.0

    def _compact(self) -> None:
        """Keep the three quarters of the rooms that have most impressions."""
        ids, shown = list(self._rooms), self._values[0, :, IMPRESSIONS]
        keep = self.settings.rooms_max * 3 // 4
        order = sorted(range(len(ids)), key=lambda place: (-shown[place], ids[place]))[:keep]
        order.sort()
        kept = self._values[:, order]
        self.counts["dropped"] += len(ids) - keep
        self._values = np.zeros_like(self._values)
        self._values[:, :keep] = kept
        self._rooms = {ids[place]: number for number, place in enumerate(order)}

    def _table(self, stamp_s: int) -> SegmentTable:
        values = np.zeros((len(self._names), len(self._rooms), 2))
        counted = self._values[: len(self._names), : len(self._rooms)]
        values[: len(counted)] = counted
        return SegmentTable(stamp_s, list(self._names), list(self._rooms), values)

    def totals(self) -> dict[str, int]:
        """What was counted."""
        return {**self.counts, "segments": len(self._names) - 1}

    def snapshot(self) -> bytes:
        """The whole state as versioned bytes."""
        values = self._values[:, : len(self._rooms)]
        waiting = [
            (second, bucket.told, sorted(bucket.seen)) for second, bucket in self._buckets.items()
        ]
        state = _State(
            *(self.counts, self.closed_s, self._period, self._is_new, waiting, self._users),
            *(self._refused, list(self._names), list(self._rooms), values.tobytes()),
        )
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot; StateError where it cannot be read."""
        state = msgspec.msgpack.decode(unseal(_KIND, _VERSION, packed, "SEGMENTS"), type=_State)
        self.counts, self.closed_s = state.counts, state.closed_s
        self._period, self._is_new = state.period, state.is_new
        self._buckets = {second: _Bucket(told, seen) for second, told, seen in state.buckets}
        self._users, self._refused = state.users, state.refused
        self._names = {name: number for number, name in enumerate(state.names)}
        self._rooms = {room_id: number for number, room_id in enumerate(state.ids)}
        held = np.frombuffer(state.values).reshape(-1, len(state.ids), 2) if state.ids else None
        rows = len(held) if held is not None else 1
        self._values = np.zeros((rows, max(64, len(state.ids)), 2))
        if held is not None:
            self._values[:, : len(state.ids)] = held
