"""Word of the time: how far all partitions of a process are, told to one shard after the other.

Each shard is told all of it at once, at a moment of its own: partitions that told each shard by
themselves would wake it as often as there are partitions, and all shards together each time.
"""

from __future__ import annotations

from flows.live_messages import Heard, Word


class Words:
    """Which shards are to be told when: each once in `every_ms`, evenly spread.

    A word is to travel behind all rows that partitions had given out when they were noted, and
    before any that they give out later. Time: that of the shards that are due.
    """

    def __init__(self, shards: int, every_ms: int) -> None:
        self._shards = shards
        self._every_ms = every_ms
        self._heard: dict[str, Heard] = {}
        self._told = -1
        """How many words there were to be since the clock's beginning."""

    def note(self, part: str, offset: int, clock_ms: int) -> None:
        """A partition has given out all rows up to an offset, and has come to a time."""
        self._heard[part] = (part, offset, clock_ms)

    def are_due(self, now_ms: int) -> bool:
        """Whether there is a shard to be told, and something to tell."""
        return bool(self._heard) and now_ms * self._shards // self._every_ms != self._told

    def take(self, now_ms: int) -> list[Word]:
        """The words that are due; where many were missed, one for each shard."""
        if not self.are_due(now_ms):
            return []
        before, self._told = self._told, now_ms * self._shards // self._every_ms
        first = max(before + 1, self._told - self._shards + 1)
        heard = list(self._heard.values())
        return [Word(number % self._shards, heard) for number in range(first, self._told + 1)]
