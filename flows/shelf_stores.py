"""The shelves of all steps in one process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from flows.routing import worker_of
from flows.shelf_folder import ShelfFolder
from flows.shelf_store import SMALL_CACHE_MB, Store

_AHEAD_S = {"observe": 0.2, "decide": 0.13, "rooms": 0.06}
"""How long before an epoch ends a step's checkpoint is made: one at a time."""


class Stores:
    """The stores of a process, one a step, since steps are not snapshotted together.

    `rooms` is there in one process alone: that which has the step's one key. With `epoch_s`,
    checkpoints are made ahead of the ends of epochs.
    """

    def __init__(
        self,
        recovery: str,
        process: int,
        workers: int,
        shards: int,
        own: Iterable[int],
        cache_mb: int,
        epoch_s: float = 0.0,
    ) -> None:
        folder, shards_here, steps = Path(recovery), list(own), 2 * workers + 1

        def store(step: str, shards: int, own: list[int], cache_mb: int) -> Store:
            own_folder = ShelfFolder(folder, step, process, steps)
            return Store(own_folder, shards, own, cache_mb, epoch_s, _AHEAD_S[step])

        self.observe = store("observe", shards, shards_here, cache_mb)
        self.decide = store("decide", shards, shards_here, cache_mb)
        self.rooms: Store | None = None
        if worker_of("rooms", workers) == process:
            self.rooms = store("rooms", 1, [0], SMALL_CACHE_MB)

    def close(self) -> None:
        """Let go of all files."""
        for store in (self.observe, self.decide, self.rooms):
            if store is not None:
                store.close()
