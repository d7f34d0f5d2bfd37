"""What product servers show of a room, written whenever the catalogue speaks of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from decisions.outputs import RoomWrite, head
from events import kinds
from features.catalogue import Entry

_encode = msgspec.json.Encoder().encode


def room_writes(entries: Iterable[Entry]) -> list[RoomWrite]:
    """A write for each room event; its version is the event's place in the catalogue's order."""
    writes = []
    for entry in entries:
        room = entry.event
        if isinstance(room, kinds.Room):
            shown = {
                "room_id": room.room_id,
                "host_id": room.host_id,
                "title": room.title,
                "tags": room.tags,
                "status": room.status,
                "start_time_ms": room.start_time_ms,
                "products": room.products,
            }
            body = head(entry.seq, room.event_time_ms) + _encode(shown)[1:]
            writes.append(RoomWrite(room.room_id, entry.seq, room.status == "live", body))
    return writes
