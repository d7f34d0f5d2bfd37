"""Tables that are stamped: a reader at second s uses the newest one stamped at most s - delay.

A publisher says how far it has come (`progress_s`) with or without a new table, so that a reader
in a replay can wait until the table that it must use is certain.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Generic, TypeVar

V = TypeVar("V")


class Stamped(Generic[V]):
    """The tables of one publisher that some reader may still need, oldest first."""

    def __init__(self, delay_s: int, default: V) -> None:
        self.delay_s = delay_s
        self.progress_s = -1
        self._stamps: list[int] = [-1]
        self._tables: list[V] = [default]

    def publish(self, stamp_s: int, table: V) -> None:
        """Add a table; one with a stamp already held is passed over."""
        if stamp_s > self._stamps[-1]:
            self._stamps.append(stamp_s)
            self._tables.append(table)

    def advance(self, progress_s: int) -> None:
        """The publisher has published all that it will, up to this second."""
        self.progress_s = max(self.progress_s, progress_s)

    def is_ready(self, second: int) -> bool:
        """Whether no table that a reader at this second must use can still come."""
        return self.progress_s >= second - self.delay_s

    def at(self, second: int) -> tuple[int, V]:
        """Stamp and table for a reader at this second."""
        place = max(0, bisect_right(self._stamps, second - self.delay_s) - 1)
        return self._stamps[place], self._tables[place]

    def forget_before(self, second: int) -> None:
        """Drop the tables that no reader at this second or later can use."""
        limit = second - self.delay_s
        place = 0
        while place + 1 < len(self._stamps) and self._stamps[place + 1] <= limit:
            place += 1
        del self._stamps[:place], self._tables[:place]

    def held(self) -> list[tuple[int, V]]:
        """All tables held, with their stamps, oldest first."""
        return list(zip(self._stamps, self._tables, strict=True))
