"""What a partition of a topic stores of itself: where reading stands, and what was counted."""

from __future__ import annotations

import msgspec

from events.envelope import seal, unseal

_KIND = b"LLKP"
_VERSION = 1


class PartState(msgspec.Struct, array_like=True):
    """Where reading stands: the first row that was not given out, and the time as of it."""

    offset: int
    time_ms: int
    complete: bool
    events: int
    letters: dict[str, int]
    lost_rows: int


_STATE = msgspec.msgpack.Decoder(PartState)


def seal_part(state: PartState) -> bytes:
    """The state as versioned bytes."""
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))


def unseal_part(packed: bytes, name: str) -> PartState:
    """The state of `seal_part`; `StateError` where a partition's bytes cannot be read."""
    return _STATE.decode(unseal(_KIND, _VERSION, packed, f"the source {name}"))
