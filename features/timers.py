"""What falls due in a shard by its watermark, in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

CLOSE, AWAIT, UNKNOWN, SLATE = range(4)
"""A list's time is over; an order's; an unknown item's last look; a slate that was put off."""

Timer = tuple[int, int, str, str]
"""When it is due by the watermark (ms), what it is for, whose, and of what."""


class Timers:
    """A heap of timers. One called off stays in it, unseen, and may be set again."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._void: set[Timer] = set()

    def set(self, timer: Timer) -> None:
        """Have it fire when it is due."""
        if timer in self._void:
            self._void.discard(timer)
        else:
            heapq.heappush(self._heap, timer)

    def call_off(self, timer: Timer) -> None:
        """Let one that was set fire no more, so that nobody is woken for it."""
        self._void.add(timer)

    def is_due(self, watermark_ms: int) -> bool:
        """Whether there may be anything due."""
        return bool(self._heap) and self._heap[0][0] <= watermark_ms

    def due(self, watermark_ms: int) -> Iterator[Timer]:
        """All that are due, also those that are set meanwhile."""
        heap, void = self._heap, self._void
        while heap and heap[0][0] <= watermark_ms:
            timer = heapq.heappop(heap)
            if timer in void:
                void.discard(timer)
            else:
                yield timer

    def of(self, what: int, person: str) -> Iterator[str]:
        """What a person's timers of one kind are for."""
        return (subject for _, kind, who, subject in self._heap if kind == what and who == person)

    def forget(self, person: str) -> None:
        """None of a person's fires, nor is kept. Time: as many as there are timers."""
        # In place: whoever is firing them goes on.
        self._heap[:] = [timer for timer in self._heap if timer[2] != person]
        heapq.heapify(self._heap)
        self._void.difference_update([timer for timer in self._void if timer[2] == person])

    def snapshot(self) -> list[Timer]:
        """All that will fire."""
        return sorted(timer for timer in self._heap if timer not in self._void)

    def restore(self, timers: list[Timer]) -> None:
        """Take those of a snapshot, which are a heap as they are."""
        self._heap, self._void = timers, set()
