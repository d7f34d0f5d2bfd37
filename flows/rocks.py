"""Shelves in RocksDB: one database for all shards of a step in a process, keys by shard.

The log is the journal, so nothing is written ahead: what counts is what a checkpoint holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rocksdict import (
    AccessType,
    BlockBasedOptions,
    Cache,
    Rdict,
    WriteOptions,
)

from flows.recovery import RecoveryError
from flows.shelf_changes import Changes
from sinks.rocks import pairs_from, raw_options

_WRITE_BUFFER_BYTES = 8 << 20
"""Small, so that most is on disk already when a checkpoint is made."""
_WRITE_BUFFERS = 6
_OPEN_FILES_MAX = 512
_BLOOM_BITS = 10
_BLOCK_BYTES = 4_096
_FULL = ("No space left", "Disk quota", "File too large")


def open_database(folder: Path, cache_mb: int, reads_only: bool = False) -> Rdict:
    """The database in a folder, made where there is none and it may be written."""
    table = BlockBasedOptions()
    table.set_block_cache(Cache(cache_mb << 20))
    table.set_bloom_filter(_BLOOM_BITS, False)
    table.set_block_size(_BLOCK_BYTES)
    options = raw_options()
    options.create_if_missing(not reads_only)
    options.set_block_based_table_factory(table)
    options.set_write_buffer_size(_WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(_WRITE_BUFFERS)
    options.set_max_background_jobs(2)
    options.set_max_open_files(_OPEN_FILES_MAX)
    options.set_stats_dump_period_sec(0)
    access = AccessType.read_only() if reads_only else AccessType.read_write()
    try:
        database = Rdict(str(folder), options, access_type=access)
    except Exception as problem:
        raise told(folder, problem) from None
    unlogged = WriteOptions()
    # A property, whatever its type says.
    unlogged.disable_wal = True  # type: ignore[method-assign,assignment]
    database.set_write_options(unlogged)
    return database


def told(folder: Path, problem: Exception) -> RecoveryError:
    """What RocksDB says, with what to do about it; it knows no kinds of error but its words."""
    text = " ".join(str(problem).split())
    if any(words in text for words in _FULL):
        return RecoveryError(
            f"the disk of {folder} is full ({text}): make room and start again, "
            "nothing is lost of what was durable"
        )
    return RecoveryError(
        f"the state on disk in {folder} cannot be used ({text}): "
        "restore the recovery folder from a backup, or start from an empty one"
    )


def prefix_of(shard: int) -> bytes:
    """What all keys of a shard begin with."""
    return shard.to_bytes(2, "big")


class RocksShelf:
    """One shelf of a shard: the keys of a database that begin alike; `changes` hears of all."""

    def __init__(self, database: Rdict, shard: int, name: str, changes: Changes) -> None:
        self._database = database
        self._shard = shard
        self._changes = changes
        self._prefix = prefix_of(shard) + name.encode()

    def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        try:
            body: bytes | None = self._database.get(self._prefix + key.encode())
        except Exception as problem:
            raise told(Path(self._database.path()), problem) from None
        return body

    def put(self, key: str, body: bytes) -> None:
        """Set the bytes of a key."""
        whole = self._prefix + key.encode()
        try:
            self._database[whole] = body
        except Exception as problem:
            raise told(Path(self._database.path()), problem) from None
        if self._changes.is_open:
            self._changes.note(self._shard, whole, body)

    def delete(self, key: str) -> None:
        """Forget a key, known or not."""
        whole = self._prefix + key.encode()
        try:
            del self._database[whole]
        except Exception as problem:
            raise told(Path(self._database.path()), problem) from None
        if self._changes.is_open:
            self._changes.note(self._shard, whole, None)

    def items(self, after: str = "") -> Iterator[tuple[str, bytes]]:
        """All that sorts behind a key, in order; what is put meanwhile may be missed."""
        start = self._prefix + after.encode() + b"\x00"
        for key, body in pairs(self._database, self._prefix, start):
            yield key[len(self._prefix) :].decode(), body


def pairs(database: Rdict, prefix: bytes, start: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys that begin so, from one on, with their bytes; says so where they cannot be read."""
    try:
        for key, body in pairs_from(database, start):
            if not key.startswith(prefix):
                break
            yield key, body
    except GeneratorExit:
        raise
    except Exception as problem:
        raise told(Path(database.path()), problem) from None
