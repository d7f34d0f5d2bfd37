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

    Time: next to none to set one that is due behind most others, as most are; to forget a
    person's as long as that person has any; a snapshot takes as long as they are many.
    """

    def __init__(self) -> None:
        self._timers: list[Timer] = []
        self._place = 0
        """Those before it have fired."""
        self._own: dict[str, list[Timer]] = {}
        """Each person's."""

    def set(self, timer: Timer) -> None:
        """Have it fire when it is due."""
        insort(self._timers, timer, self._place)
        own = self._own.get(timer[2])
        if own is None:
            self._own[timer[2]] = [timer]
        else:
            own.append(timer)

    def call_off(self, timer: Timer) -> None:
        """Let one that was set fire no more, so that nobody is woken for it."""
        if self._take_out(timer):
            self._disown(timer)

    def _take_out(self, timer: Timer) -> bool:
        place = bisect_left(self._timers, timer, self._place)
        found = place < len(self._timers) and self._timers[place] == timer
        if found:
            del self._timers[place]
        return found

    def _disown(self, timer: Timer) -> None:
        own = self._own[timer[2]]
        if len(own) == 1:
            del self._own[timer[2]]
        else:
            own.remove(timer)

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
            self._disown(timer)
            yield timer

    def of(self, what: int, person: str) -> Iterator[str]:
        """What a person's timers of one kind are for, in order."""
        own = sorted(self._own.get(person, ()))
        return (subject for _, kind, _, subject in own if kind == what)

    def forget(self, person: str) -> None:
        """None of a person's fires, nor is kept."""
        for timer in self._own.pop(person, ()):
            self._take_out(timer)

    def snapshot(self) -> list[Timer]:
        """All that will fire, in order."""
        return self._timers[self._place :]

    def restore(self, timers: list[Timer]) -> None:
        """Take those of a snapshot."""
        self._timers, self._place, self._own = timers, 0, {}
        for timer in timers:
            self._own.setdefault(timer[2], []).append(timer)
