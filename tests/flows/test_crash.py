"""Aborted anywhere and resumed, or cut otherwise, a replay ends where an undisturbed one does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from bytewax.inputs import AbortExecution

from flows import replay as replaying
from flows.log_source import LogPartition, LogSource
from flows.recovery import Recovery
from flows.replay import Replay, finish, prepare, run_process
from flows.settings import FlowSettings, Settings
from flows.stop import Stop
from sinks.embedded import EmbeddedRedis
from tests.flows.evening import evening

EVENTS = 330
SETTINGS = Settings(flow=FlowSettings(shards=5, chunk_rows=6, epoch_s=0.0, deliver_parts=2))
Run = Callable[..., "Ended"]


@dataclasses.dataclass(frozen=True)
class Ended:
    """All that a run leaves behind."""

    decisions: bytes
    dead_letters: bytes
    redis: dict[bytes, Any]
    figures: dict[str, Any]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "evening.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in evening(7, EVENTS)))
    return path


def held(url: str) -> dict[bytes, Any]:
    """Everything in Redis but the writers' own marks; a stream's entries without their ids."""
    client: Any = redis.Redis.from_url(url)
    found: dict[bytes, Any] = {}
    for key in client.keys("*"):
        kind = client.type(key)
        if kind == b"string":
            found[key] = client.get(key)
        elif kind == b"set":
            found[key] = client.smembers(key)
        elif kind == b"zset":
            found[key] = client.zrange(key, 0, -1, withscores=True)
        elif kind == b"stream":
            found[key] = sorted(entry[b"d"] for _, entry in client.xrange(key))
    return found


class Aborting(LogSource):
    """Reads logs until it has given so many rounds, and is then gone as by `kill -9`."""

    rounds_left = -1

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> LogPartition:
        part = super().build_part(step_id, for_part, resume_state)
        read = part.next_batch

        def next_batch() -> Any:
            if Aborting.rounds_left == 0:
                raise AbortExecution
            Aborting.rounds_left -= 1
            return read()

        part.next_batch = next_batch  # type: ignore[method-assign]
        return part


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, url: str, log: Path, tmp_path: Path) -> Run:
    monkeypatch.setattr(replaying, "LogSource", Aborting)

    def run_once(settings: Settings = SETTINGS, abort_after: int | None = None) -> Ended:
        redis.Redis.from_url(url).flushall()
        name = f"{settings.flow.chunk_rows}-{abort_after}"
        out, folder = tmp_path / name, tmp_path / f"recovery-{name}"
        recovery = str(folder) if abort_after is not None else None
        replay = Replay((str(log),), str(out), url, recovery, 1, settings)
        with Recovery(str(folder)) as lock:
            lock.open({"test": 1})
            for rounds in (-1,) if abort_after is None else (abort_after, -1):
                Aborting.rounds_left = rounds
                prepare(out, goes_on=abort_after is not None and rounds == -1)
                run_process(replay, 0, None, lambda share, events: None, Stop())
        figures = finish(replay, 1.0)
        return Ended(
            (out / "decisions.jsonl").read_bytes(),
            (out / "dead_letters.jsonl").read_bytes(),
            held(url),
            figures,
        )

    return run_once


def test_the_evening_has_all_that_can_go_wrong(run: Run):
    figures = run().figures
    assert figures["push"]["sent"] > 2
    assert figures["push"]["refused"] > 2
    assert figures["slates"] > 50
    assert figures["duplicates"] > 2
    assert figures["dead_letters"] > 2
    assert figures["identity"]["links"] > 2
    assert figures["models"]["engagement"]["examples"] > 10


@pytest.mark.timeout(600)
def test_aborted_at_every_position_it_ends_alike(run: Run):
    straight = run()
    rounds = -(-len(evening(7, EVENTS)) // SETTINGS.flow.chunk_rows)
    for abort_after in range(1, rounds + 1):
        ended = run(abort_after=abort_after)
        assert ended.decisions == straight.decisions, abort_after
        assert ended.dead_letters == straight.dead_letters, abort_after
        assert ended.redis == straight.redis, abort_after


@pytest.mark.parametrize("chunk_rows", [1, 17, 100_000])
def test_other_chunks_decide_alike(run: Run, chunk_rows: int):
    straight = run()
    flow = dataclasses.replace(SETTINGS.flow, chunk_rows=chunk_rows)
    ended = run(dataclasses.replace(SETTINGS, flow=flow))
    assert ended.decisions == straight.decisions
    assert ended.dead_letters == straight.dead_letters
    assert ended.redis == straight.redis


def test_the_same_log_twice_gives_the_same_bytes(run: Run):
    first = run()
    second = run()
    assert first == dataclasses.replace(second, figures=first.figures)
