"""What lies around a step's state in a live run: its clock, and what waits for that to begin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from events.envelope import seal, unseal

_KIND = b"LLLV"
_VERSION = 1


class LiveState(msgspec.Struct, array_like=True):
    """A step's own state, its clock, what waits for the clock to begin, and words of its own."""

    inner: bytes
    times: bytes
    held: list[Any]
    words: list[str]


def seal_live(inner: bytes, times: bytes, held: list[Any], words: Iterable[str] = ()) -> bytes:
    """All of it as versioned bytes."""
    state = LiveState(inner, times, held, sorted(words))
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))


def unseal_live(packed: bytes | None) -> tuple[bytes | None, LiveState | None]:
    """The state of the recorded run's step, and what lies around it."""
    if packed is None:
        return None, None
    state = _STATE.decode(unseal(_KIND, _VERSION, packed, "a live step"))
    return state.inner, state


_STATE = msgspec.msgpack.Decoder(LiveState)
