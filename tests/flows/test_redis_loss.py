"""A Redis that loses what it had acknowledged, in mid-run, ends as an undisturbed one does."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bytewax.inputs import AbortExecution

from flows import replay as replaying
from flows.log_source import LogPartition, LogSource
from flows.recovery import Recovery
from flows.replay import Replay, prepare, run_process
from flows.settings import FlowSettings, Settings
from flows.stop import Stop
from sinks.refill import LostWrites
from sinks.settings import RedisSettings
from tests.flows.evening import evening
from tests.redis_servers import Cluster, Pair, Server, cluster, keys_of, pair, server

ROUNDS = 18
SETTINGS = Settings(
    flow=FlowSettings(shards=5, chunk_rows=20, epoch_s=0.0, deliver_parts=2),
    redis=RedisSettings(retry_first_ms=1, retry_longest_ms=20, refill_keys=7),
)
Acts = dict[int, Callable[[], None]]


class Acting(LogSource):
    """Reads logs; before some rounds something happens, while the flow waits."""

    acts: Acts = {}  # noqa: RUF012 a test sets it
    rounds = 0

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> LogPartition:
        part = super().build_part(step_id, for_part, resume_state)
        read = part.next_batch

        def next_batch() -> Any:
            Acting.rounds += 1
            act = Acting.acts.pop(Acting.rounds, None)
            if act is not None:
                act()
            return read()

        part.next_batch = next_batch  # type: ignore[method-assign]
        return part


Run = Callable[..., dict[str, Any]]


def replay_once(
    folder: Path,
    url: str,
    acts: Acts | None = None,
    recovers: bool = True,
    before_restart: Callable[[], None] | None = None,
    settings: Settings = SETTINGS,
) -> dict[str, Any]:
    """Replay the evening into a Redis; what the process said of its delivery."""
    log, out, state = folder / "evening.jsonl", folder / "out", folder / "recovery"
    log.write_bytes(b"".join(line + b"\n" for line in evening(7, 20 * ROUNDS)))
    recovery, kept = (str(state), str(state / "delivered")) if recovers else (None, None)
    replay = Replay((str(log),), str(out), url, recovery, 1, settings, kept)
    Acting.acts, Acting.rounds = dict(acts or {}), 0
    with Recovery(str(state)) as lock:
        lock.open({"test": 1})
        lock.begin()
        for goes_on in (False, True) if before_restart else (False,):
            if goes_on and before_restart:
                before_restart()
            prepare(out, goes_on)
            run_process(replay, 0, None, lambda share, events: None, Stop())
    assert Acting.acts == {}
    figures: dict[str, Any] = json.loads((out / "process-0.json").read_bytes())
    return figures


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setattr(replaying, "LogSource", Acting)
    return partial(replay_once, tmp_path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, Any]:
    """What a Redis to which nothing happens ends with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with server(folder / "redis") as own, own.client() as client:
        assert replay_once(folder, own.url)["lost"] == 0
        found = keys_of([client])
    assert len(found) > 20
    assert any(key.endswith(b":out") for key in found)
    return found


def held(own: Server) -> dict[bytes, Any]:
    with own.client() as client:
        return keys_of([client])


def die() -> None:
    raise AbortExecution


def restart(own: Server, with_file: bool) -> None:
    own.kill()
    if not with_file:
        own.forget()
    own.start()


def test_killed_and_restarted_with_its_file_nothing_is_missing(
    run: Run, own: Server, undisturbed: dict[bytes, Any]
):
    figures = run(own.url, dict.fromkeys((4, 10), lambda: restart(own, True)))
    assert (figures["lost"], figures["put_back"]) == (0, 0)
    assert figures["retries"] > 0
    assert held(own) == undisturbed


@pytest.mark.parametrize("rounds", [(2,), (5,), (10, 11), (ROUNDS + 1,)])
def test_killed_and_restarted_without_its_file_it_is_filled_again(
    run: Run, own: Server, undisturbed: dict[bytes, Any], rounds: tuple[int, ...]
):
    figures = run(own.url, dict.fromkeys(rounds, lambda: restart(own, False)))
    assert figures["lost"] >= len(rounds)
    assert figures["put_back"] > 0
    assert held(own) == undisturbed


def test_emptied_by_somebody_it_is_filled_again(
    run: Run, own: Server, undisturbed: dict[bytes, Any]
):
    def empty() -> None:
        with own.client() as client:
            client.flushall()

    assert run(own.url, {8: empty})["lost"] > 0
    assert held(own) == undisturbed


def test_lost_while_the_flow_was_dead_too_it_is_filled_again(
    run: Run, own: Server, undisturbed: dict[bytes, Any]
):
    assert run(own.url, {8: die}, before_restart=lambda: restart(own, False))["lost"] > 0
    assert held(own) == undisturbed


def test_killed_while_it_was_filled_again_it_goes_on(
    run: Run, own: Server, undisturbed: dict[bytes, Any]
):
    lost = {8: lambda: restart(own, False), 9: die}
    run(own.url, lost, before_restart=lambda: restart(own, True))
    assert held(own) == undisturbed


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path / "pair") as made:
        yield made


def test_a_replica_that_has_all_takes_over_and_nothing_is_missing(
    run: Run, both: Pair, undisturbed: dict[bytes, Any]
):
    def fail_over() -> None:
        both.settle()
        both.promote()

    run(both.url, {7: fail_over})
    assert held(both.replica) == undisturbed


def test_a_replica_that_is_behind_takes_over_and_is_filled_again(
    run: Run, both: Pair, undisturbed: dict[bytes, Any]
):
    def stale() -> None:
        both.settle()
        both.part()

    figures = run(both.url, {6: stale, 8: both.promote})
    assert figures["lost"] > 0
    assert held(both.replica) == undisturbed


@pytest.fixture(scope="module")
def three_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.fixture
def nodes(three_nodes: Cluster) -> Cluster:
    for node in three_nodes.nodes:
        with node.client() as client:
            client.flushall()
    return three_nodes


def all_of(nodes: Cluster) -> dict[bytes, Any]:
    with ExitStack() as stack:
        return keys_of([stack.enter_context(node.client()) for node in nodes.nodes])


@pytest.mark.parametrize("number", range(3))
def test_a_node_of_a_cluster_that_comes_back_empty_is_filled_again(
    run: Run, nodes: Cluster, undisturbed: dict[bytes, Any], number: int
):
    figures = run(nodes.url, {8: lambda: restart(nodes.nodes[number], False)})
    assert figures["lost"] > 0
    assert all_of(nodes) == undisturbed


def test_without_a_copy_the_loss_is_an_error(run: Run, own: Server):
    with pytest.raises(LostWrites, match="replay again; with --redis and --recovery"):
        run(own.url, {5: lambda: restart(own, False)}, recovers=False)
    with pytest.raises(LostWrites, match="has lost writes"):
        run(own.url, {ROUNDS + 1: lambda: restart(own, False)}, recovers=False)


def test_what_comes_of_it_does_not_depend_on_the_size_of_a_step(
    run: Run, own: Server, undisturbed: dict[bytes, Any]
):
    redis = dataclasses.replace(SETTINGS.redis, refill_keys=100_000)
    settings = dataclasses.replace(SETTINGS, redis=redis)
    run(own.url, {8: lambda: restart(own, False)}, settings=settings)
    assert held(own) == undisturbed
