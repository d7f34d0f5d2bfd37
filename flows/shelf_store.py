"""The shelves of one step in one process, and their checkpoints, which its snapshots name.

All shards of a step are snapshotted at one point of the stream, so one checkpoint serves all: the
first snapshot after a change makes it. Live it is made a moment before and beside the flow, and the
snapshots bear what has changed since. A shard that has not been touched since its last snapshot
goes on naming an older one, which stays for as long.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from rocksdict import Rdict

from features.shelf import Shelf, Shelves
from flows.recovery import RecoveryError
from flows.rocks import RocksShelf, open_database, pairs, prefix_of, told
from flows.shelf_changes import Changes, unpacked
from flows.shelf_checkpoint import Checkpoint
from flows.shelf_folder import Removals, ShelfFolder, link
from sinks.rocks import rewrite

SMALL_CACHE_MB = 8
_ERASED = b"\xff\xff"
"""The key of no shard, there while erased users may be in the files."""
_FLUSH_S = 0.4
"""Longer than most flushes take: so long before a checkpoint its tables begin to be written."""
_REMOVAL_SHARE = 0.3
"""Old checkpoints go away from an epoch's end, at which the flow waits for the disk."""


class Writes(Protocol):
    """A kernel that holds back what it is yet to put on its shelves."""

    def write(self) -> None:
        """Put it there."""


class Store:
    """`own` are the shards that the engine gives to this process.

    Epochs last `epoch_s`, and checkpoints are made `ahead_s` before they end; 0: at their end.
    """

    def __init__(
        self,
        folder: ShelfFolder,
        shards: int,
        own: Iterable[int],
        cache_mb: int,
        epoch_s: float = 0.0,
        ahead_s: float = 0.0,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._timer = timer
        self._ahead_s = epoch_s - min(ahead_s, 0.3 * epoch_s) if ahead_s and epoch_s else math.inf
        self._removals = Removals(_REMOVAL_SHARE * epoch_s)
        self._flush_s = self._ahead_s - min(_FLUSH_S, 0.2 * epoch_s)
        self._changes, self._is_flushed = Changes(), False
        self._ahead: Checkpoint | None = None
        """The one that is made beside the flow."""
        self._due_s = timer() + self._flush_s
        self._shards = shards
        self._own = frozenset(own)
        self._cache_mb = cache_mb
        self._database: Rdict | None = None
        self._base = ""
        self._sources: dict[str, Rdict] = {}
        self._vacuum: threading.Thread | None = None
        self._kernels: dict[int, Writes] = {}
        self._named: dict[int, int] = {}
        self._kept: list[int] = []
        self._number = 0
        self._has_changed = True
        self._is_settled = False

    # A step begins.

    def shelves(self, shard: int, place: str = "", changes: bytes = b"") -> Shelves:
        """The shelves of a shard, as a checkpoint and the changes since have them, or empty."""
        if self._database is None:
            self._open(place)
        assert self._database is not None
        database = self._database
        self._changes.end()
        if place != self._base:
            self._clear(shard)
            if place:
                self._copy(shard, place)
        for key, body in unpacked(changes):
            if body is None:
                del database[key]
            else:
                database[key] = body

        def shelf(name: str) -> Shelf:
            return RocksShelf(database, shard, name, self._changes)

        return shelf

    def enter(self, shard: int, kernel: Writes) -> None:
        """Whom to ask to write before a checkpoint."""
        self._kernels[shard] = kernel

    def _open(self, place: str) -> None:
        """Begin with a whole checkpoint, less what now belongs to others."""
        if place:
            place = self._erased_since(place)
            source = self._source_path(place)
            try:
                link(source, self._folder.work)
            except OSError as problem:
                raise told(source, problem) from None
        self._database = open_database(self._folder.work, self._cache_mb)
        self._base = place
        if not place:
            return
        if self._database.get(_ERASED) is not None:
            self._rewrite()
        for shard in range(self._shards):
            if shard not in self._own:
                self._clear(shard)
        # What was deleted or written over before the restart leaves the disk, beside the flow.
        self._vacuum = threading.Thread(target=self._compact, name="vacuum", daemon=True)
        self._vacuum.start()

    def _erased_since(self, place: str) -> str:
        """A later checkpoint that says that users were erased, if there is one, else this one.

        A shard that had nothing to do since names one of before, whose files still have them.
        """
        self._source_path(place)
        for later in self._folder.later(place):
            # One that was being made when the run was killed is of no use, and nobody names it.
            with contextlib.suppress(RecoveryError):
                source = open_database(self._folder.path(later), SMALL_CACHE_MB, reads_only=True)
                is_marked = source.get(_ERASED) is not None
                source.close()
                if is_marked:
                    return later
        return place

    def _rewrite(self) -> None:
        """Write every file anew before anything else: users were erased before the restart."""
        assert self._database is not None
        try:
            del self._database[_ERASED]
            rewrite(self._database)
        except Exception as problem:
            raise told(self._folder.work, problem) from None
        self._database = open_database(self._folder.work, self._cache_mb)

    def _compact(self) -> None:
        assert self._database is not None
        # The flow itself says what is wrong with the disk; and it may end first.
        with contextlib.suppress(Exception):
            self._database.compact_range(None, None)

    def _source_path(self, place: str) -> Path:
        path = self._folder.path(place)
        if not path.is_dir():
            raise RecoveryError(
                f"the state that this run goes on from is not there: {path}. Bring the shelves "
                "folder of every machine together, restore a backup, or start from an empty folder"
            )
        return path

    def _clear(self, shard: int) -> None:
        assert self._database is not None
        self._database.delete_range(prefix_of(shard), prefix_of(shard + 1))

    def _copy(self, shard: int, place: str) -> None:
        assert self._database is not None
        source = self._sources.get(place)
        if source is None:
            source = open_database(self._source_path(place), SMALL_CACHE_MB, reads_only=True)
            self._sources[place] = source
        prefix = prefix_of(shard)
        for key, body in pairs(source, prefix, prefix):
            self._database[key] = body

    # A step goes on.

    def change(self) -> None:
        """Something came for a shard: all of it is behind the snapshots that were taken."""
        if not self._has_changed:
            self._has_changed = True
            self._changes.end()
        if self._timer() >= self._due_s and self._database is not None:
            self._go_ahead()

    def _go_ahead(self) -> None:
        """First the tables begin to be written, beside the flow; then the checkpoint is made, too.

        What changes while it is made may be in it or not: the snapshots bear it in any case.
        """
        assert self._database is not None
        if self._is_flushed:
            self._due_s = math.inf
            self._write()
            self._changes.begin()
            self._ahead = self._new_checkpoint()
            self._ahead.begin()
            return
        self._is_flushed = True
        self._due_s = self._timer() + self._ahead_s - self._flush_s
        try:
            self._database.flush(wait=False)
        except Exception as problem:
            raise told(self._folder.work, problem) from None

    @property
    def is_soon(self) -> bool:
        """Whether a checkpoint is about to be made, or waits for its snapshots."""
        return self._is_flushed

    def erased(self) -> None:
        """Users have been dropped whose every byte is to go with the next restart."""
        if self._database is not None:
            self._database[_ERASED] = b""
        # A checkpoint that was made before does not say so.
        self._changes.end()

    def place(self, shard: int) -> str:
        """The checkpoint that a shard's snapshot names; made where there is no fresh one."""
        if self._has_changed:
            self._has_changed = False
            self._epoch_ends()
        self._named[shard] = self._number
        return self._folder.place(self._number)

    def changes(self, shard: int) -> bytes:
        """What the shard has changed since the checkpoint that `place` has just named."""
        return self._changes.packed(shard)

    def _epoch_ends(self) -> None:
        # That an epoch ends means that all before it are durable: what was named till now is.
        named = set(self._named.values())
        if not self._is_settled and self._own <= self._named.keys():
            self._is_settled = True
            self._removals.remove(self._folder.settle())
        if self._ahead is not None:
            self._ahead.finish()
            self._ahead = None
        if self._changes.is_open:
            self._write()
        # Unless they have become too many just now.
        if not self._changes.is_open:
            self._write()
            self._new_checkpoint().make()
        self._is_flushed, self._due_s = False, self._timer() + self._flush_s
        named.add(self._number)
        going = [number for number in self._kept if number not in named]
        self._kept = [number for number in self._kept if number in named]
        self._removals.remove(self._folder.path(self._folder.place(number)) for number in going)

    def _write(self) -> None:
        for kernel in self._kernels.values():
            kernel.write()

    def _new_checkpoint(self) -> Checkpoint:
        """One that is yet to be made of what is on the shelves."""
        for source in self._sources.values():
            source.close()
        self._sources.clear()
        self._number += 1
        self._kept.append(self._number)
        assert self._database is not None
        return Checkpoint(self._database, self._folder.path(self._folder.place(self._number)))

    def close(self) -> None:
        """Let go of all files."""
        for source in self._sources.values():
            source.close()
        self._removals.close()
        if self._database is None:
            return
        # The working database is of no use any more.
        with contextlib.suppress(Exception):
            if self._ahead is not None:
                self._ahead.finish()
        with contextlib.suppress(Exception):
            if self._vacuum is not None and self._vacuum.is_alive():
                self._database.cancel_all_background(True)
                self._vacuum.join()
            self._database.close()
