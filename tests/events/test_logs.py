"""Reading recorded logs: every form of file, long and cut lines, damage, going on."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from events.logs import LogError, LogReader, LogSettings

TINY = LogSettings(block_bytes=7, packed_bytes=5)
LINES = [b'{"n":%d}' % i * (i % 3) for i in range(500)]
TEXT = b"".join(line + b"\n" for line in LINES)


def members(pack: Callable[[bytes], bytes], data: bytes) -> bytes:
    third = len(data) // 3
    return b"".join(map(pack, (data[:third], b"", data[third : 2 * third], data[2 * third :])))


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


FORMS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "gzip of members": lambda data: members(gzip.compress, data),
    "gzip filled up with zeros": lambda data: gzip.compress(data) + bytes(1024),
    "zstd": zstd,
    "zstd of frames": lambda data: members(zstd, data),
    "zstd with a frame to skip": lambda data: b"\x50\x2a\x4d\x18\x04\0\0\0abcd" + zstd(data),
}


def read_all(reader: LogReader, max_lines: int = 64) -> list[bytes]:
    lines: list[bytes] = []
    while part := reader.read(max_lines):
        assert len(part) <= max_lines
        lines += part
        assert reader.line_no == len(lines)
    return lines


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("settings", [LogSettings(), TINY])
def test_every_form_gives_the_same_lines(tmp_path: Path, form: str, settings: LogSettings) -> None:
    path = tmp_path / "log"
    path.write_bytes(FORMS[form](TEXT))
    with LogReader(str(path), settings) as reader:
        assert read_all(reader) == LINES
        assert reader.progress == 1.0
        assert not reader.cut
    for line_no in (0, 1, 250, 500):
        with LogReader(str(path), settings) as reader:
            assert reader.skip_to(line_no)
            assert reader.read(3) == LINES[line_no : line_no + 3]
    with LogReader(str(path), settings) as reader:
        assert not reader.skip_to(501)


@pytest.mark.parametrize("form", FORMS)
def test_a_last_line_without_its_end_is_handed_out_as_cut(tmp_path: Path, form: str) -> None:
    path = tmp_path / "log"
    path.write_bytes(FORMS[form](TEXT + b"tail"))
    with LogReader(str(path)) as reader:
        assert read_all(reader) == [*LINES, b"tail"]
        assert reader.cut


def test_an_empty_log_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"")
    with LogReader(str(tmp_path / "log")) as reader:
        assert reader.read(10) == []
        assert reader.progress == 1.0


def test_a_byte_order_mark_is_not_part_of_the_first_line(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(gzip.compress(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo\n"))
    with LogReader(str(tmp_path / "log"), TINY) as reader:
        assert read_all(reader) == [b"one", b"\xef\xbb\xbftwo"]


def test_a_long_line_is_not_held(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"first\n" + b"x" * 10_000_000 + b"\nlast\n" + b"y" * 5000)
    with LogReader(str(path), LogSettings(block_bytes=1000), line_bytes_max=4000) as reader:
        lines = read_all(reader)
    assert [line[:5] for line in lines] == [b"first", b"xxxxx", b"last", b"yyyyy"]
    assert all(len(line) in (4, 5) or 4000 < len(line) <= 5000 for line in lines)
    with LogReader(str(path), LogSettings(block_bytes=1000), line_bytes_max=4000) as reader:
        assert reader.skip_to(2)
        assert reader.read(1) == [b"last"]


def test_a_read_ends_early_rather_than_hold_much(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes((b"x" * 999 + b"\n") * 100)
    limits = LogSettings(block_bytes=1000, packed_bytes=1000, read_bytes_max=5000)
    with LogReader(str(path), limits) as reader:
        while part := reader.read(100):
            assert len(part) <= 6
        assert reader.line_no == 100


def until_damage(path: Path, settings: LogSettings | None = None) -> tuple[list[bytes], str]:
    """The lines before the damage, and the error's words."""
    lines: list[bytes] = []
    with LogReader(str(path), settings) as reader:
        try:
            while part := reader.read(64):
                lines += part
        except LogError as error:
            assert reader.line_no == len(lines)
            return lines, str(error)
    raise AssertionError("the damage was not noticed")


@pytest.mark.parametrize("form", ["gzip", "gzip of members", "zstd", "zstd of frames"])
def test_a_cut_archive_keeps_what_is_before_the_cut(tmp_path: Path, form: str) -> None:
    path = tmp_path / "log"
    packed = FORMS[form](TEXT * 20)
    for size in (len(packed) * 3 // 4, len(packed) - 1):
        path.write_bytes(packed[:size])
        lines, error = until_damage(path)
        assert lines == (LINES * 20)[: len(lines)]
        assert f"{path}: cannot be read after line {len(lines):,} (it is cut short)" in error
        # A zstd block comes whole or not at all, and this log is a single one.
        assert len(lines) > 1000 or form == "zstd"


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_a_damaged_archive_says_so(tmp_path: Path, form: str) -> None:
    path = tmp_path / "log"
    packed = bytearray(FORMS[form](TEXT) + FORMS[form](TEXT))
    packed[len(packed) * 3 // 4] ^= 0xFF
    path.write_bytes(packed + b"no archive")
    lines, error = until_damage(path, LogSettings(packed_bytes=64))
    assert lines[:500] == LINES
    assert "copy or write the log again" in error


def test_a_log_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="nowhere"):
        LogReader(str(tmp_path / "nowhere"))
    with pytest.raises(LogError, match="directory"):
        LogReader(str(tmp_path))


@given(
    data=st.lists(st.sampled_from([b"a", b"\n", b"bc", b"\r\n", b"x" * 9]), max_size=40),
    block=st.integers(1, 20),
    max_lines=st.integers(1, 9),
)
def test_lines_are_those_between_newlines(
    tmp_path_factory: pytest.TempPathFactory, data: list[bytes], block: int, max_lines: int
) -> None:
    text = b"".join(data)
    path = tmp_path_factory.getbasetemp() / "lines"
    path.write_bytes(text)
    lines = text.split(b"\n")
    cut = lines.pop()
    with LogReader(str(path), LogSettings(block_bytes=block, packed_bytes=block)) as reader:
        assert read_all(reader, max_lines) == lines + ([cut] if cut else [])
        assert reader.cut == bool(cut)
