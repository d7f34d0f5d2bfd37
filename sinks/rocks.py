"""What all RocksDB databases here have in common: set up, read, and written anew."""

from __future__ import annotations

from collections.abc import Iterator

from rocksdict import (
    BottommostLevelCompaction,
    CompactOptions,
    DBCompressionType,
    Options,
    Rdict,
)


def raw_options() -> Options:
    """Options of a database of plain bytes, compressed, with one log of its own."""
    options = Options(raw_mode=True)
    options.set_compression_type(DBCompressionType.lz4())
    options.set_keep_log_file_num(1)
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
