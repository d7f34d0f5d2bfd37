"""What has changed on shelves since a checkpoint that was made a little ahead of its snapshots.

A checkpoint takes its time, and so does a snapshot: made at one moment they hold the flow up for
both. What lies between the two is little, and the snapshots bear it themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

_ROWS_MAX = 20_000
"""Beyond it a checkpoint with the snapshots takes less time than they do with all of this."""

Row = tuple[bytes, bytes | None]
"""A key of the database and its bytes, None where it was deleted."""


class Changes:
    """Rows by shard, the newest of each key, from `begin` to `end` or until they are too many."""

    def __init__(self) -> None:
        self._count = 0
        self._rows: dict[int, dict[bytes, bytes | None]] = {}
        self.is_open = False

    def begin(self) -> None:
        """A checkpoint has been made."""
        self.end()
        self.is_open = True

    def end(self) -> None:
        """The checkpoint is not to be gone on from, or not any more."""
        self.is_open, self._count, self._rows = False, 0, {}

    def note(self, shard: int, key: bytes, body: bytes | None) -> None:
        """A key has other bytes now, or none."""
        rows = self._rows.get(shard)
        if rows is None:
            rows = self._rows[shard] = {}
        before = len(rows)
        rows[key] = body
        self._count += len(rows) - before
        if self._count > _ROWS_MAX:
            self.end()

    def packed(self, shard: int) -> bytes:
        """The rows of a shard; nothing where there are none."""
        rows = self._rows.get(shard)
        return msgspec.msgpack.encode(list(rows.items())) if rows else b""


def unpacked(changes: bytes) -> Iterator[Row]:
    """The rows of `Changes.packed`."""
    yield from _ROWS.decode(changes) if changes else ()


_ROWS = msgspec.msgpack.Decoder(list[Row])
