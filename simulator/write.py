"""Logs on disk: plain, gzip or zstandard by their name, whole or not there at all."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, cast

import zstandard

_BATCH = 2_000  # lines written at once
_REPORT = 50_000  # lines between two reports of progress


def write_log(
    path: Path | str, lines: Iterable[bytes], progress: Callable[[int], None] | None = None
) -> int:
    """Write lines to a `.jsonl`, `.jsonl.gz` or `.jsonl.zst`; gives how many there were.

    The same lines give the same bytes, compressed ones too. They go to a name beside it that
    ends in `.partial` and is renamed at the end, so the log is either whole or absent; after an
    error the partial file is removed. `progress` is told the lines so far, and the total last.
    OSError where it cannot be written.
    """
    path = Path(path)
    partial = path.with_name(path.name + ".partial")
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with ExitStack() as stack:
            out = _open(partial, path.suffix, stack)
            batch: list[bytes] = []
            for line in lines:
                batch.append(line)
                if len(batch) == _BATCH:
                    count += _write(out, batch)
                    if progress is not None and count % _REPORT == 0:
                        progress(count)
            count += _write(out, batch)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    if progress is not None:
        progress(count)
    return count


def _open(partial: Path, suffix: str, stack: ExitStack) -> IO[bytes]:
    raw = stack.enter_context(partial.open("wb"))
    if suffix == ".gz":
        # Neither name nor time in the header: they would differ from run to run.
        packed: Any = gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0)
    elif suffix == ".zst":
        packed = zstandard.ZstdCompressor(level=6).stream_writer(raw, closefd=False)
    else:
        return raw
    return cast("IO[bytes]", stack.enter_context(packed))


def _write(out: IO[bytes], batch: list[bytes]) -> int:
    """Write and empty the batch; gives how many lines it held."""
    if batch:
        out.write(b"\n".join(batch) + b"\n")
    count = len(batch)
    batch.clear()
    return count
