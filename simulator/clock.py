"""Event time moves from wake to wake of the lives in the world; no real clock is read."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush, heapreplace


class Clock:
    """Runs lives, iterators that act and then give the milliseconds until they act again.

    Wakes come in order of time, ties in the order in which they were asked for. `now_ms` never
    goes back.
    """

    __slots__ = ("_asked", "_wakes", "now_ms")

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._asked = 0
        self._wakes: list[tuple[int, int, Iterator[int]]] = []

    def start(self, life: Iterator[int], wait_ms: int = 0) -> None:
        """Let a life begin after a wait (0: at this very millisecond)."""
        self._asked += 1
        heappush(self._wakes, (self.now_ms + max(0, wait_ms), self._asked, life))

    def next_wake_ms(self) -> int | None:
        """When the next life acts; None where none is left."""
        return self._wakes[0][0] if self._wakes else None

    def wake(self) -> None:
        """Go to the next wake and let that life act once."""
        at_ms, _, life = self._wakes[0]
        self.now_ms = at_ms
        wait_ms = next(life, None)
        # What the life starts meanwhile is never earlier than now and was asked for later, so
        # its own entry is still the first.
        if wait_ms is None:
            heappop(self._wakes)
        else:
            self._asked += 1
            heapreplace(self._wakes, (at_ms + max(0, wait_ms), self._asked, life))
