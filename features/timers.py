"""What falls due in a shard by its watermark, in order of time."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

CLOSE, AWAIT, UNKNOWN, SLATE = range(4)
"""A list's time is over; an order's; an unknown item's last look; a slate that was put off."""

Timer = tuple[int, int, str, str]
"""When it is due by the watermark (ms), what it is for, whose, and of what."""


class Timers:
    """Timers in order.

    Time: next to none to set one that is due behind most others, as most are; a snapshot takes
    as long as they are many.
    """

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._place = 0
        """Those before it have fired."""

    def set(self, timer: Timer) -> None:
        """Have it fire when it is due."""
        insort(self._timers, timer, self._place)

    def call_off(self, timer: Timer) -> None:
        """Let one that was set fire no more, so that nobody is woken for it."""
        place = bisect_left(self._timers, timer, self._place)
        if place < len(self._timers) and self._timers[place] == timer:
            del self._timers[place]

    def is_due(self, watermark_ms: int) -> bool:
        """Whether there is anything due."""
        timers, place = self._timers, self._place
        return place < len(timers) and timers[place][0] <= watermark_ms

    def due(self, watermark_ms: int) -> Iterator[Timer]:
        """All that are due, also those that are set meanwhile."""
        while self.is_due(watermark_ms):
            timer = self._timers[self._place]
            self._place += 1
            if 2 * self._place > len(self._timers):
                del self._timers[: self._place]
                self._place = 0
            yield timer

    def of(self, what: int, person: str) -> Iterator[str]:
        """What a person's timers of one kind are for."""
        timers = self.snapshot()
        return (subject for _, kind, who, subject in timers if kind == what and who == person)

    def forget(self, person: str) -> None:
        """None of a person's fires, nor is kept. Time: as many as there are timers."""
        self.restore([timer for timer in self.snapshot() if timer[2] != person])

    def snapshot(self) -> list[Timer]:
        """All that will fire, in order."""
        return self._timers[self._place :]

    def restore(self, timers: list[Timer]) -> None:
        """Take those of a snapshot."""
        self._timers, self._place = timers, 0
