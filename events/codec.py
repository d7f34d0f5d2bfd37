"""Events as bytes where they cross processes or rest in a snapshot.

Law: `unpack_events(pack_events(events)) == events` for events that the decoder let through.
"""

from __future__ import annotations

import msgspec

from events.errors import StateError
from events.kinds import Event

LAYOUT = 1
"""The first byte of packed events; it changes when older bytes can no longer be read."""

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(list[Event])


def pack_events(events: list[Event]) -> bytes:
    """The events as versioned bytes."""
    return bytes((LAYOUT,)) + _ENCODER.encode(events)


def unpack_events(data: bytes) -> list[Event]:
    """The events of `pack_events`; `StateError` if damaged or of another layout."""
    if data[:1] != bytes((LAYOUT,)):
        raise StateError.version("packed events", data[0] if data else None, LAYOUT)
    try:
        return _DECODER.decode(memoryview(data)[1:])
    except (msgspec.MsgspecError, ValueError) as error:
        raise StateError.unreadable("packed events", error) from error
