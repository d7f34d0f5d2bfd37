"""Logs on disk: plain or compressed, the same bytes each time, and never half there."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
import zstandard

from simulator.generate import generate
from simulator.settings import preset
from simulator.write import write_log

LINES = list(generate(preset("demo"), 1, 5_000))
WHOLE = b"\n".join(LINES) + b"\n"


def unpack(path) -> bytes:
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(data).read()
    return data


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_what_is_written_can_be_read_and_is_the_same_again(tmp_path, suffix):
    first, second = tmp_path / f"a.{suffix}", tmp_path / "deep" / f"b.{suffix}"
    told: list[int] = []
    assert write_log(first, iter(LINES), told.append) == len(LINES)
    assert write_log(second, iter(LINES)) == len(LINES)
    assert unpack(first) == WHOLE
    assert first.read_bytes() == second.read_bytes()
    assert told == [len(LINES)]
    assert sorted(path.name for path in tmp_path.iterdir()) == [first.name, "deep"]


def test_progress_is_told_on_the_way(tmp_path):
    told: list[int] = []
    write_log(tmp_path / "a.jsonl", (b"{}" for _ in range(120_001)), told.append)
    assert told == [50_000, 100_000, 120_001]


def test_an_error_on_the_way_leaves_the_old_log_and_nothing_else(tmp_path):
    def failing() -> Iterator[bytes]:
        yield b"{}"
        raise RuntimeError("the source broke")

    path = tmp_path / "a.jsonl.gz"
    write_log(path, [b"{}"])
    before = path.read_bytes()
    with pytest.raises(RuntimeError, match="source broke"):
        write_log(path, failing())
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_no_lines_make_an_empty_log(tmp_path):
    assert write_log(tmp_path / "a.jsonl", []) == 0
    assert (tmp_path / "a.jsonl").read_bytes() == b""
