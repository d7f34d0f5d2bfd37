"""Events that were seen before, by 64-bit hash, within a bounded horizon of the log's clock.

Two ids collide with probability n²/2⁶⁵ for n ids in the horizon: one in a million at 6 M ids.
"""

from __future__ import annotations

from array import array
from itertools import islice

from features.shelf import Shelf


class Dedupe:
    """Remembers each hash for `horizon_s` of the clock after it was first seen.

    `recent` and `older` map a hash to the second of the clock at which it came, `recent` being
    right where both have it. A hot loop may look there itself, with `is_new` as its meaning, but
    fetches them anew after a `sweep`. Rows of one second share one number, which halves the memory
    that every event drags through the caches. Space: the hashes of two horizons. On a shelf they
    lie in chunks, one a `write`, which go when what they hold is older than the horizon.
    """

    def __init__(self, horizon_s: int, shelf: Shelf | None = None) -> None:
        self.horizon_s = horizon_s
        self.recent: dict[int, int] = {}
        self.older: dict[int, int] = {}
        self._swept_s = 0
        self._shelf = shelf
        self._written = self._chunk = 0
        self._recent_chunks: list[str] = []
        self._older_chunks: list[str] = []
        self._again: list[int] = []

    def is_new(self, key: int, second: int) -> bool:
        """Whether the hash is seen for the first time within the horizon; remembers it then."""
        seen_s = self.recent.get(key)
        if seen_s is None:
            seen_s = self.older.get(key)
        if seen_s is not None:
            if second - seen_s <= self.horizon_s:
                return False
            self.came_again(key)
        self.recent[key] = second
        return True

    def came_again(self, key: int) -> None:
        """A hash comes that was seen longer ago than the horizon: it counts from now."""
        if self._shelf is not None:
            self._again.append(key)

    def sweep(self, second: int) -> None:
        """Forget what is older than the horizon; it changes no answer, so when is free.

        Once a horizon all that is older goes at once: no hash is looked at or copied for it.
        """
        if second - self._swept_s <= self.horizon_s:
            return
        self._swept_s = second
        self.write()
        self.older, self.recent = self.recent, {}
        if self._shelf is not None:
            for chunk in self._older_chunks:
                self._shelf.delete(chunk)
            self._older_chunks, self._recent_chunks = self._recent_chunks, []
            self._written = 0

    def __len__(self) -> int:
        return len(self.older.keys() | self.recent.keys())

    def write(self) -> None:
        """Put on the shelf, where there is one, what is new."""
        new = len(self.recent) - self._written
        if self._shelf is None or not (new or self._again):
            return
        seen = {key: self.recent[key] for key in self._again}
        # A dict keeps the order of insertion.
        seen.update(islice(reversed(self.recent.items()), new))
        self._again.clear()
        self._written = len(self.recent)
        self._chunk += 1
        name = f"{self._chunk:012x}"
        self._recent_chunks.append(name)
        keys, seconds = _packed(seen)
        self._shelf.put(name, keys + seconds)

    def snapshot(self) -> tuple[bytes, bytes]:
        """The hashes and the seconds at which they were seen, as packed 64-bit integers.

        Nothing where they are on a shelf.
        """
        if self._shelf is not None:
            self.write()
            return b"", b""
        return _packed({**self.older, **self.recent})

    def restore(self, packed: tuple[bytes, bytes]) -> None:
        """Take the state of a snapshot, and what is on the shelf."""
        self.older.clear()
        self.recent = _unpacked(*packed)
        if self._shelf is not None:
            self._written = 0
            for name, body in self._shelf.items():
                half = len(body) // 2
                self.recent.update(_unpacked(body[:half], body[half:]))
                self._recent_chunks.append(name)
                self._chunk = int(name, 16)
            if not packed[0]:
                self._written = len(self.recent)


def _packed(seen: dict[int, int]) -> tuple[bytes, bytes]:
    return array("Q", seen.keys()).tobytes(), array("q", seen.values()).tobytes()


def _unpacked(packed_keys: bytes, packed_seconds: bytes) -> dict[int, int]:
    keys, seconds = array("Q"), array("q")
    keys.frombytes(packed_keys)
    seconds.frombytes(packed_seconds)
    return dict(zip(keys, seconds, strict=True))
