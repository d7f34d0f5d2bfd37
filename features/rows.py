"""What crosses the dataflow: the rows of one shard in one round, and what OBSERVE makes of them."""

from __future__ import annotations

from bisect import insort
from operator import itemgetter

import msgspec

from events.kinds import Event
from events.parcel import Parcel, Wrapped
from features.vector import View


class Link(msgspec.Struct, tag_field="kind", tag="link", gc=False):
    """An identity that turned out to be a user's: its signals so far, in (time, id) order.

    For the user's shard `signals` are to be counted; for the identity's own, `ends` closes it.
    """

    event_id: str
    event_time_ms: int
    signals: list[Event] = []
    ends: bool = False


RowEvent = Event | Link


Row = tuple[RowEvent, str, int, int, int, int]
"""Event; whom it counts for; row number; 64-bit hash of the event id; the log's running maximum
time, ms; catalogue events before the row."""


class Rows(Parcel):
    """The rows of one shard in one round, in log order; `shard` is -1 while several may be in it.

    `clock_ms` and `seq` are those after the whole round; `identity` says that the round has a
    part that comes by way of IDENTITY; `done` that the log has ended.
    """

    __slots__ = ("clock_ms", "done", "identity", "round", "rows", "seq", "shard")

    def __init__(
        self,
        shard: int,
        round: int,
        clock_ms: int,
        seq: int,
        identity: bool = False,
        done: bool = False,
    ) -> None:
        self.shard = shard
        self.round = round
        self.clock_ms = clock_ms
        self.seq = seq
        self.identity = identity
        self.done = done
        self.rows: list[Row] = []

    def pack(self) -> bytes:
        """The rows as bytes, for another process or a snapshot."""
        return msgspec.msgpack.encode(
            (
                self.shard,
                self.round,
                self.clock_ms,
                self.seq,
                self.identity,
                self.done,
                self.rows,
            )
        )

    def wrap(self) -> Wrapped:
        """As bytes."""
        return unpack_rows, (self.pack(),)


_PACKED = msgspec.msgpack.Decoder(tuple[int, int, int, int, bool, bool, list[Row]])


def unpack_rows(packed: bytes) -> Rows:
    """The rows of `Rows.pack`."""
    shard, round, clock_ms, seq, identity, done, rows = _PACKED.decode(packed)
    unpacked = Rows(shard, round, clock_ms, seq, identity, done)
    unpacked.rows = rows
    return unpacked


def merge_rows(first: Rows, second: Rows) -> Rows:
    """Both parts of one round, in log order."""
    merged = Rows(first.shard, first.round, first.clock_ms, first.seq, False, first.done)
    merged.rows = list(first.rows) if second.rows else first.rows
    # Few come by way of IDENTITY, and each finds its place without a look at most of the others.
    for row in second.rows:
        insort(merged.rows, row, key=itemgetter(2))
    return merged


class Wish(msgspec.Struct, array_like=True, gc=False):
    """A slate that should be computed: who, and all that DECIDE needs to know of them then.

    `shown` counts how often each room stands unclicked in the open lists; `seen_rooms` are those
    just left or passed over too often. `more` asks for the lists beside the slate too, for which
    there are the products ordered lately, the newest first, and what was dismissed.
    """

    user_id: str
    base: int
    view: View
    muted_hosts: list[str]
    muted_tags: list[str]
    seen_rooms: list[str]
    shown: dict[str, int]
    more: bool = False
    ordered: list[str] | None = None
    dismissed_products: list[str] | None = None
    dismissed_hosts: list[str] | None = None


class Step(msgspec.Struct, array_like=True, gc=False):
    """One thing for DECIDE, at a clock (ms) and a catalogue position: a slate, or a fact."""

    clock_ms: int
    seq: int
    user_id: str
    wish: Wish | None = None
    fact: Event | None = None


class Shown(Step, array_like=True, gc=False):
    """Items of a list as they are shown, for DECIDE to rank beside all that is live; a backtest's.

    `place` is the first item's place in its list; a propensity is 0 where none was logged. The
    wish is as it was before the list.
    """

    request_id: str = ""
    shown_ms: int = 0
    place: int = 0
    rooms: list[str] = []
    positions: list[int] = []
    propensities: list[float] = []
