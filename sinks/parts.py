"""A sink of fixed partitions, by number."""

from __future__ import annotations

from typing import TypeVar

from bytewax.outputs import FixedPartitionedSink

from events.hashing import hash64

X = TypeVar("X")
S = TypeVar("S")


class PartedSink(FixedPartitionedSink[X, S]):
    """Takes what has one key to one partition: what one source writes stays in order."""

    def __init__(self, parts: int) -> None:
        self._parts = parts

    def list_parts(self) -> list[str]:
        """All partitions, by names that sort in their order: any worker can take any."""
        return [f"{part:03d}" for part in range(self._parts)]

    def part_fn(self, item_key: str) -> int:
        """The partition of a key."""
        return hash64(item_key)
