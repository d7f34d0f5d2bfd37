"""COLLECT: one round of decoded rows taken apart by who needs them.

Users' rows go to their shard, anonymous ones to IDENTITY, catalogue events get their sequence
number, and every row that names a room goes to ROOMS. Each shard gets its round, be it empty:
that is how its clock moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from events import kinds
from events.hashing import hashes64, shard_of
from events.kinds import Event, person_of
from events.letters import DeadLetter
from features.audience import ALLOWED, ENGAGED, ERASED, REFUSED, AudienceRow
from features.catalogue import Entry
from features.door import Door
from features.rooms import CLICK, ENTER, IMPRESSION, LEAVE, ORDER, SIGNAL, RoomRow
from features.rows import Row, Rows
from features.segment_rows import SegmentRow, SegmentSettings, segment_rows
from features.strengths import StrengthSettings, measure, stayed_ms

_CATALOGUE = frozenset((kinds.Host, kinds.Room, kinds.Product, kinds.OnAir))
_BY_IDENTITY = frozenset((kinds.IdentityLink, kinds.Erase))
_SHARDS_KNOWN_MAX = 200_000


class Split:
    """The parts of one round. `counts`, of all rounds, come with the last."""

    __slots__ = (
        "_shards",
        "audience",
        "by_shard",
        "catalogue",
        "clock_ms",
        "counts",
        "done",
        "identity",
        "letters",
        "rooms",
        "round",
        "segments",
    )

    def __init__(self, round: int, clock_ms: int, seq: int, shards: int, done: bool) -> None:
        self.round = round
        self.clock_ms = clock_ms
        self.done = done
        self.catalogue: list[Entry] = []
        self.rooms: list[RoomRow] = []
        self.audience: list[AudienceRow] | None = None
        """None where neighbours are off."""
        self.segments: list[SegmentRow] | None = None
        """None where users are not sorted."""
        self.identity = Rows(-1, round, clock_ms, seq, False, done)
        self._shards = shards
        self.by_shard: dict[int, list[Row]] = {}
        self.letters: list[DeadLetter] = []
        self.counts: dict[str, Any] = {}

    @property
    def shards(self) -> list[Rows]:
        """The rows of every shard, be there none."""
        return [self._rows(shard) for shard in range(self._shards)]

    @property
    def touched(self) -> list[Rows]:
        """The rows of those shards that have any: few of them, in a small round."""
        return [self._rows(shard) for shard in sorted(self.by_shard)]

    def _rows(self, shard: int) -> Rows:
        whole = self.identity
        by_identity = bool(whole.rows) or self.done
        made = Rows(shard, self.round, self.clock_ms, whole.seq, by_identity, self.done)
        made.rows = self.by_shard.get(shard, made.rows)
        return made


class Splitter:
    """Takes rounds apart; the catalogue's sequence number is handed in and kept by the source.

    What comes from outside passes a `door` first. Of signals that weigh at least so many
    thousandths, `audience_min`, NEIGHBOURS hears; of none where it is None. So does SEGMENTS of
    what users are shown, click and say of themselves.
    """

    def __init__(
        self,
        shards: int,
        strengths: StrengthSettings,
        door: Door | None = None,
        audience_min: int | None = None,
        segments: SegmentSettings | None = None,
    ) -> None:
        self.shards = shards
        self._door = door
        self._audience_min = audience_min
        self._segments = segments
        self._measure = measure(strengths)
        self._shard_of: dict[str, int] = {}
        self._quick_leave_ms = strengths.quick_leave_ms

    def split(
        self,
        round: int,
        seq: int,
        events: list[Event],
        clocks: Sequence[int],
        numbers: Sequence[int],
        clock_ms: int,
        done: bool,
    ) -> tuple[Split, int]:
        """The parts of a round, and the catalogue's sequence number after it."""
        if self._door is not None:
            self._door.enter(events)
        split = Split(round, clock_ms, seq, self.shards, done)
        by_shard = split.by_shard
        identity, rooms, known = split.identity.rows, split.rooms, self._shard_of
        measured, impression = self._measure, kinds.Impression
        keys = hashes64([event.event_id for event in events])
        for event, row_clock_ms, number, key in zip(events, clocks, numbers, keys, strict=True):
            kind = type(event)
            if kind in _CATALOGUE:
                seq += 1
                split.catalogue.append(Entry(seq, row_clock_ms, event))  # type: ignore[arg-type]
                continue
            user: str | None = event.user_id  # type: ignore[union-attr]
            if user is None or kind in _BY_IDENTITY:
                person = person_of(event) or ""
                identity.append((event, person, number, key, row_clock_ms, seq))
            else:
                shard = known.get(user)
                if shard is None:
                    if len(known) >= _SHARDS_KNOWN_MAX:
                        known.clear()
                    shard = known[user] = shard_of(user, self.shards)
                rows = by_shard.get(shard)
                if rows is None:
                    rows = by_shard[shard] = []
                rows.append((event, user, number, key, row_clock_ms, seq))
            if kind is impression:
                if event.room_id is not None:  # type: ignore[union-attr]
                    rooms.append(
                        (key, row_clock_ms, event.event_time_ms, event.room_id, IMPRESSION, 0)  # type: ignore[union-attr]
                    )
            elif kind is kinds.Enter or kind in measured:
                room_id: str | None = getattr(event, "room_id", None)
                if room_id is not None:
                    code = self._code(event)
                    amount = measured[kind](event) if kind in measured else 0
                    rooms.append((key, row_clock_ms, event.event_time_ms, room_id, code, amount))
        if self._audience_min is not None:
            split.audience = self._audience(events, clocks, self._audience_min)
        if self._segments is not None:
            split.segments = segment_rows(events, clocks, self._segments)
        split.identity.seq = seq
        return split, seq

    def _audience(
        self, events: list[Event], clocks: Sequence[int], least: int
    ) -> list[AudienceRow]:
        """Who engaged with what, and who is to be forgotten: of events that name their user."""
        made: list[AudienceRow] = []
        for event, clock_ms in zip(events, clocks, strict=True):
            user: str | None = getattr(event, "user_id", None)
            if user is None:
                continue
            measured, time_ms = self._measure.get(type(event)), event.event_time_ms
            if measured is not None:
                room_id: str | None = getattr(event, "room_id", None)
                if room_id is not None and measured(event) >= least:
                    made.append((ENGAGED, clock_ms, time_ms, user, room_id))
            elif isinstance(event, kinds.Erase):
                made.append((ERASED, clock_ms, time_ms, user, ""))
            elif isinstance(event, kinds.User) and event.consent is not None:
                allowed = event.consent.profiling
                if allowed is not None:
                    code = ALLOWED if allowed else REFUSED
                    made.append((code, clock_ms, time_ms, user, ""))
        return made

    def _code(self, event: Event) -> int:
        if isinstance(event, kinds.Click):
            return CLICK
        if isinstance(event, kinds.Enter):
            return ENTER
        if isinstance(event, kinds.Order):
            return ORDER
        if isinstance(event, kinds.Dwell) and event.left:
            return LEAVE if stayed_ms(event) < self._quick_leave_ms else SIGNAL
        return SIGNAL
