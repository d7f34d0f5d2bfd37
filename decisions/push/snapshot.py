"""The push policy's state as bytes: one layout, checked before anything is taken from it."""

from __future__ import annotations

import zlib

import msgspec

from decisions.push.facts import Broadcast
from decisions.push.person import Person
from events.errors import StateError

LAYOUT = 1

WHAT = "the push policy"


class State(msgspec.Struct, array_like=True):
    """All that cannot be told again: users, what went live, the clock, the counts."""

    shard: int
    clock_ms: int
    sweep_ms: int
    considered: int
    sent: int
    refused_by: dict[str, int]
    dropped: dict[str, int]
    live: dict[str, Broadcast]
    persons: dict[str, msgspec.Raw]


_encode = msgspec.msgpack.Encoder().encode
_decode_frame = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_int = msgspec.msgpack.Decoder(int).decode
_decode_bytes = msgspec.msgpack.Decoder(bytes).decode
_decode_state = msgspec.msgpack.Decoder(State).decode
_decode_person = msgspec.msgpack.Decoder(Person).decode


def dump(state: State) -> bytes:
    """The state as `[layout, CRC-32, body]` in msgpack."""
    body = _encode(state)
    return _encode((LAYOUT, zlib.crc32(body), body))


def load(data: bytes) -> tuple[State, dict[str, bytes]]:
    """The state from its bytes, and the persons in it, packed.

    Raises StateError for another layout or damaged bytes.
    """
    try:
        frame = _decode_frame(data)
        layout = _decode_int(frame[0]) if frame else None
        if layout != LAYOUT:
            raise StateError.version(WHAT, layout, LAYOUT)
        _, crc, raw = frame
        body = _decode_bytes(raw)
        if zlib.crc32(body) != _decode_int(crc):
            raise StateError.unreadable(WHAT, ValueError("its check sum differs"))
        state = _decode_state(body)
        for packed in state.persons.values():
            _decode_person(packed)
    except StateError:
        raise
    except (msgspec.MsgspecError, ValueError) as problem:
        raise StateError.unreadable(WHAT, problem) from problem
    return state, {user: bytes(packed) for user, packed in state.persons.items()}
