"""What crosses the dataflow: the rows of one shard in one round, and what OBSERVE makes of them."""

from __future__ import annotations

from typing import Any

import msgspec

from events.kinds import Event
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


class Rows:
    """Rows of the log for one shard, in log order, as parallel lists.

    `numbers`: row in the log; `people`: whom it counts for; `keys`: 64-bit hash of the event id;
    `clocks`: the log's running maximum time, ms; `seqs`: catalogue events before the row.
    `clock_ms` and `seq` are those after the whole round; `identity` says that the round has a
    part that comes by way of IDENTITY; `done` that the log has ended.
    """

    __slots__ = (
        "clock_ms",
        "clocks",
        "done",
        "events",
        "identity",
        "keys",
        "numbers",
        "people",
        "round",
        "seq",
        "seqs",
    )

    def __init__(
        self, round: int, clock_ms: int, seq: int, identity: bool = False, done: bool = False
    ) -> None:
        self.round = round
        self.clock_ms = clock_ms
        self.seq = seq
        self.identity = identity
        self.done = done
        self.events: list[RowEvent] = []
        self.people: list[str] = []
        self.numbers: list[int] = []
        self.keys: list[int] = []
        self.clocks: list[int] = []
        self.seqs: list[int] = []

    def __len__(self) -> int:
        return len(self.events)

    def add(
        self, event: RowEvent, person: str, number: int, key: int, clock_ms: int, seq: int
    ) -> None:
        """Append a row."""
        self.events.append(event)
        self.people.append(person)
        self.numbers.append(number)
        self.keys.append(key)
        self.clocks.append(clock_ms)
        self.seqs.append(seq)

    def pack(self) -> bytes:
        """The rows as bytes, for another process or a snapshot."""
        return msgspec.msgpack.encode(
            (
                (self.round, self.clock_ms, self.seq, self.identity, self.done),
                self.events,
                self.people,
                self.numbers,
                self.keys,
                self.clocks,
                self.seqs,
            )
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return unpack_rows, (self.pack(),)


_PACKED = msgspec.msgpack.Decoder(
    tuple[
        tuple[int, int, int, bool, bool],
        list[RowEvent],
        list[str],
        list[int],
        list[int],
        list[int],
        list[int],
    ]
)


def unpack_rows(packed: bytes) -> Rows:
    """The rows of `Rows.pack`."""
    head, events, people, numbers, keys, clocks, seqs = _PACKED.decode(packed)
    rows = Rows(*head)
    rows.events = events
    rows.people, rows.numbers, rows.keys = people, numbers, keys
    rows.clocks, rows.seqs = clocks, seqs
    return rows


def merge_rows(first: Rows, second: Rows) -> Rows:
    """Both parts of one round, in log order."""
    merged = Rows(first.round, first.clock_ms, first.seq, False, first.done)
    order = sorted(
        [(number, 0, place) for place, number in enumerate(first.numbers)]
        + [(number, 1, place) for place, number in enumerate(second.numbers)]
    )
    for _, part, place in order:
        own = second if part else first
        merged.add(
            own.events[place],
            own.people[place],
            own.numbers[place],
            own.keys[place],
            own.clocks[place],
            own.seqs[place],
        )
    return merged


class Wish(msgspec.Struct, array_like=True, gc=False):
    """A slate that should be computed: who, and all that DECIDE needs to know of them then.

    `shown` counts how often each room stands unclicked in the open lists.
    """

    user_id: str
    base: int
    view: View
    muted_hosts: list[str]
    muted_tags: list[str]
    left_rooms: list[str]
    shown: dict[str, int]


class Step(msgspec.Struct, array_like=True, gc=False):
    """One thing for DECIDE, at a clock (ms) and a catalogue position: a slate, or a fact."""

    clock_ms: int
    seq: int
    user_id: str
    wish: Wish | None = None
    fact: Event | None = None
