"""NEIGHBOURS: who liked this also liked that, from raw events, published as stamped tables."""

from __future__ import annotations

import msgspec

from events.envelope import seal, unseal
from features.neighbour_table import NeighbourTable, table_of
from features.neighbours import Neighbours, NeighbourSettings
from features.panel import NO_PANEL, panel_of
from features.periods import Periods

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


class Audience(Periods[list[tuple[int, str, str]], NeighbourTable]):
    """The publisher of neighbours.

    A late row counts in the first second that was still open at its own place in the log. A second
    engagement with a room counts not again (`Neighbours.engage`), so that neither does a duplicate.
    Judged by the kernel fed in order (tests/features/test_audience.py).
    """

    ERASED, REFUSED, ALLOWED = ERASED, REFUSED, ALLOWED

    def __init__(self, settings: NeighbourSettings, lateness_ms: int) -> None:
        super().__init__("engagements", settings.publish_s, settings.users_max, lateness_ms)
        self.settings = settings
        self._neighbours = Neighbours(settings)

    def _wait(self, code: int, time_ms: int, user: str, what: str, open_s: int) -> None:
        second = time_ms // 1000
        if second < open_s:
            self.counts["late"] += 1
            second = open_s
        self._buckets.setdefault(second, []).append((time_ms, user, what))

    def _forget(self, user: str, open_s: int) -> None:
        self._neighbours.forget(user)
        for second, bucket in list(self._buckets.items()):
            kept = [row for row in bucket if row[1] != user]
            if kept:
                self._buckets[second] = kept
            else:
                del self._buckets[second]
        if self.settings.users:
            # The next table is without them, be it all that is new.
            self._period, self._is_new = open_s // self._publish_s, True

    def _work_off(self, bucket: list[tuple[int, str, str]]) -> bool:
        for time_ms, user, room_id in sorted(bucket):
            self._neighbours.engage(user, room_id, time_ms / 1000.0)
            self.counts["engagements"] += 1
        return True

    def _table(self, stamp_s: int) -> NeighbourTable:
        neighbours, most = self._neighbours, self.settings.similar_max
        nearest = {}
        for item in neighbours.items():
            found = neighbours.similar(item, float(stamp_s)).items()
            nearest[item] = sorted(found, key=lambda pair: (-pair[1], pair[0]))[:most]
        panel = NO_PANEL
        if self.settings.users:
            panel = panel_of(stamp_s, neighbours.latest(self.settings.panel_max))
        return table_of(stamp_s, nearest, panel)

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
