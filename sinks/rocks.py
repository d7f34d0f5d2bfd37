"""What all RocksDB databases here have in common: set up, read, and written anew."""

from __future__ import annotations

from collections.abc import Iterator

from rocksdict import (
    BottommostLevelCompaction,
    CompactOptions,
    DBCompressionType,
    Env,
    Options,
    Rdict,
)

_SYNCED_BYTES = 1 << 20


def raw_options() -> Options:
    """Options of a database of plain bytes, compressed, with one log of its own."""
    options = Options(raw_mode=True)
    # Files are put together where the flow leaves time for it, not in its stead.
    env = Env()
    env.lower_thread_pool_cpu_priority()
    options.set_env(env)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(1)
    # Else a file goes to the disk all at once at its end, and whoever syncs just then waits for it.
    options.set_bytes_per_sync(_SYNCED_BYTES)
    return options


def pairs_from(database: Rdict, start: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys from one on, with their bytes, in order; raises where some cannot be read."""
    place = database.iter()
    place.seek(start)
    while place.valid():
        yield place.key(), place.value()
        place.next()
    # At damage it only ends: the status tells that from the real end.
    place.status()


def rewrite(database: Rdict) -> None:
    """Write every file anew, so that nothing which was deleted is left in any, and close it.

    A second opening lets go of the files' list, which holds some of their keys.
    """
    whole = CompactOptions()
    whole.set_bottommost_level_compaction(BottommostLevelCompaction.force())
    database.compact_range(None, None, whole)
    database.close()
