"""Event time of a live run: of one partition, of all as a shard sees them, and their pace.

Pure arithmetic: the wall clock is handed in. All times are UTC epoch milliseconds; 0 stands for
a time that is not known yet.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Any

import msgspec

UNKNOWN_MS = 0
_FAR_MS = 1 << 62


class PartClock:
    """The time up to which one partition has been read.

    While rows come it is the least of the newest event's time, the newest record's time and the
    wall clock. Once it is known to hold nothing more, it follows the wall clock `silent_ms`
    behind: so it stands still neither while it is silent nor after a lone event.
    """

    def __init__(self, silent_ms: int, time_ms: int = UNKNOWN_MS) -> None:
        self._silent_ms = silent_ms
        self.time_ms = time_ms
        self.newest_ms = time_ms
        self._recorded_ms = time_ms

    def row(self, event_time_ms: int, record_ms: int, now_ms: int) -> int:
        """Take a person's event; the time as of it."""
        if event_time_ms > self.newest_ms:
            self.newest_ms = event_time_ms
        recorded_ms = min(record_ms, now_ms)
        if recorded_ms > self._recorded_ms:
            self._recorded_ms = recorded_ms
        time_ms = min(self.newest_ms, self._recorded_ms)
        if time_ms > self.time_ms:
            self.time_ms = time_ms
        return self.time_ms

    def read_up_to(self, known_ms: int) -> int:
        """All that was recorded before `known_ms` has been read; the time as of that."""
        self.time_ms = max(self.time_ms, known_ms - self._silent_ms)
        return self.time_ms


class _Times(msgspec.Struct, array_like=True):
    clock_ms: int
    times: dict[str, int]
    offsets: dict[str, int]


class PartTimes:
    """The clock of one step: the least of all partitions' times, and never backwards.

    While nothing is known of a partition the clock stands, for `start_ms` of wall clock at most.
    """

    def __init__(self, parts: Iterable[str], start_ms: int, packed: bytes | None = None) -> None:
        self._parts = frozenset(parts)
        self._start_ms = start_ms
        self._heard: set[str] = set()
        self._since_ms = -1
        self.clock_ms = UNKNOWN_MS
        self.times: dict[str, int] = {}
        self.offsets: dict[str, int] = {}
        if packed is not None:
            saved = _TIMES.decode(packed)
            self.clock_ms, self.offsets = saved.clock_ms, saved.offsets
            self.times = {part: ms for part, ms in saved.times.items() if part in self._parts}
            self._heard.update(self.times)
        self._order = sorted(self.times.values())
        """All partitions' times: every row's stamp asks for the least of them."""

    def hear(self, part: str, time_ms: int, now_ms: int) -> None:
        """Something of a partition has come, whose first row has this time; it is not taken yet."""
        if time_ms == UNKNOWN_MS or part not in self._parts:
            return
        if self._since_ms < 0:
            self._since_ms = now_ms
        if part not in self._heard:
            self._heard.add(part)
            self._set(part, time_ms)

    def hear_all(self, heard: Iterable[tuple[str, int, int]], now_ms: int) -> None:
        """Partitions have come to offsets and times, of which no row is still to be taken."""
        for part, offset, time_ms in heard:
            self.hear(part, time_ms, now_ms)
            self.take(part, offset, time_ms, now_ms)

    def is_started(self, now_ms: int) -> bool:
        """Whether the clock can be told: rows that come before wait."""
        return self.clock_ms != UNKNOWN_MS or self._is_complete(now_ms)

    def _is_complete(self, now_ms: int) -> bool:
        if len(self._heard) == len(self._parts):
            return True
        return bool(self._heard) and self._since_ms <= now_ms - self._start_ms

    def take(self, part: str, offset: int, time_ms: int, now_ms: int) -> tuple[int, int]:
        """A partition has come to a time; the least and the most that its rows are stamped with."""
        floor_ms, times, order = self.clock_ms, self.times, self._order
        if offset > self.offsets.get(part, -1) and part:
            self.offsets[part] = offset
        known = part in self._parts
        if known and time_ms > times.get(part, UNKNOWN_MS):
            self._set(part, time_ms)
        if not order or not self._is_complete(now_ms):
            return floor_ms, floor_ms
        least_ms = order[0]
        self.clock_ms = max(floor_ms, least_ms)
        if not known:
            return floor_ms, self.clock_ms
        if times.get(part) == least_ms:
            least_ms = order[1] if len(order) > 1 else _FAR_MS
        return floor_ms, max(floor_ms, least_ms)

    def _set(self, part: str, time_ms: int) -> None:
        before_ms = self.times.get(part)
        if before_ms is not None:
            del self._order[bisect_left(self._order, before_ms)]
        insort(self._order, time_ms)
        self.times[part] = time_ms

    def least(self) -> tuple[int, str]:
        """The time of the partition that is furthest behind, and the first of those that are."""
        return min(((time_ms, part) for part, time_ms in self.times.items()), default=(_FAR_MS, ""))

    def pack(self) -> bytes:
        """Clock, times and offsets."""
        return msgspec.msgpack.encode(_Times(self.clock_ms, self.times, self.offsets))


_TIMES = msgspec.msgpack.Decoder(_Times)


class Pace:
    """Keeps the partitions of a process together: none far ahead of the slowest that has rows.

    A partition that says nothing new for `stalled_ms` holds nobody up any more.
    """

    def __init__(self, ahead_ms: int, stalled_ms: int) -> None:
        self._ahead_ms = ahead_ms
        self._stalled_ms = stalled_ms
        self._heads: dict[str, tuple[int, int]] = {}

    def enter(self, part: str, now_ms: int) -> None:
        """A partition of which nothing is known yet."""
        self._heads[part] = (UNKNOWN_MS, now_ms)

    def tell(self, part: str, head_ms: int | None, now_ms: int) -> None:
        """The time of a partition's next row, or of its last where that is not there yet.

        None: it has been read to its end.
        """
        if head_ms is None:
            self._heads.pop(part, None)
            return
        before: Any = self._heads.get(part)
        if before is None or before[0] != head_ms:
            self._heads[part] = (head_ms, now_ms)

    def limit_ms(self, part: str, now_ms: int) -> int:
        """The time up to which a partition may give out rows."""
        since_ms = now_ms - self._stalled_ms
        heads = [
            head_ms
            for other, (head_ms, told_ms) in self._heads.items()
            if other != part and told_ms >= since_ms
        ]
        return min(heads, default=_FAR_MS) + self._ahead_ms
