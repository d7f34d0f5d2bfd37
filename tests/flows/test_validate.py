"""`validate`: every defect is named with its line, and every good event is counted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.kinds import KINDS
from events.logs import LogError
from flows.validate import ValidateSettings, validate_log

T = 1_760_000_000_000
Example = dict[str, Any]


def as_line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def spoilt(example: Example) -> list[tuple[bytes, str]]:
    """The lines that each defect makes of one example, with their reasons."""
    line = as_line(example)
    out = [
        (line[: len(line) // 2] + b"\n", "truncated_json"),
        (line[1:], "invalid_json"),
        (line.replace(b'"e-', b'"\xff-'), "invalid_utf8"),
        (as_line(example | {"kind": "dance"}), "unknown_kind"),
        (as_line(example | {"event_time_ms": -1}), "out_of_range"),
        (as_line(example | {"event_time_ms": 7_226_582_400_000}), "out_of_range"),
        (as_line(example | {"event_time_ms": float("nan")}), "not_finite"),
        (as_line(example | {"event_id": ""}), "empty_id"),
        (as_line(example | {"event_id": "x" * 129}), "id_too_long"),
        (as_line(example | {"zzz": "z" * (1 << 20)}), "too_long"),
    ]
    for field in msgspec.structs.fields(KINDS[example["kind"]]):
        name = field.encode_name
        if name in example:
            out.append((as_line(example | {name: {"not": "this"}}), "wrong_type"))
        if field.required:
            rest = {key: value for key, value in example.items() if key != name}
            out.append((as_line(rest), "missing_field"))
    # An object is what attributes and consent are: one with a wrong value inside stays wrong.
    return [
        (bad, reason)
        for bad, reason in out
        if not (b'"attributes": {"not": "this"}' in bad or b'"consent": {"not": "this"}' in bad)
    ]


def test_a_log_of_every_defect_loses_no_good_event(
    tmp_path: Path, examples_by_kind: dict[str, Example]
) -> None:
    lines: list[bytes] = []
    want: list[tuple[int, str]] = []
    good = dict.fromkeys(examples_by_kind, 0)
    for kind, example in examples_by_kind.items():
        for bad, reason in spoilt(example):
            lines.append(bad)
            want.append((len(lines), reason))
            lines.append(as_line(example))
            good[kind] += 1
        lines.append(b"\n")
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(b"".join(lines), compresslevel=1))
    report = validate_log([str(path)])
    assert report.counts == good
    found = [(line, problem.reason) for problem in report.problems for _, line in problem.places]
    assert sorted(found) == want
    assert report.exit_code == 1
    text = report.render()
    assert f"{sum(good.values()):,} events, {len(want):,} dead letters" in text
    for line, _ in want:
        assert f":{line}: " in text or f" {line}" in text


def test_a_good_log_passes(tmp_path: Path, examples_by_kind: dict[str, Example]) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(map(as_line, examples_by_kind.values())))
    report = validate_log([str(path)], named_fields=["age", "followers", "shoe_size", "shoe_size"])
    assert report.exit_code == 0
    assert report.problems == []
    assert report.counts == dict.fromkeys(KINDS, 1)
    assert report.fields_missing == ["shoe_size"]
    text = report.render()
    assert text.endswith("good\n")
    assert "2025-10-09 08:53:20 UTC" in text
    assert "`shoe_size`, and no event carries it" in text
    assert "age" not in text.replace("shoe_size", "")


def test_a_cut_last_line_is_named(tmp_path: Path, examples_by_kind: dict[str, Example]) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(as_line(examples_by_kind["enter"]) + as_line(examples_by_kind["like"])[:40])
    report = validate_log([str(path)])
    assert report.faults == {"truncated_json": 1}
    assert f"{path}:2: the log's last line has no end of line and is cut short" in report.render()


def test_a_last_line_without_its_end_may_be_whole(
    tmp_path: Path, examples_by_kind: dict[str, Example]
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(as_line(examples_by_kind["enter"])[:-1])
    assert validate_log([str(path)]).exit_code == 0


def test_lines_beyond_the_limit_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"nonsense\n" * 30)
    report = validate_log([str(path)], settings=ValidateSettings(lines_max=10, examples_max=2))
    assert report.faults == {"invalid_json": 30}
    text = report.render()
    assert "also lines 3, 4, 5, 6, 7, 8, 9, 10\n" in text
    assert "invalid_json: 20 more, not named line by line" in text


def test_of_several_logs_each_line_bears_its_log(tmp_path: Path) -> None:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_bytes(b"nonsense\n" * 3)
    text = validate_log([str(path) for path in paths]).render()
    assert all(f"{path}:{line}" in text for path in paths for line in (1, 2, 3))


def test_a_damaged_log_is_bad(tmp_path: Path, examples_by_kind: dict[str, Example]) -> None:
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(as_line(examples_by_kind["enter"]) * 1000)[:-5])
    report = validate_log([str(path)])
    assert report.faults == {"broken_log": 1}
    assert report.exit_code == 1
    assert "cannot be read after line" in report.render()


def test_a_log_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="nowhere"):
        validate_log([str(tmp_path / "nowhere")])


def test_an_empty_log_is_good(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n\n")
    report = validate_log([str(path)])
    assert (report.exit_code, report.counts, report.span_ms) == (0, {}, None)
