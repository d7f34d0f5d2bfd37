"""Aborted anywhere and resumed, or cut otherwise, a replay ends where an undisturbed one does."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from bytewax.errors import BytewaxRuntimeError
from bytewax.inputs import AbortExecution

from decisions.push.settings import PushSettings
from features.neighbours import NeighbourSettings
from features.people import PeopleSettings
from features.segment_rows import SegmentSettings
from flows import replay as replaying
from flows.log_source import LogPartition, LogSource
from flows.recovery import Recovery
from flows.replay import Replay, finish, prepare, run_process
from flows.settings import FlowSettings, Settings
from flows.shelf_store import Store
from flows.step import Step
from flows.stop import Stop
from models.factor_settings import FactorSettings
from models.settings import LearnSettings
from tests.flows.evening import evening
from tests.redis_servers import keys_of

EVENTS = 330
FLOW = FlowSettings(shards=5, chunk_rows=6, epoch_s=0.0, deliver_parts=2)
SETTINGS = Settings(
    flow=FLOW,
    people=PeopleSettings(shelved_hot_users_max=1),
    push=PushSettings(shelved_hot_users_max=1),
)
MEMORY = Path("/dev/shm")
Run = Callable[..., "Ended"]


@dataclasses.dataclass(frozen=True)
class Ended:
    """All that a run leaves behind."""

    decisions: bytes
    dead_letters: bytes
    redis: dict[bytes, Any]
    figures: dict[str, Any]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "evening.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in evening(7, EVENTS)))
    return path


def held(redis_url: str) -> dict[bytes, Any]:
    """Everything in Redis but the writers' own marks; a stream's entries without their ids."""
    with redis.Redis.from_url(redis_url) as client:
        return keys_of([client])


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


class Killed(Exception):
    """The process is gone."""


@pytest.fixture
def killed_in_checkpoint(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Kill the process when so many checkpoints are there, before the engine knows of the last."""
    place, left = Store.place, [-1]

    def dying(self: Store, shard: int) -> str:
        fresh, made = self._has_changed, place(self, shard)
        left[0] -= fresh
        if fresh and left[0] == 0:
            raise Killed
        return made

    monkeypatch.setattr(Store, "place", dying)
    return lambda checkpoints: left.__setitem__(0, checkpoints)


@pytest.fixture
def state_folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where that can be: each epoch waits for the disk some times."""
    if not MEMORY.is_dir():
        yield tmp_path / "state"
        return
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder) / "state"


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, redis_url: str, log: Path, tmp_path: Path, state_folder: Path
) -> Run:
    monkeypatch.setattr(replaying, "LogSource", Aborting)

    def run_once(
        settings: Settings = SETTINGS,
        abort_after: int | None = None,
        dies: bool = False,
        other_log: Path | None = None,
    ) -> Ended:
        redis.Redis.from_url(redis_url).flushall()
        recovers = abort_after is not None or dies
        name = f"{settings.flow.chunk_rows}-{abort_after}"
        out, folder = tmp_path / name, state_folder / name
        recovery = str(folder) if recovers else None
        lasting = dataclasses.replace(settings.flow, epoch_s=0.2)
        for again in (False, True) if recovers else (False,):
            Aborting.rounds_left = -1 if again or abort_after is None else abort_after
            # Once it has gone on, an epoch a round would only take longer.
            chosen = dataclasses.replace(settings, flow=lasting) if again else settings
            logs = (str(other_log or log),)
            replay = Replay(logs, str(out), redis_url, recovery, 1, chosen)
            with Recovery(str(folder)) as lock:
                lock.open({"test": 1})
                lock.begin()
                prepare(out, goes_on=again)
                with (
                    pytest.raises(BytewaxRuntimeError)
                    if dies and not again
                    else contextlib.nullcontext()
                ):
                    run_process(replay, 0, None, lambda share, events: None, Stop())
        figures = finish(replay, 1.0)
        shutil.rmtree(folder, ignore_errors=True)
        return Ended(
            (out / "decisions.jsonl").read_bytes(),
            (out / "dead_letters.jsonl").read_bytes(),
            held(redis_url),
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


def test_what_is_new_may_come_before_the_engine_lets_a_step_speak(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    """As on a busy machine, where it lets none speak until some rounds have come."""
    straight, notify_at = run(), Step.notify_at

    def much_later(self: Step) -> datetime | None:
        at = notify_at(self)
        return at and at + timedelta(hours=1)

    monkeypatch.setattr(Step, "notify_at", much_later)
    ended = run(abort_after=22)
    assert ended.decisions == straight.decisions
    assert ended.redis == straight.redis


@pytest.mark.parametrize("checkpoints", [1, 2, 3, 4, 5, 60])
def test_killed_between_a_checkpoint_and_the_epochs_end_it_ends_alike(
    run: Run, killed_in_checkpoint: Callable[[int], None], checkpoints: int
):
    straight = run()
    killed_in_checkpoint(checkpoints)
    ended = run(dies=True)
    assert ended.decisions == straight.decisions
    assert ended.redis == straight.redis


@pytest.mark.parametrize(
    ("abort_after", "reason"),
    [(7, b"similar_audience"), (41, b"similar_audience"), (23, b"alike_users")],
)
def test_with_neighbours_and_segments_it_ends_alike(run: Run, abort_after: int, reason: bytes):
    """What their steps hold, and tables that wait to be used, outlast the process."""
    users = reason == b"alike_users"
    chosen = dataclasses.replace(
        SETTINGS,
        neighbours=NeighbourSettings(on=True, publish_s=2, users=users),
        segments=SegmentSettings(attributes={"city": 0.0}, publish_s=2),
        # An evening is short: what users alike say counts from the start.
        learn=LearnSettings(engagement_prior={"neighbour_users": 9.0}) if users else SETTINGS.learn,
    )
    straight = run(chosen)
    ended = run(chosen, abort_after=abort_after)
    assert straight.decisions.count(reason) > 2
    assert ended.decisions == straight.decisions
    assert ended.redis == straight.redis
    for name in ("neighbours", "segments"):
        assert ended.figures[name] == straight.figures[name]
    assert straight.figures["segments"]["segments"] == 2


@pytest.mark.parametrize("abort_after", [7, 23, 41])
def test_with_factors_it_ends_alike(run: Run, abort_after: int):
    """Vectors, those that were served before, and lists' sides outlast the process."""
    chosen = dataclasses.replace(
        SETTINGS, factors=FactorSettings(on=True, publish_s=2, learning_rate=0.5, prior=5.0)
    )
    straight = run(chosen)
    ended = run(chosen, abort_after=abort_after)
    assert straight.decisions.count(b"learnt_taste") > 2
    assert ended.decisions == straight.decisions
    assert ended.redis == straight.redis
    assert ended.figures["learning"] == straight.figures["learning"]
    assert ended.figures["learning"]["factor_examples"] > 20


def test_ten_times_more_users_than_stay_in_memory_lose_and_double_nothing(run: Run, tmp_path: Path):
    """Each of five shards holds one user; the others are on disk alone, and return as they act."""
    log = tmp_path / "many.jsonl"
    lines = evening(3, 1_200, users=80)
    log.write_bytes(b"".join(line + b"\n" for line in lines))
    chosen = dataclasses.replace(SETTINGS, flow=dataclasses.replace(FLOW, chunk_rows=20))
    straight = run(chosen, other_log=log)
    ended = run(chosen, abort_after=30, other_log=log)
    assert sum(key.endswith(b":tags") for key in straight.redis) > 10 * FLOW.shards
    assert ended.decisions == straight.decisions
    assert ended.redis == straight.redis
    assert ended.figures["events"] == straight.figures["events"]
    assert ended.figures["duplicates"] == straight.figures["duplicates"]


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
