"""A sink of fixed partitions, by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bytewax.outputs import FixedPartitionedSink

from events.hashing import hash64

X = TypeVar("X")
S = TypeVar("S")


class PartedSink(FixedPartitionedSink[X, S]):
    """Takes what has one key to one partition: what one source writes stays in order.

    `place_of` is a number that a key has for good, whose remainder by `parts` is its partition.
    """

    def __init__(self, parts: int, place_of: Callable[[str], int] = hash64) -> None:
        self._parts = parts
        self._place_of = place_of

    def list_parts(self) -> list[str]:
        """All partitions, by names that sort in their order: any worker can take any."""
        return [f"{part:03d}" for part in range(self._parts)]

    def part_fn(self, item_key: str) -> int:
        """The partition of a key."""
        return self._place_of(item_key)
