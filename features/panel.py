"""A panel: the last rooms of those users who were active last, without their names."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
from numpy.typing import NDArray

from events.envelope import seal, unseal
from events.hashing import hash64

_KIND = b"LLPN"
_VERSION = 1


class Panel:
    """`rows[i]` are the places among `ids` of a user's rooms, at the end as often `len(ids)`.

    A user finds their own row by its mark, a hash of their name and the second: nobody counts as
    their own neighbour. The rows are sorted by `marks`, so their order tells nothing either, and
    another second's marks are others.
    """

    __slots__ = ("_row_of", "ids", "marks", "rows", "stamp_s")

    def __init__(
        self, stamp_s: int, ids: list[str], rows: NDArray[np.int32], marks: NDArray[np.uint64]
    ) -> None:
        self.stamp_s = stamp_s
        self.ids = ids
        self.rows = rows
        self.marks = marks
        self._row_of = {mark: row for row, mark in enumerate(marks.tolist())}

    def row_of(self, person: str) -> int:
        """The row of a user; -1 where there is none."""
        return self._row_of.get(_mark(self.stamp_s, person), -1)

    def pack(self) -> bytes:
        """Versioned bytes, for another process or a snapshot."""
        state = (
            self.stamp_s,
            self.ids,
            self.rows.shape[1],
            self.rows.tobytes(),
            self.marks.tobytes(),
        )
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    @classmethod
    def unpack(cls, packed: bytes) -> Panel:
        """The panel of `pack`; StateError where it cannot be read."""
        stamp_s, ids, width, rows, marks = _PACKED.decode(
            unseal(_KIND, _VERSION, packed, "a panel of users")
        )
        places = np.frombuffer(rows, np.int32)
        return cls(stamp_s, ids, places.reshape(-1, width), np.frombuffer(marks, np.uint64))


_PACKED = msgspec.msgpack.Decoder(tuple[int, list[str], int, bytes, bytes])
NO_PANEL = Panel(-1, [], np.zeros((0, 1), np.int32), np.zeros(0, np.uint64))


def panel_of(stamp_s: int, users: Iterable[tuple[str, list[str]]]) -> Panel:
    """The panel of users by name, each with their rooms; whoever has only one tells nothing."""
    marked = sorted((_mark(stamp_s, user), rooms) for user, rooms in users if len(rooms) > 1)
    if not marked:
        return NO_PANEL
    ids = sorted({room_id for _, rooms in marked for room_id in rooms})
    place = {room_id: number for number, room_id in enumerate(ids)}
    filled = np.full((len(marked), max(len(rooms) for _, rooms in marked)), len(ids), np.int32)
    for row, (_, rooms) in enumerate(marked):
        filled[row, : len(rooms)] = [place[room_id] for room_id in rooms]
    return Panel(stamp_s, ids, filled, np.array([mark for mark, _ in marked], np.uint64))


def _mark(stamp_s: int, person: str) -> int:
    return hash64(f"{stamp_s} {person}")
