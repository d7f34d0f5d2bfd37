"""A public data set becomes a log of the contract's events, whole or not at all."""

from __future__ import annotations

import gzip
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias, cast

import msgspec
import zstandard

from events.decode import Decoder, DecodeSettings
from events.kinds import KIND_OF, Event
from events.letters import DeadLetter
from flows.converters import columns, ranklens
from flows.overwriting import written_over

Read: TypeAlias = Callable[[bytes], tuple[str, list[Event]]]
"""What a converter is: from a source row to the row's own kind and its events."""

Progress: TypeAlias = Callable[[int, int], None]
"""Told the bytes of the source file that were read, and how many it has."""

Told: TypeAlias = tuple[int, str, list[Event]]
"""A line's number, what its row counts as (nothing: it was counted), and events to write."""

CONVERTERS: dict[str, Read] = {"ranklens": ranklens.read}
TABLES: dict[str, Path] = {"kuairand": Path(__file__).parent / "converters" / "kuairand.toml"}
ANY_TABLE = "csv"
NAMES = sorted([*CONVERTERS, *TABLES, ANY_TABLE])
"""Every data set that can be converted, by name: row by row, or as a table by its map."""

_ROWS_BETWEEN_REPORTS = 1_000
_BLOCK_BYTES = 1 << 18


class ConvertError(Exception):
    """The source cannot be converted; the message says where and why."""


@dataclass(frozen=True)
class Converted:
    """How many rows of each source kind became how many events of each kind."""

    rows: dict[str, int]
    events: dict[str, int]

    def __str__(self) -> str:
        return f"read {_counted(self.rows, 'rows')}; wrote {_counted(self.events, 'events')}"


def convert(
    name: str,
    source: Path,
    out: Path,
    progress: Progress | None = None,
    column_map: Path | None = None,
) -> Converted:
    """Write the data set `name` at `source` as the log `out`; both may end in .gz or .zst.

    Keeps the order of the source, a table that of time, and is deterministic to the byte. A row
    that cannot be converted raises `ConvertError` with its line; `out` appears only when it is
    whole, and an older file of that name stays until then. `csv` takes its map from `column_map`.
    Raises `ConvertError` also for an unknown name or map and OSError where a file cannot be read
    or written.
    """
    read = _reader(name, column_map)
    part = out.with_name(f"{out.name}.part")
    lost = written_over(filter(None, (source, column_map)), (out, part))
    if lost is not None:
        raise ConvertError(lost)
    try:
        with _reading(source) as (lines, position), _writing(part, out.suffix) as sink:
            done = _copy(read(lines), source, sink, _reporter(source, position, progress))
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return done


def _reader(name: str, column_map: Path | None) -> Callable[[Iterator[bytes]], Iterator[Told]]:
    """What makes events of a source's lines."""
    if name not in NAMES:
        raise ConvertError(f"no data set {name!r}; there are: {', '.join(NAMES)}")
    if (column_map is not None) != (name == ANY_TABLE):
        raise ConvertError(f"a map of columns belongs to {ANY_TABLE}, and to nothing else")
    if name in CONVERTERS:
        return lambda lines: _row_by_row(CONVERTERS[name], lines)
    try:
        chosen = columns.load(column_map or TABLES[name])
    except ValueError as problem:
        raise ConvertError(str(problem)) from None
    return lambda lines: columns.read(lines, chosen)


def _row_by_row(read: Read, lines: Iterator[bytes]) -> Iterator[Told]:
    for number, line in enumerate(lines, start=1):
        try:
            kind, told = read(line)
            if not told:
                raise ValueError(f"a row of kind {kind!r} that tells nothing")
        except (msgspec.MsgspecError, ValueError) as problem:
            raise columns.RowError(number, str(problem)) from problem
        yield number, kind, told


def _copy(
    rows_told: Iterator[Told], source: Path, sink: IO[bytes], report: Callable[[], None]
) -> Converted:
    rows: Counter[str] = Counter()
    events: Counter[str] = Counter()
    encode = msgspec.json.Encoder().encode
    check = Decoder(DecodeSettings()).decode_all
    number = 0
    try:
        for number, kind, told in rows_told:
            encoded = [encode(event) for event in told]
            for outcome in check(encoded):
                if isinstance(outcome, DeadLetter):
                    raise ValueError(f"would be a dead letter: {outcome.detail}")
            if kind:
                rows[kind] += 1
            events.update(KIND_OF[type(event)] for event in told)
            sink.write(b"".join(line + b"\n" for line in encoded))
            if number % _ROWS_BETWEEN_REPORTS == 0:
                report()
    except (msgspec.MsgspecError, ValueError) as error:
        line = error.line if isinstance(error, columns.RowError) else number
        raise ConvertError(f"{source}:{line}: {error}") from error
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise ConvertError(f"{source}: damaged after line {number}: {error}") from error
    if not rows:
        raise ConvertError(f"{source}: holds no rows")
    report()
    return Converted(dict(sorted(rows.items())), dict(sorted(events.items())))


def _reporter(
    source: Path, position: Callable[[], int], progress: Progress | None
) -> Callable[[], None]:
    size = source.stat().st_size

    def report() -> None:
        if progress is not None:
            progress(position(), size)

    return report


@contextmanager
def _reading(path: Path) -> Iterator[tuple[Iterator[bytes], Callable[[], int]]]:
    """The rows of a file as it is read, and how many bytes of the file that has taken."""
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            blocks = _blocks(cast(IO[bytes], gzip.GzipFile(fileobj=raw)))
        elif path.suffix == ".zst":
            blocks = _unpacked(_blocks(raw))
        else:
            blocks = _blocks(raw)
        yield _rows(blocks), raw.tell


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def _unpacked(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Zstandard frames, one after another; EOFError if the last is cut, which its reader hides."""
    frame = None
    for block in blocks:
        while block:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(block)
            block = frame.unused_data
            if frame.eof:
                frame = None
    if frame is not None:
        raise EOFError("the compressed file ends early")


def _rows(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The rows without their ends of line; ValueError at a row over the decoder's limit."""
    bytes_max = DecodeSettings().line_bytes_max
    rest = b""
    for block in blocks:
        *rows, rest = (rest + block).split(b"\n")
        yield from rows
        if len(rest) > bytes_max:
            raise ValueError(f"the row after this one is longer than {bytes_max:,} bytes")
    if rest:
        yield rest


@contextmanager
def _writing(path: Path, suffix: str) -> Iterator[IO[bytes]]:
    """A file to write plain bytes to, compressed as the suffix says, on disk when closed."""
    with path.open("wb") as raw:
        if suffix == ".gz":
            # Without a name and a time the same log gives the same bytes.
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                yield cast(IO[bytes], packed)
        elif suffix == ".zst":
            with zstandard.ZstdCompressor().stream_writer(raw, closefd=False) as packed:
                yield cast(IO[bytes], packed)
        else:
            yield raw
        raw.flush()
        os.fsync(raw.fileno())


def _counted(counts: dict[str, int], what: str) -> str:
    parts = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    return f"{sum(counts.values()):,} {what} ({parts})"
