"""Whoever is erased is in no byte of any store, and a crash changes nothing of that."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import redis

from decisions.push.settings import PushSettings
from features.people import PeopleSettings
from flows import replay as replaying
from flows.recovery import Recovery
from flows.replay import Replay, finish, prepare, run_process
from flows.settings import FlowSettings, Settings
from flows.stop import Stop
from tests.flows.evening import evening
from tests.flows.test_crash import Aborting, held
from tests.stores import bytes_of_folder, bytes_of_redis
from tests.waiting import until

ROWS, ERASED_AT = 6, 330
SETTINGS = Settings(
    flow=FlowSettings(shards=3, chunk_rows=ROWS, epoch_s=0.0),
    people=PeopleSettings(shelved_hot_users_max=1),
    push=PushSettings(
        shelved_hot_users_max=1, min_gap_ms=0, hour_max=50, day_max=50, host_live_day_max=50
    ),
)
NAMES = {b'"u1"': b'"forget-me"', b'"d1"': b'"forget-me-too"'}


def evening_with_an_erasure() -> list[bytes]:
    """After the erasure nobody of that name comes back."""
    lines = evening(7, ERASED_AT + 120)
    before, after = lines[:ERASED_AT], lines[ERASED_AT:]
    now_ms = max(json.loads(line)["event_time_ms"] for line in before if line.endswith(b"}"))

    def say(kind: str, **fields: Any) -> bytes:
        told = {"kind": kind, "event_id": f"{kind}-{fields}", "event_time_ms": now_ms, **fields}
        return json.dumps(told).encode()

    room: dict[str, Any] = {"room_id": "r9", "host_id": "h1", "title": "later", "tags": ["茶"],
        "start_time_ms": now_ms, "products": ["p1"]}  # fmt: skip
    before += [
        say("user", user_id="u1", consent={"profiling": True, "push": True}),
        say("follow", user_id="u1", host_id="h1"),
        say("click", device_id="d1", room_id="r1"),
        say("room", **room, status="scheduled"),
        say("room", **room, status="live"),
        say("identity_link", device_id="d1", user_id="u1"),
        say("click", user_id="u1", room_id="r1"),
        say("impression", user_id="u1", request_id="last", room_id="r1", position=0, surface="x"),
        say("erase", user_id="u1"),
    ]
    for old, new in NAMES.items():
        before = [line.replace(old, new) for line in before]
        after = [line.replace(old, old.replace(b"1", b"2")) for line in after]
    return before + after


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "evening.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in evening_with_an_erasure()))
    return path


@dataclasses.dataclass(frozen=True)
class Ended:
    """What is left, and in which bytes."""

    decisions: bytes
    redis: dict[bytes, Any]
    stores: dict[str, bytes]


def replayed(log: Path, redis_url: str, *abort_after: int) -> Ended:
    """A replay that is killed so many rounds after each start, and then goes on to its end."""
    client: Any = redis.Redis.from_url(redis_url)
    client.flushall()
    with tempfile.TemporaryDirectory() as folder:
        out, state = Path(folder) / "out", Path(folder) / "state"
        for number, rounds in enumerate([*abort_after, -1]):
            Aborting.rounds_left = rounds
            kept = str(state / "delivered")
            replay = Replay((str(log),), str(out), redis_url, str(state), 1, SETTINGS, kept)
            with Recovery(str(state)) as lock:
                lock.open({"test": 1})
                lock.begin()
                prepare(out, goes_on=number > 0)
                run_process(replay, 0, None, lambda share, events: None, Stop())
        finish(replay, 1.0)
        # What earlier runs left on shelves is removed beside the flow.
        until(lambda: len(list((state / "shelves").glob("[0-9]*"))) == 1)
        stores = {
            "redis": bytes_of_redis(client),
            "decision log, dead letters": bytes_of_folder(out),
            "engine's store": bytes_of_folder(state / "state"),
            "shelves": bytes_of_folder(state / "shelves"),
            "copy of what was delivered": bytes_of_folder(state / "delivered"),
        }
        return Ended((out / "decisions.jsonl").read_bytes(), held(redis_url), stores)


@pytest.fixture(autouse=True)
def _aborting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "LogSource", Aborting)


def rounds_of(line: int) -> int:
    return line // ROWS


def test_before_the_erasure_they_are_in_every_store(log: Path, redis_url: str, tmp_path: Path):
    part = tmp_path / "log.jsonl"
    part.write_bytes(log.read_bytes().partition(b'{"kind": "erase"')[0])
    ended = replayed(part, redis_url, rounds_of(ERASED_AT - 30))
    missing = [name for name, held in ended.stores.items() if b"forget-me" not in held]
    assert missing == []
    assert b"forget-me" in b"".join(
        part for key, value in ended.redis.items() if key.endswith(b"out") for part in value
    )


@pytest.mark.parametrize("later", [6, 12])
def test_two_epochs_and_a_restart_later_they_are_in_no_byte(log: Path, redis_url: str, later: int):
    ended = replayed(log, redis_url, rounds_of(ERASED_AT + 9) + later)
    there = [name for name, held in ended.stores.items() if b"forget-me" in held]
    assert there == []
    assert b'"u2"' in ended.decisions


def test_killed_about_the_erasure_it_ends_alike(log: Path, redis_url: str):
    straight = replayed(log, redis_url)
    assert b"forget-me" not in straight.decisions
    at = rounds_of(ERASED_AT)
    for rounds in ((at,), (at + 1, 1), (at + 2, 1, 1)):
        ended = replayed(log, redis_url, *rounds)
        assert ended.decisions == straight.decisions, rounds
        assert ended.redis == straight.redis, rounds


def test_other_rounds_end_alike(log: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch):
    straight = replayed(log, redis_url)
    flow = dataclasses.replace(SETTINGS.flow, chunk_rows=100_000)
    monkeypatch.setitem(globals(), "SETTINGS", dataclasses.replace(SETTINGS, flow=flow))
    ended = replayed(log, redis_url)
    assert ended.decisions == straight.decisions
    assert ended.redis == straight.redis
