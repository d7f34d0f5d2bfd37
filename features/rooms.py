"""Room statistics from raw events: decayed counts, folded second by second behind the watermark.

Rows may come in any order and in any cut: they wait in the bucket of their own second until the
watermark has passed it, and a bucket holds integer counts, so the order within it cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import msgspec
import numpy as np
from numpy.typing import NDArray

from events.envelope import seal, unseal
from events.setting import setting
from features.dedupe import Dedupe
from features.shelf import Shelves

IMPRESSION, CLICK, ENTER, LEAVE, ORDER, SIGNAL = range(6)
COLUMNS = ("impressions", "clicks", "enters", "leaves", "orders", "heat")
_KIND = b"LLRO"
_VERSION = 1

RoomRow = tuple[int, int, int, str, int, int]
"""Hash of the event id, the log's clock, event time in ms, room, a code above, thousandths."""


@dataclass(frozen=True)
class RoomSettings:
    """How fast a room's past fades."""

    rate_half_life_s: int = setting(
        6 * 3600, "s", "Click and leave rates should span a broadcast, not a week.", least=1
    )
    heat_half_life_s: int = setting(300, "s", "Heat is what happens in a room right now.", least=1)
    rooms_max: int = setting(
        50_000, "rooms", "Beyond it the rooms with the least past are dropped.", least=1
    )
    dedupe_s: int = setting(
        120, "s", "Producers retry within seconds; a longer memory costs state."
    )


_ROWS = msgspec.msgpack.Decoder(list[RoomRow])


def unpack_room_rows(packed: bytes) -> list[RoomRow]:
    """Rows that msgpack has encoded."""
    return _ROWS.decode(packed)


class RoomTable:
    """Statistics of all rooms at one second. `values[i]` are the COLUMNS of room `ids[i]`.

    `ids` may be longer: the publisher goes on to append to it.
    """

    __slots__ = ("ids", "stamp_s", "values")

    def __init__(self, stamp_s: int, ids: list[str], values: NDArray[np.float64]) -> None:
        self.stamp_s = stamp_s
        self.ids = ids
        self.values = values

    def pack(self) -> tuple[int, bytes, bytes]:
        """Stamp, ids and values, for a snapshot."""
        ids = msgspec.msgpack.encode(self.ids[: len(self.values)])
        return self.stamp_s, ids, self.values.tobytes()

    @classmethod
    def unpack(cls, stamp_s: int, ids: bytes, values: bytes) -> RoomTable:
        """The table of `pack`."""
        return cls(
            stamp_s,
            msgspec.msgpack.decode(ids, type=list[str]),
            np.frombuffer(values).reshape(-1, len(COLUMNS)),
        )


NO_ROOMS = RoomTable(-1, [], np.zeros((0, len(COLUMNS))))


class RoomStats:
    """The publisher: takes rows and the watermark, gives a table for each second that had any."""

    def __init__(
        self, settings: RoomSettings, lateness_ms: int, shelves: Shelves | None = None
    ) -> None:
        self.settings = settings
        self.lateness_ms = lateness_ms
        self.duplicates = 0
        self.late = 0
        self.dropped = 0
        self._dedupe = Dedupe(settings.dedupe_s, shelves("d") if shelves is not None else None)
        self._buckets: dict[int, dict[str, list[int]]] = {}
        self.closed_s = -1
        self._folded_s = -1
        self._ids: list[str] = []
        self._number: dict[str, int] = {}
        self._values = np.zeros((1024, len(COLUMNS)))

    def apply(self, rows: list[RoomRow], clock_ms: int) -> list[RoomTable]:
        """Take rows and the clock after them; publish every second that the watermark has passed.

        A late row counts in the first second that was still open at its own place in the log,
        so the tables do not depend on how the rows are cut.
        """
        seen, older, horizon_s = self._dedupe.recent, self._dedupe.older, self._dedupe.horizon_s
        buckets, lateness_ms = self._buckets, self.lateness_ms
        second_of_clock = known_ms = open_s = bucket_s = -1
        bucket: dict[str, list[int]] = {}
        for key, row_clock_ms, time_ms, room_id, code, thousandths in rows:
            if row_clock_ms != known_ms:
                known_ms = row_clock_ms
                open_s = (row_clock_ms - lateness_ms) // 1000
                if row_clock_ms // 1000 != second_of_clock:
                    second_of_clock = row_clock_ms // 1000
            # `Dedupe.is_new`, without a call a row.
            seen_s = seen.get(key)
            if seen_s is None:
                seen_s = older.get(key)
            if seen_s is not None:
                if second_of_clock - seen_s <= horizon_s:
                    self.duplicates += 1
                    continue
                self._dedupe.came_again(key)
            seen[key] = second_of_clock
            second = time_ms // 1000
            if second < open_s:
                self.late += 1
                second = open_s
            if second != bucket_s:
                bucket_s = second
                bucket = buckets.setdefault(second, {})
            counts = bucket.get(room_id)
            if counts is None:
                counts = bucket[room_id] = [0, 0, 0, 0, 0, 0]
            if code != SIGNAL:
                counts[code] += 1
            if thousandths:
                counts[5] += thousandths
        self._dedupe.sweep(clock_ms // 1000)
        self.closed_s = max(self.closed_s, (clock_ms - lateness_ms) // 1000 - 1)
        return [
            self._fold(second, buckets.pop(second))
            for second in sorted(second for second in buckets if second <= self.closed_s)
        ]

    def _fold(self, second: int, bucket: dict[str, list[int]]) -> RoomTable:
        """Decay all rooms to this second and add what happened in it."""
        for room_id in sorted(bucket.keys() - self._number.keys()):
            self._number[room_id] = len(self._ids)
            self._ids.append(room_id)
        count = len(self._ids)
        if count > len(self._values):
            grown = np.zeros((max(count, 2 * len(self._values)), len(COLUMNS)))
            grown[: len(self._values)] = self._values
            self._values = grown
        values = self._values[:count]
        if self._folded_s >= 0:
            elapsed_s = second - self._folded_s
            values[:, :5] *= 0.5 ** (elapsed_s / self.settings.rate_half_life_s)
            values[:, 5] *= 0.5 ** (elapsed_s / self.settings.heat_half_life_s)
        self._folded_s = second
        places = np.fromiter(map(self._number.__getitem__, bucket), np.intp, len(bucket))
        counted = chain.from_iterable(bucket.values())
        added = np.fromiter(counted, np.float64, len(bucket) * len(COLUMNS))
        added = added.reshape(len(bucket), len(COLUMNS))
        added[:, 5] /= 1000.0
        values[places] += added
        if count > self.settings.rooms_max:
            self._compact()
            values = self._values[: len(self._ids)]
        return RoomTable(second, self._ids, values.copy())

    def _compact(self) -> None:
        """Keep the three quarters of the rooms that have most impressions and heat."""
        keep = self.settings.rooms_max * 3 // 4
        values = self._values[: len(self._ids)]
        weight = values[:, 0] + values[:, 5]
        order = sorted(range(len(self._ids)), key=lambda i: (-weight[i], self._ids[i]))[:keep]
        order.sort()
        self.dropped += len(self._ids) - keep
        self._values[:keep] = values[order]
        self._values[keep:] = 0.0
        self._ids = [self._ids[i] for i in order]
        self._number = {room_id: number for number, room_id in enumerate(self._ids)}

    def write(self) -> None:
        """Put on the shelf what is new; a snapshot does it too, but has more to do then."""
        self._dedupe.write()

    def snapshot(self) -> bytes:
        """The state as versioned bytes, but for what is on the shelf."""
        state = msgspec.msgpack.encode(
            (
                (self.duplicates, self.late, self.dropped, self.closed_s, self._folded_s),
                self._dedupe.snapshot(),
                self._buckets,
                self._ids,
                self._values[: len(self._ids)].tobytes(),
            )
        )
        return seal(_KIND, _VERSION, state)

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot; StateError where it cannot be read."""
        state = unseal(_KIND, _VERSION, packed, "room statistics")
        counters, seen, buckets, ids, values = _STATE.decode(state)
        self.duplicates, self.late, self.dropped, self.closed_s, self._folded_s = counters
        self._dedupe.restore(seen)
        self._buckets = buckets
        self._ids = ids
        self._number = {room_id: number for number, room_id in enumerate(ids)}
        self._values = np.zeros((max(1024, len(ids)), len(COLUMNS)))
        self._values[: len(ids)] = np.frombuffer(values).reshape(-1, len(COLUMNS))


_STATE = msgspec.msgpack.Decoder(
    tuple[
        tuple[int, int, int, int, int],
        tuple[bytes, bytes],
        dict[int, dict[str, list[int]]],
        list[str],
        bytes,
    ]
)
