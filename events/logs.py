"""Recorded logs read as streams of lines: plain, gzip or zstd, never whole in memory.

This module alone in its room reads files; what it reads is what happened. The compression is
told by a file's first bytes, not by its name.
"""

from __future__ import annotations

import dataclasses
import os
import zlib
from collections.abc import Iterator
from typing import IO

import zstandard

from events.setting import setting

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"
# A zstd frame, or one of the frames to be skipped that some writers begin with.
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes((0x50 + i,)) + b"\x2a\x4d\x18" for i in range(16)))


class LogError(Exception):
    """A log that cannot be opened, or cannot be read further; says which, where and what to do."""


@dataclasses.dataclass(frozen=True)
class LogSettings:
    """How much of a log is in memory at a time."""

    block_bytes: int = setting(
        1 << 18,
        "bytes",
        "Large enough that the work per block is nothing beside that per line.",
        least=1,
    )
    packed_bytes: int = setting(
        1 << 13,
        "bytes",
        "Compressed bytes taken at once; small, since zstd may swell them a lot.",
        least=1,
    )
    read_bytes_max: int = setting(
        1 << 23, "bytes", "One read ends early rather than hold more than about this.", least=1
    )
    chunk_rows: int = setting(
        2_000, "rows", "Lines of one log decoded at once; larger gains nothing in speed.", least=1
    )


class LogReader:
    """One log's lines in order.

    `line_no` counts the lines handed out or skipped. After the last line, `cut` says whether
    it lacked its end of line. A damaged archive hands out the lines before the damage (less
    at most those of the `packed_bytes` in which it lies), and then raises `LogError`.
    """

    def __init__(
        self, path: str, settings: LogSettings | None = None, line_bytes_max: int = 1 << 20
    ) -> None:
        self._path = path
        self._settings = settings or LogSettings()
        self._line_bytes_max = line_bytes_max
        try:
            self._file: IO[bytes] = open(path, "rb", buffering=0)  # noqa: SIM115 closed by close()
            self._size = os.fstat(self._file.fileno()).st_size
        except OSError as error:
            raise LogError(f"{path}: {error.strerror}; check the name of the log") from error
        self._bytes_read = 0
        self._blocks = self._unpacked()
        self._lines: list[bytes] = []
        self._next = 0
        self._tail = b""
        self._in_long_line = False
        self._ended = False
        self._damage: Exception | None = None
        self.line_no = 0
        self.cut = False

    def read(self, max_lines: int) -> list[bytes]:
        """The next lines without their ends, at most `max_lines`; none at the log's end.

        May return fewer where lines are long. Of a line over the limit the beginning may be
        all that comes, itself just over the limit.
        """
        if max_lines < 1:
            raise ValueError(f"max_lines must be at least 1, is {max_lines}")
        lines: list[bytes] = []
        size = 0
        while len(lines) < max_lines and size < self._settings.read_bytes_max:
            if self._next == len(self._lines):
                if not self._fill():
                    break
                size += sum(map(len, self._lines))
            part = self._lines[self._next : self._next + max_lines - len(lines)]
            self._next += len(part)
            lines = lines + part if lines else part
        if self.line_no == 0 and lines:
            lines[0] = lines[0].removeprefix(_BOM)
        self.line_no += len(lines)
        if not lines and self._damage is not None:
            raise LogError(
                f"{self._path}: cannot be read after line {self.line_no:,} ({self._damage}); "
                "the lines before it are kept: copy or write the log again, or go on without "
                "its rest"
            )
        return lines

    def skip_to(self, line_no: int) -> bool:
        """Pass over lines until `line_no` of them are behind; False if the log has fewer."""
        while self.line_no < line_no:
            if self._next == len(self._lines) and not self._fill():
                return False
            step = min(line_no - self.line_no, len(self._lines) - self._next)
            self._next += step
            self.line_no += step
        return True

    @property
    def progress(self) -> float:
        """The share of the file's bytes that has been read, 0 to 1."""
        return min(1.0, self._bytes_read / self._size) if self._size else float(self._ended)

    @property
    def size(self) -> int:
        """The size of the file in bytes."""
        return self._size

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> LogReader:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _fill(self) -> bool:
        """Read blocks until there is at least one more whole line; False at the end."""
        while not self._ended:
            try:
                block = next(self._blocks, None)
            except (OSError, zlib.error, zstandard.ZstdError, EOFError) as error:
                # The line in which the damage begins is not handed out: it is no line yet.
                self._ended = True
                self._damage = error
                return False
            if block is None:
                self._ended = True
                if not self._tail and not self._in_long_line:
                    return False
                self.cut = True
                self._lines, self._next, self._tail = [self._tail], 0, b""
                return True
            if self._split(block):
                return True
        return False

    def _split(self, block: bytes) -> bool:
        """Take a block's lines; False if it ends none."""
        if self._in_long_line:
            end = block.find(b"\n")
            if end < 0:
                return False
            self._in_long_line = False
            lines = block[end:].split(b"\n")
            lines[0] = self._tail
        else:
            lines = (self._tail + block).split(b"\n")
        tail = lines.pop()
        limit = self._line_bytes_max
        if len(tail) > limit:
            self._in_long_line = True
            tail = tail[: limit + 1]
        self._lines, self._next, self._tail = lines, 0, tail
        return bool(lines)

    def _raw(self, size: int) -> bytes:
        data = self._file.read(size)
        self._bytes_read += len(data)
        return data

    def _unpacked(self) -> Iterator[bytes]:
        data = self._raw(self._settings.packed_bytes)
        if data.startswith(_GZIP):
            yield from self._gunzip(data)
        elif data.startswith(_ZSTD):
            yield from self._unzstd(data)
        else:
            while data:
                yield data
                data = self._raw(self._settings.block_bytes)

    def _gunzip(self, data: bytes) -> Iterator[bytes]:
        step = self._settings.block_bytes
        while data:
            member = zlib.decompressobj(wbits=31)
            while not member.eof:
                out = member.decompress(data, step)
                yield out
                data = member.unconsumed_tail
                if not data and not member.eof and len(out) < step:
                    data = self._raw(self._settings.packed_bytes)
                    if not data:
                        raise EOFError("it is cut short")
            # Another member may follow, or zeros that fill up a block of a tape or a disk.
            data = member.unused_data.lstrip(b"\0")
            while not data and (more := self._raw(self._settings.packed_bytes)):
                data = more.lstrip(b"\0")

    def _unzstd(self, data: bytes) -> Iterator[bytes]:
        unpacker = zstandard.ZstdDecompressor()
        while data:
            frame = unpacker.decompressobj()
            while not frame.eof:
                if not data:
                    raise EOFError("it is cut short")
                yield frame.decompress(data)
                if not frame.eof:
                    data = self._raw(self._settings.packed_bytes)
            data = frame.unused_data or self._raw(self._settings.packed_bytes)
