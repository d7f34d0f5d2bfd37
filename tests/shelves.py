"""Shelves made of dicts, with checkpoints: what kernels put there, without a disk."""

from __future__ import annotations

from collections.abc import Iterator

from features.shelf import Shelf, Shelves


class DictShelf:
    """One shelf."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        return self.bodies.get(key)

    def put(self, key: str, body: bytes) -> None:
        """Set the bytes of a key."""
        self.bodies[key] = bytes(body)

    def delete(self, key: str) -> None:
        """Forget a key, known or not."""
        self.bodies.pop(key, None)

    def items(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """All that sorts behind a key, in order."""
        return iter([(key, body) for key, body in sorted(self.bodies.items()) if key > after])


class Cabinet:
    """The shelves of several steps and shards."""

    def __init__(self) -> None:
        self.held: dict[tuple[str, int, str], DictShelf] = {}

    def shelves(self, step: str, shard: int) -> Shelves:
        """The shelves of one shard of a step."""

        def shelf(name: str) -> Shelf:
            return self.held.setdefault((step, shard, name), DictShelf())

        return shelf

    def checkpoint(self) -> Cabinet:
        """What is there now, whatever is put there later."""
        copy = Cabinet()
        for place, shelf in self.held.items():
            copy.held[place] = DictShelf()
            copy.held[place].bodies.update(shelf.bodies)
        return copy
