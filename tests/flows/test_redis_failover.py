"""A node of a Redis Cluster dies while the flow writes, and its replica takes over."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis

from events import kinds
from flows import replay as replaying
from sinks.connect import connect
from sinks.reader import Reader
from sinks.settings import RedisSettings
from tests.flows.test_redis_loss import ROUNDS, Acting, replay_once
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, running, settings_for
from tests.redis_servers import Cluster, cluster, keys_of, server, until

USERS = [f"u{number}" for number in range(8)]
PAUSE_S = 0.005


@pytest.fixture(autouse=True)
def _acting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "LogSource", Acting)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, Any]:
    """What a single server ends with, to which nothing happens."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replaying, "LogSource", Acting)
        with server(folder / "redis") as own, own.client() as client:
            replay_once(folder, own.url)
            return keys_of([client])


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path / "cluster", replicas=1) as made:
        yield made


def held(nodes: Cluster) -> dict[bytes, Any]:
    with ExitStack() as stack:
        return keys_of([stack.enter_context(node.client()) for node in nodes.masters()])


class Reading:
    """Reads all users over and over, as a product server does, which tries again later.

    `read` and `failed` count calls, `backwards` versions that were smaller than one before.
    """

    def __init__(self, url: str) -> None:
        client = connect(url, RedisSettings(reply_timeout_s=1, connect_timeout_s=1))
        self._reader = Reader(client, "ll:", lambda: int(time.time() * 1000), rooms_cache_ms=0)
        self._newest = [(0, 0, 0)] * len(USERS)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.read = self.failed = self.backwards = 0
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._ended.wait(PAUSE_S)
            try:
                views = self._reader.get_many(USERS)
            except (redis.RedisError, redis.exceptions.RedisClusterException):
                self.failed += 1
                continue
            versions = [view.versions for view in views]
            for new, old in zip(versions, self._newest, strict=True):
                self.backwards += any(now < before for now, before in zip(new, old, strict=True))
            self._newest = versions
            self.read += 1

    def on(self) -> None:
        """Return once it has read all again."""
        before = self.read
        until(lambda: self.read > before + 1)

    def end(self) -> list[tuple[int, int, int]]:
        """The newest versions that it has seen."""
        self.on()
        self._ended.set()
        self._thread.join()
        return self._newest


def test_a_replica_that_has_all_takes_over_and_the_reader_goes_on(
    nodes: Cluster, tmp_path: Path, undisturbed: dict[bytes, Any]
):
    reading = Reading(nodes.url)

    def fail_over() -> None:
        nodes.settle()
        reading.on()
        nodes.nodes[0].kill()

    figures = replay_once(tmp_path, nodes.url, {7: fail_over, ROUNDS - 3: nodes.nodes[0].start})
    newest = reading.end()
    assert figures["retries"] > 0
    assert figures["lost"] == 0
    # What came back follows the one that took its place.
    until(lambda: nodes.nodes[0] not in nodes.masters())
    assert held(nodes) == undisturbed
    assert reading.backwards == 0
    assert all(versions[0] for versions in newest)


def test_a_replica_that_is_behind_takes_over_and_is_filled_again(
    nodes: Cluster, tmp_path: Path, undisturbed: dict[bytes, Any]
):
    def stale() -> None:
        nodes.settle()
        nodes.part()

    figures = replay_once(tmp_path, nodes.url, {5: stale, 9: nodes.nodes[0].kill})
    assert figures["lost"] > 0
    assert figures["put_back"] > 0
    assert held(nodes) == undisturbed


def test_a_live_run_goes_on_with_the_replica_and_counts_everything_once(
    nodes: Cluster, broker: Broker, tmp_path: Path
):
    tell = Recent()
    rooms = [tell.room("r1", "tea cups"), tell.room("r2", "pots")]

    def clicks(begin_s: float) -> list[Any]:
        return [
            tell(kinds.Click, begin_s + number / 10, USERS[number % 8], room_id="r1")
            for number in range(40)
        ]

    def counted() -> float:
        views = reader.get_many(USERS, tell.begin_ms + 60_000)
        return sum(view.tags["tea"][3] for view in views if view.tags)

    broker.send(rooms + clicks(1))
    reading = Reading(nodes.url)
    settings = settings_for("ll:")
    hasty = {"reply_timeout_s": 0.5, "connect_timeout_s": 0.5, "retry_longest_ms": 100}
    settings = dataclasses.replace(settings, redis=dataclasses.replace(settings.redis, **hasty))
    with running(broker, nodes.url, settings, tmp_path / "recovery") as run:
        reader = run.reader
        until(lambda: counted() == 40)
        nodes.settle()
        nodes.nodes[0].kill()
        broker.send(clicks(8))
        until(lambda: counted() == 80)
        until(lambda: run.health().get("delivery", {}).get("retries", 0) > 0)
        until(lambda: run.health().get("events") == 82)
    assert all(versions[0] for versions in reading.end())
    assert reading.backwards == 0
