"""Rows of several partitions in one order, whatever order they come in.

A row waits until every partition has come as far as its own was at it. So what a shard does is a
function of the topics alone: neither processes nor kills nor the pace of a partition change it.
It costs waiting for the slowest partition, and so is for runs that are compared.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from features.rows import Row, Rows
from flows.live_clock import UNKNOWN_MS, PartTimes
from flows.live_messages import Arrival

_NOWHERE = -1


class PartOrder:
    """A shard's rows by (their partition's time, partition, offset).

    Order: any among partitions; within one, that of its offsets, times never falling. Time: a
    sort of two sorted runs each call. Space: the rows that one partition is ahead of the slowest.
    Judged by `tests/flows/test_live_order.py`.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, str, Row]] = []

    def take(
        self, shard: int, arrivals: Iterable[Arrival], times: PartTimes, now_ms: int, seq: int
    ) -> Rows:
        """The rows that may be worked on, each at its partition's time; `times` moves on."""
        clock_ms = times.clock_ms
        for one in arrivals:
            times.take(one.part, one.offset, one.clock_ms, now_ms)
            self._waiting += [(row[4], one.part, row) for row in one.rows.rows]
        self._waiting.sort(key=_place)
        count = bisect_right(self._waiting, times.least(), key=_place)
        made = Rows(shard, 0, times.clock_ms, seq)
        for row_ms, _, (event, person, number, key, _, _) in self._waiting[:count]:
            clock_ms = max(clock_ms, row_ms)
            made.rows.append((event, person, number, key, clock_ms, seq))
        # A partition that was not known before may be behind what the others have passed.
        made.clock_ms = max(made.clock_ms, clock_ms)
        del self._waiting[:count]
        return made

    def reached(self, offsets: dict[str, int]) -> dict[str, int]:
        """How far the work has got, where the rows of partitions have come so far."""
        found = dict(offsets)
        for _, part, row in reversed(self._waiting):
            if part in found:
                found[part] = row[2] - 1
        return found

    def pack(self, shard: int) -> list[Arrival]:
        """What waits, as arrivals that tell nothing of a partition's time."""
        by_part: dict[str, Rows] = {}
        for _, part, row in self._waiting:
            by_part.setdefault(part, Rows(shard, 0, UNKNOWN_MS, 0)).rows.append(row)
        return [Arrival(part, _NOWHERE, UNKNOWN_MS, rows) for part, rows in by_part.items()]


def _place(waiting: tuple[int, str, Row]) -> tuple[int, str]:
    return waiting[:2]
