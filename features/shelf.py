"""Where values rest that memory is not to hold: bytes by key, kept outside this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol


class Shelf(Protocol):
    """Bytes by key; what was put or deleted is seen at once by whoever asks here.

    Guarantee: a process that goes on after any kind of end finds what was on the shelf when the
    snapshot was taken that it goes on from.
    """

    def get(self, key: str) -> bytes | None:
        """The bytes, or None."""

    def put(self, key: str, body: bytes) -> None:
        """Set the bytes of a key."""

    def delete(self, key: str) -> None:
        """Forget a key, known or not."""

    def items(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """All that sorts behind a key, in order; what is put meanwhile may be missed."""


Shelves = Callable[[str], Shelf]
"""The shelves of one shard, by the name of what lies there: one letter each."""
