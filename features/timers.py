"""What falls due in a shard by its watermark, in order of time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from features.shelf import Shelf

CLOSE, AWAIT, UNKNOWN, SLATE = range(4)
"""A list's time is over; an order's; an unknown item's last look; a slate that was put off."""

Timer = tuple[int, int, str, str]
"""When it is due by the watermark (ms), what it is for, whose, and of what."""


class Timers:
    """Timers in order, each once; on a shelf too, where there is one.

    Time: next to none to set one that is due behind most others, as most are; to forget a
    person's as long as that person has any. A snapshot takes as long as they are many, on a shelf
    as those are that were set or let go since the last `write`.
    """

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._timers: list[Timer] = []
        self._place = 0
        """Those before it have fired."""
        self._own: dict[str, list[Timer]] = {}
        """Each person's."""
        self._shelf = shelf
        self._new: dict[Timer, None] = {}
        """Those that the shelf does not have yet."""
        self._gone: dict[Timer, None] = {}
        """Those that it has still."""

    def set(self, timer: Timer) -> None:
        """Have it fire when it is due."""
        timers = self._timers
        place = bisect_left(timers, timer, self._place)
        if place < len(timers) and timers[place] == timer:
            return
        timers.insert(place, timer)
        if self._shelf is not None:
            _move(timer, self._gone, self._new)
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
            self._let_go(timer)
        return found

    def _let_go(self, timer: Timer) -> None:
        if self._shelf is not None:
            _move(timer, self._new, self._gone)

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
            self._let_go(timer)
            yield timer

    def of(self, what: int, person: str) -> Iterator[str]:
        """What a person's timers of one kind are for, in order."""
        own = sorted(self._own.get(person, ()))
        return (subject for _, kind, _, subject in own if kind == what)

    def forget(self, person: str) -> None:
        """None of a person's fires, nor is kept."""
        for timer in self._own.pop(person, ()):
            self._take_out(timer)

    def write(self) -> None:
        """Put on the shelf, where there is one, what was set or let go since last time."""
        if self._shelf is None:
            return
        for timer in self._gone:
            self._shelf.delete(_key(timer))
        for timer in self._new:
            self._shelf.put(_key(timer), b"")
        self._gone.clear()
        self._new.clear()

    def snapshot(self) -> list[Timer]:
        """All that will fire, in order; none where the shelf has them."""
        self.write()
        return self._timers[self._place :] if self._shelf is None else []

    def restore(self, timers: list[Timer]) -> None:
        """Take those of a snapshot, beside those on the shelf."""
        self._new, self._gone = {}, {}
        known = set(timers)
        if self._shelf is not None:
            self._new = dict.fromkeys(timers)
            known.update(_timer(key) for key, _ in self._shelf.items())
        self._timers, self._place, self._own = sorted(known), 0, {}
        for timer in self._timers:
            self._own.setdefault(timer[2], []).append(timer)


def _move(timer: Timer, out_of: dict[Timer, None], into: dict[Timer, None]) -> None:
    """What has been written of a timer is to be undone, or else is to be written."""
    if timer in out_of:
        del out_of[timer]
    else:
        into[timer] = None


def _key(timer: Timer) -> str:
    due_ms, what, person, subject = timer
    return f"{due_ms} {what} {len(person)} {person}{subject}"


def _timer(key: str) -> Timer:
    due, what, length, ids = key.split(" ", 3)
    return int(due), int(what), ids[: int(length)], ids[int(length) :]
