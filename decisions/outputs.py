"""What is handed to DELIVER: absolute values with versions, pushes, rooms, cards, decisions."""

from __future__ import annotations

from typing import Final

import msgspec

LAYOUT: Final = 1
"""The layout number `v` of every value; a reader refuses one that it does not know."""

HEAD_BYTES: Final = 60
"""A value's `v` and `version` lie within this many first bytes, so a comparison parses no more."""


def head(version: int, as_of_ms: int) -> bytes:
    """The opening of every value, up to and with the comma that other fields follow.

    >>> head(1767225600007, 1767231000250)
    b'{"v":1,"version":1767225600007,"as_of_ms":1767231000250,'
    """
    return b'{"v":%d,"version":%d,"as_of_ms":%d,' % (LAYOUT, version, as_of_ms)


class Write(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One of a user's keys, whole: tags, recs, more or push; `body` is JSON opened by `head`."""

    user_id: str
    name: str
    version: int
    body: bytes


class RoomWrite(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """What a server shows of a room (`body`, JSON opened by `head`), and whether it is live now."""

    room_id: str
    version: int
    live: bool
    body: bytes


class CardWrite(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A model's card: `body` is JSON opened by `head`."""

    name: str
    version: int
    body: bytes


class Push(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """A push to be sent once: `push_id` is deterministic, `at_ms` event time, `payload` JSON."""

    push_id: str
    user_id: str
    at_ms: int
    payload: bytes


class Decision(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """One line of the decision log, whose order is (event_time_ms, user_id, seq): they are unique.

    `value` is the decision as JSON.
    """

    event_time_ms: int
    user_id: str
    seq: int
    type: str
    value: bytes


class Delivery(msgspec.Struct, array_like=True, gc=False):
    """All that one step hands to DELIVER at once; what it holds for one key, one `source` wrote.

    `reached` says, live, how far each input has got (partition to the last offset that these
    outputs may hold); in a replay, where order never differs, it is None. `erased` are keys,
    by user and name, that are to go before anything else here is written; `recalled` are users
    whose earlier pushes are not to be sent any more, `forgotten` those whose earlier decisions are
    to leave the log. `evaluation` are lines for a backtest, which only its sink takes.
    """

    source: str = ""
    reached: dict[str, int] | None = None
    writes: list[Write] = []
    pushes: list[Push] = []
    rooms: list[RoomWrite] = []
    cards: list[CardWrite] = []
    decisions: list[Decision] = []
    erased: list[tuple[str, str]] = []
    recalled: list[str] = []
    forgotten: list[str] = []
    evaluation: list[bytes] = []


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Delivery)


def encode(delivery: Delivery) -> bytes:
    """The delivery as bytes, to cross from one process of a run to another of the same run."""
    return _ENCODER.encode(delivery)


def decode(data: bytes) -> Delivery:
    """The delivery that `encode` packed; `msgspec.DecodeError` or `ValidationError` for others."""
    return _DECODER.decode(data)
