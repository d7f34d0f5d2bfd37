"""The stored layout of a shard of OBSERVE."""

from __future__ import annotations

import msgspec

from events.envelope import seal, unseal
from features.rows import RowEvent


class ObserveState(msgspec.Struct, array_like=True):
    """The stored layout of a shard."""

    counts: dict[str, int]
    join: tuple[int, int]
    clock_ms: int
    people: dict[str, bytes]
    seen: tuple[bytes, bytes]
    timers: list[tuple[int, int, str, str]]
    waiting: dict[str, RowEvent]
    rounds: list[bytes]
    parts: list[bytes]
    place: int


_KIND = b"LLOB"
_VERSION = 7
_OLDEST = 2
"""Users then had no rooms engaged with last, nor lists beside the slate; timers were no shelf's.
In 5 they had no segments, in 6 lists no sides."""
_STATE = msgspec.msgpack.Decoder(ObserveState)


def pack_state(state: ObserveState) -> bytes:
    """The state as versioned bytes."""
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))


def unpack_state(packed: bytes) -> ObserveState:
    """The state of `pack_state`; StateError if it is unreadable."""
    return _STATE.decode(unseal(_KIND, _VERSION, packed, "a shard of OBSERVE", _OLDEST))
