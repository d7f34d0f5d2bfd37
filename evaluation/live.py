"""Which rooms are live, as time goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Change = tuple[int, int, bool]
"""When a room begins or ends: time in ms, the room's place, whether it is live from then on."""


class LiveRooms:
    """`rooms` are live as of the last `advance`; `changes` are in order of time."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes
        self._next = 0
        self.rooms: set[int] = set()

    def advance(self, now_ms: int) -> Iterator[tuple[int, bool]]:
        """Let what happened up to a time take effect; gives each room that began or ended."""
        while self._next < len(self._changes) and self._changes[self._next][0] <= now_ms:
            _, room, is_live = self._changes[self._next]
            self._next += 1
            if is_live != (room in self.rooms):
                (self.rooms.add if is_live else self.rooms.discard)(room)
                yield room, is_live
