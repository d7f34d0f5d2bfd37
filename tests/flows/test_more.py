"""From a log to what is offered beside live rooms, as a product server and a person read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import redis

from flows import cli
from sinks.embedded import EmbeddedRedis
from sinks.reader import Reader
from tests.flows.evening import evening

USERS = [f"u{number}" for number in range(8)]


def replayed(log: Path, out: Path, url: str, settings: str) -> dict[bytes, Any]:
    """The user's lists that a replay leaves in an empty Redis."""
    with redis.Redis.from_url(url) as client:
        client.flushall()
        given = out / "settings.toml"
        out.mkdir()
        given.write_text(settings)
        options = ["--out", str(out), "--redis", url, "--settings", str(given)]
        assert cli.main(["replay", str(log), *options]) == 0
        return {key: client.get(key) for key in client.keys("ll:{*}:more")}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "evening.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in evening(7, 480)))
    return path


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as address:
        yield address


def test_a_replay_s_rounds_do_not_change_what_is_offered(log: Path, url: str, tmp_path: Path):
    whole = replayed(log, tmp_path / "whole", url, "")
    assert len(whole) > 4
    cut = replayed(log, tmp_path / "cut", url, "[flow]\nchunk_rows = 5\nshards = 3\n")
    assert cut == whole
    off = replayed(log, tmp_path / "off", url, "[more]\non = false\n")
    assert off == {}
    logs = [(tmp_path / name / "decisions.jsonl").read_bytes() for name in ("whole", "cut", "off")]
    assert logs[0] == logs[1]
    assert b'"type":"more"' in logs[0]
    assert without_more(logs[0]) == without_more(logs[2]), "slates and pushes go their own way"


def without_more(log: bytes) -> list[Any]:
    """All other decisions, without the numbers that are common to all."""
    rows = [orjson.loads(line) for line in log.splitlines()]
    return [
        (row["event_time_ms"], row["user_id"], row["type"], row["value"])
        for row in rows
        if row["type"] != "more"
    ]


def test_the_decision_log_ends_with_what_redis_holds(log: Path, url: str, tmp_path: Path):
    stored = replayed(log, tmp_path / "out", url, "")
    newest: dict[bytes, Any] = {}
    slates: set[tuple[str, int]] = set()
    for line in (tmp_path / "out" / "decisions.jsonl").read_bytes().splitlines():
        row = orjson.loads(line)
        key = (row["user_id"], row["value"].get("version", 0))
        if row["type"] == "slate":
            slates.add(key)
        elif row["type"] == "more":
            assert key in slates, "after its slate, with its version"
            newest[b"ll:{%b}:more" % row["user_id"].encode()] = row["value"]
    assert {key: orjson.loads(body) for key, body in stored.items()} == newest


def test_a_server_and_a_person_read_it(
    log: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    replayed(log, tmp_path / "out", url, "")
    with redis.Redis.from_url(url, protocol=2) as client:
        views = Reader(client, "ll:", lambda: 0).more_many(USERS)
    offers = [offer for view in views for offer in [*view.products, *view.previews, *view.hosts]]
    assert {offer.id[0] for offer in offers} == {"p", "r", "h"}
    for offer in offers:
        assert offer.reasons
        for reason in offer.reasons:
            assert "…" not in reason.zh + reason.en
            assert reason.zh != reason.code
    user = next(view.user_id for view in views if view.products and view.hosts)
    for language, words in (("en", "matches your interest in"), ("zh", "符合你对")):
        capsys.readouterr()
        assert cli.main(["show", "user", user, "--redis", url, "--lang", language]) == 0
        shown = capsys.readouterr().out
        assert "Rooms to come" in shown
        assert words in shown.partition("Products")[2]


def test_what_is_offered_is_told_in_the_documented_shape(log: Path, url: str, tmp_path: Path):
    stored = replayed(log, tmp_path / "out", url, "")
    for body in stored.values():
        value = orjson.loads(body)
        lists = ["previews", "products", "hosts"]
        assert list(value) == ["v", "version", "as_of_ms", "reasons", *lists]
        assert body.index(b'"as_of_ms"') < 60
