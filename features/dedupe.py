"""Events that were seen before, by 64-bit hash, within a bounded horizon of the log's clock.

Two ids collide with probability n²/2⁶⁵ for n ids in the horizon: one in a million at 6 M ids.
"""

from __future__ import annotations

from array import array


class Dedupe:
    """Remembers each hash for `horizon_ms` of the clock after it was first seen."""

    def __init__(self, horizon_ms: int) -> None:
        self.horizon_ms = horizon_ms
        self._seen: dict[int, int] = {}
        self._swept_ms = 0

    def is_new(self, key: int, clock_ms: int) -> bool:
        """Whether the hash is seen for the first time within the horizon; remembers it then."""
        seen_ms = self._seen.get(key)
        if seen_ms is not None and clock_ms - seen_ms <= self.horizon_ms:
            return False
        self._seen[key] = clock_ms
        return True

    def sweep(self, clock_ms: int) -> None:
        """Forget what is older than the horizon; it changes no answer, so when is free."""
        if clock_ms - self._swept_ms < self.horizon_ms // 4:
            return
        self._swept_ms = clock_ms
        oldest_ms = clock_ms - self.horizon_ms
        self._seen = {key: seen for key, seen in self._seen.items() if seen >= oldest_ms}

    def __len__(self) -> int:
        return len(self._seen)

    def snapshot(self) -> tuple[bytes, bytes]:
        """The hashes and the clocks at which they were seen, as packed 64-bit integers."""
        return (
            array("Q", self._seen.keys()).tobytes(),
            array("q", self._seen.values()).tobytes(),
        )

    def restore(self, packed: tuple[bytes, bytes]) -> None:
        """Take the state of a snapshot."""
        keys, clocks = array("Q"), array("q")
        keys.frombytes(packed[0])
        clocks.frombytes(packed[1])
        self._seen = dict(zip(keys, clocks, strict=True))
