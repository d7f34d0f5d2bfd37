"""NEIGHBOURS: who liked this also liked that, from raw events, published as stamped tables.

Engagements may come in any order and in any cut: they wait in the bucket of their own second
until the watermark has passed it, and a bucket is worked off in one order.
"""

from __future__ import annotations

import msgspec

from events.envelope import seal, unseal
from features.neighbour_table import NeighbourTable, table_of
from features.neighbours import Neighbours, NeighbourSettings
from features.panel import NO_PANEL, panel_of

ENGAGED, ERASED, REFUSED, ALLOWED = range(4)
_KIND = b"LLAU"
_VERSION = 1

AudienceRow = tuple[int, int, int, str, str]
"""A code above, the log's clock and event time in ms, user, room (empty but for ENGAGED)."""


class _State(msgspec.Struct, array_like=True):
    counts: dict[str, int]
    closed_s: int
    period: int
    is_new: bool
    buckets: dict[int, list[tuple[int, str, str]]]
    refused: dict[str, None]
    neighbours: bytes


class Audience:
    """The publisher: takes rows and the watermark; gives a table for each period that had any.

    Law: the tables are a function of the rows, however they are cut. A second engagement with a
    room counts not again (`Neighbours.engage`), so that neither does a duplicate. Who is erased
    or refuses profiling leaves at once, with all that waits of theirs. Judged by the kernel fed
    in order (tests/features/test_audience.py).
    """

    def __init__(self, settings: NeighbourSettings, lateness_ms: int) -> None:
        self.settings = settings
        self.lateness_ms = lateness_ms
        self.counts = {"engagements": 0, "late": 0, "refused": 0, "dropped": 0}
        self.closed_s = -1
        self._neighbours = Neighbours(settings)
        self._buckets: dict[int, list[tuple[int, str, str]]] = {}
        self._refused: dict[str, None] = {}
        self._period = -1
        self._is_new = False

    def apply(self, rows: list[AudienceRow], clock_ms: int) -> list[NeighbourTable]:
        """Take rows and the clock after them; publish every period that the watermark has passed.

        A late row counts in the first second that was still open at its own place in the log.
        """
        made: list[NeighbourTable] = []
        for code, row_clock_ms, time_ms, user, room_id in rows:
            open_s = max((row_clock_ms - self.lateness_ms) // 1000, self.closed_s + 1)
            if code == ENGAGED:
                if user in self._refused:
                    self.counts["refused"] += 1
                    continue
                second = time_ms // 1000
                if second < open_s:
                    self.counts["late"] += 1
                    second = open_s
                self._buckets.setdefault(second, []).append((time_ms, user, room_id))
                continue
            # What of the user was certain by now counts, however the rows are cut.
            made += self._close(open_s - 1)
            self._refused.pop(user, None)
            if code == ALLOWED:
                continue
            self._forget(user)
            if self.settings.users:
                # The next table is without them, be it all that is new.
                self._period, self._is_new = open_s // max(self.settings.publish_s, 1), True
            if code == REFUSED:
                self._refused[user] = None
                if len(self._refused) > self.settings.users_max:
                    del self._refused[next(iter(self._refused))]
                    self.counts["dropped"] += 1
        made += self._close((clock_ms - self.lateness_ms) // 1000 - 1)
        return made

    def _forget(self, user: str) -> None:
        self._neighbours.forget(user)
        for second, bucket in list(self._buckets.items()):
            kept = [row for row in bucket if row[1] != user]
            if kept:
                self._buckets[second] = kept
            else:
                del self._buckets[second]

    def _close(self, upto_s: int) -> list[NeighbourTable]:
        """Work off every second up to this one, and publish the periods that end by it."""
        if upto_s <= self.closed_s:
            return []
        made, every_s = [], max(self.settings.publish_s, 1)
        for second in sorted(second for second in self._buckets if second <= upto_s):
            if second // every_s != self._period:
                made += self._publish()
                self._period = second // every_s
            for time_ms, user, room_id in sorted(self._buckets.pop(second)):
                self._neighbours.engage(user, room_id, time_ms / 1000.0)
                self.counts["engagements"] += 1
            self._is_new = True
        self.closed_s = upto_s
        if upto_s >= (self._period + 1) * every_s - 1:
            made += self._publish()
        return made

    def _publish(self) -> list[NeighbourTable]:
        """The table as of the end of the period, where anything is new."""
        if not self._is_new:
            return []
        self._is_new = False
        stamp_s = (self._period + 1) * max(self.settings.publish_s, 1) - 1
        neighbours, most = self._neighbours, self.settings.similar_max
        nearest = {}
        for item in neighbours.items():
            found = neighbours.similar(item, float(stamp_s)).items()
            nearest[item] = sorted(found, key=lambda pair: (-pair[1], pair[0]))[:most]
        panel = NO_PANEL
        if self.settings.users:
            panel = panel_of(stamp_s, neighbours.latest(self.settings.panel_max))
        return [table_of(stamp_s, nearest, panel)]

    def totals(self) -> dict[str, int]:
        """What was counted."""
        dropped = self.counts["dropped"] + self._neighbours.dropped
        return {**self.counts, "dropped": dropped}

    def snapshot(self) -> bytes:
        """The whole state as versioned bytes."""
        state = _State(
            self.counts,
            self.closed_s,
            self._period,
            self._is_new,
            self._buckets,
            self._refused,
            self._neighbours.snapshot(),
        )
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot; StateError where it cannot be read."""
        state = msgspec.msgpack.decode(unseal(_KIND, _VERSION, packed, "NEIGHBOURS"), type=_State)
        self.counts, self.closed_s = state.counts, state.closed_s
        self._period, self._is_new = state.period, state.is_new
        self._buckets, self._refused = state.buckets, state.refused
        self._neighbours.restore(state.neighbours)
