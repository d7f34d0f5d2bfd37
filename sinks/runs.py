"""Records kept by key on disk: written in any order by several writers, read back once, sorted."""

from __future__ import annotations

import heapq
import os
import struct
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, Final

Record = tuple[bytes, bytes]
"""A key, in whose byte order the result lies, and the bytes that stand there."""

_LENGTHS: Final = struct.Struct(">II")
_BLANK: Final = b"\xff" * 8
"""Opens the key of a record that says nothing any more, and of no other: keys open with a number
far below."""
_BLOCK_BYTES: Final = 32 << 20
_FILES_OPEN: Final = 64
_BUFFER_BYTES: Final = 256 << 10


class RunMismatch(Exception):
    """A run file is shorter than the saved state says: the two do not belong together."""


class RunWriter:
    """Appends records to `NAME.run` in a folder.

    `snapshot()` gives an offset; `restore(offset)` takes the file back to it, so that what is
    written again is there once. A new writer starts empty unless restored.
    """

    def __init__(self, folder: Path | str, name: str) -> None:
        self._path = Path(folder) / f"{name}.run"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO | None = None

    def append(self, records: Iterable[Record]) -> None:
        """Add records, in any order."""
        parts: list[bytes] = []
        for key, body in records:
            parts += (_LENGTHS.pack(len(key), len(body)), key, body)
        self._open().write(b"".join(parts))

    def snapshot(self) -> int:
        """Hand everything to the operating system; the offset in bytes that holds it."""
        file = self._open()
        file.flush()
        return file.tell()

    def restore(self, offset: int) -> None:
        """Forget everything after this offset; `RunMismatch` if the file does not reach it."""
        self.close()
        with open(self._path, "ab") as file:
            size = file.tell()
            if size < offset:
                raise RunMismatch(
                    f"{self._path} has {size} bytes and the saved state expects {offset}: it was "
                    "changed or removed; start over with an empty recovery folder"
                )
            file.truncate(offset)
        self._file = open(self._path, "ab", buffering=_BUFFER_BYTES)  # noqa: SIM115

    def close(self) -> None:
        """Write out and close."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._file = open(self._path, "wb", buffering=_BUFFER_BYTES)  # noqa: SIM115
        return self._file


def merge_runs(
    folder: Path | str,
    prefix: str,
    out: Path | str,
    *,
    block_bytes: int = _BLOCK_BYTES,
    files_open: int = _FILES_OPEN,
) -> int:
    """Write the bodies of all `PREFIX*.run` in a folder to `out`, in key order; how many there are.

    Of records with one key, that with the smallest bytes stands. Memory: about two blocks, however
    much there is. `out` appears whole or not at all. The runs stay.
    """
    folder, out = Path(folder), Path(out)
    scratch = out.with_name(out.name + ".sorting")
    scratch.mkdir(parents=True, exist_ok=True)
    for leftover in scratch.iterdir():
        leftover.unlink()
    made: list[Path] = []

    def keep(records: Iterable[Record]) -> None:
        path = scratch / f"{len(made)}.run"
        made.append(path)
        with open(path, "wb", buffering=_BUFFER_BYTES) as file:
            for key, body in records:
                file.write(_LENGTHS.pack(len(key), len(body)) + key + body)

    for run in sorted(folder.glob(f"{prefix}*.run")):
        for block in _blocks(run, block_bytes):
            keep(block)
    rest = list(made)
    while len(rest) > files_open:
        some, rest = rest[:files_open], rest[files_open:]
        keep(heapq.merge(*map(_records, some)))
        rest.append(made[-1])
        for path in some:
            path.unlink()
    count = 0
    unfinished = scratch / "out"
    with open(unfinished, "wb", buffering=_BUFFER_BYTES) as file:
        for _, same in groupby(heapq.merge(*map(_records, rest)), key=lambda record: record[0]):
            file.write(next(same)[1])
            count += 1
    os.replace(unfinished, out)
    for path in rest:
        path.unlink()
    scratch.rmdir()
    return count


def blanks(file: BinaryIO) -> Iterator[tuple[int, bytes, bytes]]:
    """Of a run's records the offset, the key, and bytes of the same length that say nothing."""
    offset = 0
    while len(lengths := file.read(_LENGTHS.size)) == _LENGTHS.size:
        key_bytes, body_bytes = _LENGTHS.unpack(lengths)
        key = file.read(key_bytes)
        file.seek(body_bytes, os.SEEK_CUR)
        if not key.startswith(_BLANK):
            yield offset, key, lengths + b"\xff" * key_bytes + bytes(body_bytes)
        offset += _LENGTHS.size + key_bytes + body_bytes


def clear_runs(folder: Path | str, prefix: str) -> None:
    """Remove all `PREFIX*.run` in a folder, as a run that starts from nothing must."""
    for run in sorted(Path(folder).glob(f"{prefix}*.run")):
        run.unlink()


def _records(path: Path) -> Iterator[Record]:
    with open(path, "rb", buffering=_BUFFER_BYTES) as file:
        while lengths := file.read(_LENGTHS.size):
            if len(lengths) < _LENGTHS.size:
                raise RunMismatch(f"{path} ends within a record")
            key_bytes, body_bytes = _LENGTHS.unpack(lengths)
            record = file.read(key_bytes + body_bytes)
            if len(record) < key_bytes + body_bytes:
                raise RunMismatch(f"{path} ends within a record")
            if not record.startswith(_BLANK):
                yield record[:key_bytes], record[key_bytes:]


def _blocks(path: Path, block_bytes: int) -> Iterator[list[Record]]:
    """The file's records in sorted blocks of about this many bytes."""
    block: list[Record] = []
    size = 0
    for record in _records(path):
        block.append(record)
        size += len(record[0]) + len(record[1])
        if size >= block_bytes:
            yield sorted(block)
            block, size = [], 0
    if block:
        yield sorted(block)
