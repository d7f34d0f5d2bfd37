"""Which scheduled room is next due, and when."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

NEVER_MS = 1 << 62


class Schedule:
    """At most one next instant a room.

    Order: `pop` gives rooms by instant, then by id. Time: O(log n). Space: at most twice
    the rooms, plus a few.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, str]] = []
        self._due: dict[str, int] = {}

    @property
    def next_ms(self) -> int:
        """The next instant, or one far beyond every clock."""
        heap = self._heap
        while heap and self._due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else NEVER_MS

    def set(self, room_id: str, at_ms: int | None) -> bool:
        """The room is next due then, or (None) not at all; whether that is new."""
        if self._due.get(room_id) == at_ms:
            return False
        if at_ms is None:
            del self._due[room_id]
            return True
        self._due[room_id] = at_ms
        heappush(self._heap, (at_ms, room_id))
        if len(self._heap) > 2 * len(self._due) + 64:
            self._heap = [(due_ms, room) for room, due_ms in self._due.items()]
            heapify(self._heap)
        return True

    def pop(self, at_ms: int) -> list[str]:
        """The rooms that are due exactly then, no longer due from now on."""
        rooms: list[str] = []
        while self.next_ms == at_ms:
            room_id = heappop(self._heap)[1]
            del self._due[room_id]
            rooms.append(room_id)
        return rooms

    def clear(self) -> None:
        """No room is due."""
        self._heap = []
        self._due = {}
