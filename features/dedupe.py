"""Events that were seen before, by 64-bit hash, within a bounded horizon of the log's clock.

Two ids collide with probability n²/2⁶⁵ for n ids in the horizon: one in a million at 6 M ids.
"""

from __future__ import annotations

from array import array


class Dedupe:
    """Remembers each hash for `horizon_s` of the clock after it was first seen.

    `seen` maps a hash to the second of the clock at which it came; a hot loop may look there
    itself, with `is_new` as its meaning, but fetches it anew after a `sweep`. Rows of one second
    share one number, which halves the memory that every event drags through the caches.
    """

    def __init__(self, horizon_s: int) -> None:
        self.horizon_s = horizon_s
        self.seen: dict[int, int] = {}
        self._swept_s = 0

    def is_new(self, key: int, second: int) -> bool:
        """Whether the hash is seen for the first time within the horizon; remembers it then."""
        seen_s = self.seen.get(key)
        if seen_s is not None and second - seen_s <= self.horizon_s:
            return False
        self.seen[key] = second
        return True

    def sweep(self, second: int) -> None:
        """Forget what is older than the horizon; it changes no answer, so when is free."""
        if second - self._swept_s < self.horizon_s // 4:
            return
        self._swept_s = second
        oldest_s = second - self.horizon_s
        # A new dict: one that things are only taken out of keeps the memory of its best days.
        self.seen = {key: seen_s for key, seen_s in self.seen.items() if seen_s >= oldest_s}

    def __len__(self) -> int:
        return len(self.seen)

    def snapshot(self) -> tuple[bytes, bytes]:
        """The hashes and the seconds at which they were seen, as packed 64-bit integers."""
        return array("Q", self.seen.keys()).tobytes(), array("q", self.seen.values()).tobytes()

    def restore(self, packed: tuple[bytes, bytes]) -> None:
        """Take the state of a snapshot."""
        keys, seconds = array("Q"), array("q")
        keys.frombytes(packed[0])
        seconds.frombytes(packed[1])
        self.seen.clear()
        self.seen.update(zip(keys, seconds, strict=True))
