"""How far the reading of logs may run ahead of the slowest process."""

from __future__ import annotations

from collections import deque


class Ahead:
    """Counts the rows that not all shards have passed; LEARN's progress tells of those they have.

    A round needs nothing of later rounds, so that whoever waits for the shards waits no longer than
    they work. Space: a pair of numbers a round.
    """

    def __init__(self, rows_max: int, lateness_ms: int) -> None:
        self._rows_max = rows_max
        self._lateness_ms = lateness_ms
        self._rounds: deque[tuple[int, int]] = deque()
        self._rows = 0

    def read(self, rows: int, clock_ms: int) -> None:
        """A round was read, after which the log's clock is this."""
        closes_s = (clock_ms - self._lateness_ms) // 1000 - 1
        self._rounds.append((closes_s, rows))
        self._rows += rows

    def is_far(self, closed_s: int) -> bool:
        """Whether to wait, now that LEARN has closed this second."""
        rounds = self._rounds
        while rounds and rounds[0][0] <= closed_s:
            self._rows -= rounds.popleft()[1]
        return self._rows >= self._rows_max
