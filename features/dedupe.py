"""Events that were seen before, by 64-bit hash, within a bounded horizon of the log's clock.

Two ids collide with probability n²/2⁶⁵ for n ids in the horizon: one in a million at 6 M ids.
"""

from __future__ import annotations

from array import array


class Dedupe:
    """Remembers each hash for `horizon_s` of the clock after it was first seen.

    `recent` and `older` map a hash to the second of the clock at which it came, `recent` being
    right where both have it. A hot loop may look there itself, with `is_new` as its meaning, but
    fetches them anew after a `sweep`. Rows of one second share one number, which halves the memory
    that every event drags through the caches. Space: the hashes of two horizons.
    """

    def __init__(self, horizon_s: int) -> None:
        self.horizon_s = horizon_s
        self.recent: dict[int, int] = {}
        self.older: dict[int, int] = {}
        self._swept_s = 0

    def is_new(self, key: int, second: int) -> bool:
        """Whether the hash is seen for the first time within the horizon; remembers it then."""
        seen_s = self.recent.get(key)
        if seen_s is None:
            seen_s = self.older.get(key)
        if seen_s is not None and second - seen_s <= self.horizon_s:
            return False
        self.recent[key] = second
        return True

    def sweep(self, second: int) -> None:
        """Forget what is older than the horizon; it changes no answer, so when is free.

        Once a horizon all that is older goes at once: no hash is looked at or copied for it.
        """
        if second - self._swept_s <= self.horizon_s:
            return
        self._swept_s = second
        self.older, self.recent = self.recent, {}

    def __len__(self) -> int:
        return len(self.older.keys() | self.recent.keys())

    def snapshot(self) -> tuple[bytes, bytes]:
        """The hashes and the seconds at which they were seen, as packed 64-bit integers."""
        seen = {**self.older, **self.recent}
        return array("Q", seen.keys()).tobytes(), array("q", seen.values()).tobytes()

    def restore(self, packed: tuple[bytes, bytes]) -> None:
        """Take the state of a snapshot."""
        keys, seconds = array("Q"), array("q")
        keys.frombytes(packed[0])
        seconds.frombytes(packed[1])
        self.older.clear()
        self.recent = dict(zip(keys, seconds, strict=True))
