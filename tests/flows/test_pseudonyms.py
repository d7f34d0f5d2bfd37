"""With a key nobody's id is in any byte that a run leaves, and decisions differ in names alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import redis

from events.pseudonyms import Pseudonyms
from flows import cli
from sinks.embedded import EmbeddedRedis
from tests.flows.evening import START_MS, evening
from tests.stores import bytes_of_folder, bytes_of_redis

KEY = "00112233445566778899aabbccddeeff"
NAMES = Pseudonyms(KEY.encode())


def plain_log(path: Path) -> Path:
    """An evening whose people have names that stand nowhere else, and words of theirs."""
    lines = []
    for line in evening(7, 400):
        for number in range(8):
            line = line.replace(b'"u%d"' % number, b'"plain-user-%d"' % number)
        for number in range(3):
            line = line.replace(b'"d%d"' % number, b'"plain-device-%d"' % number)
        lines.append(line)
    told = {"event_time_ms": START_MS, "room_id": "r1", "kind": "comment"}
    nick = {"platform": "web", "nickname": "plain-nickname"}
    lines.append(json.dumps({**told, **nick, "event_id": "n1", "text": "plain-words"}).encode())
    lines.append(lines[-1][:-20])
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    return path


def call(*argv: object) -> int:
    return cli.main([str(one) for one in argv])


def people(out: Path) -> list[tuple[Any, ...]]:
    """Who was decided for and what, by time, users in the order of their own names."""
    rows = [json.loads(line) for line in (out / "decisions.jsonl").read_bytes().splitlines()]
    return sorted((row["user_id"], row["seq"], row["event_time_ms"], row["type"]) for row in rows)


def test_no_plain_id_is_in_any_byte(tmp_path: Path, key_file: Path):
    log, out, state = plain_log(tmp_path / "log.jsonl"), tmp_path / "out", tmp_path / "state"
    with EmbeddedRedis(tmp_path / "redis") as url:
        options = ("--redis", url, "--out", out, "--recovery", state)
        assert call("replay", log, *options, "--pseudonym-key-file", key_file) == 0
        held = bytes_of_redis(redis.Redis.from_url(url)) + bytes_of_folder(out, state)
    assert NAMES.user("plain-user-1").encode() in held, "it was looked for where people are"
    assert b"plain-" not in held
    assert KEY.encode() not in held
    assert (out / "dead_letters.jsonl").read_bytes() != b""


def test_decisions_are_the_same_but_for_names(tmp_path: Path, key_file: Path):
    log, hidden, plain = plain_log(tmp_path / "log.jsonl"), tmp_path / "hidden", tmp_path / "plain"
    assert call("replay", log, "--out", hidden, "--pseudonym-key-file", key_file) == 0
    assert call("replay", log, "--out", plain) == 0
    renamed = sorted((NAMES.person(user), *rest) for user, *rest in people(plain))
    # What is explored, and so which pushes hit a cap, is drawn by the name.
    assert {row[0] for row in people(hidden)} == {row[0] for row in renamed}
    assert [row for row in people(hidden) if row[-1] == "slate"] == [
        row for row in renamed if row[-1] == "slate"
    ]


def test_another_key_is_refused_in_the_same_folder(
    tmp_path: Path, key_file: Path, capsys: pytest.CaptureFixture[str]
):
    log, options = plain_log(tmp_path / "log.jsonl"), ("--out", tmp_path / "out")
    options += ("--recovery", tmp_path / "state")
    assert call("replay", log, *options, "--pseudonym-key-file", key_file) == 0
    assert call("replay", log, *options) == 1
    assert "was made with pseudonyms" in capsys.readouterr().err
    other = tmp_path / "other"
    other.write_text("another key, which is long enough\n")
    assert call("replay", log, *options, "--pseudonym-key-file", other) == 1
    error = capsys.readouterr().err
    assert "was made with pseudonyms" in error
    assert "another key" not in error
    assert KEY not in error


def test_the_key_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    log = plain_log(tmp_path / "log.jsonl")
    monkeypatch.setenv("LIVELOOM_PSEUDONYM_KEY", "short")
    assert call("replay", log, "--out", tmp_path / "out") == 1
    assert "shorter than 16 bytes" in capsys.readouterr().err
    monkeypatch.setenv("LIVELOOM_PSEUDONYM_KEY", KEY)
    with EmbeddedRedis(tmp_path / "redis") as url:
        assert call("replay", log, "--out", tmp_path / "out", "--redis", url) == 0
        assert call("show", "user", "plain-user-1", "--redis", url) == 0
        assert call("show", "user", NAMES.user("plain-user-1"), "--redis", url) == 0
        monkeypatch.delenv("LIVELOOM_PSEUDONYM_KEY")
        assert call("show", "user", "plain-user-1", "--redis", url) == 1
