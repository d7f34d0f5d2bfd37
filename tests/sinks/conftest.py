"""A real server for the tests of this room, and a cluster of three where it matters."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.cluster import RedisCluster

from decisions.outputs import Write, head
from sinks.connect import Client, connect
from sinks.embedded import EmbeddedRedis, server_path
from sinks.settings import RedisSettings

BASE = 1_767_225_600_000
QUICK = RedisSettings(retry_first_ms=1, retry_longest_ms=20)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    client = connect(redis_url, QUICK)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def quick() -> RedisSettings:
    return QUICK


@pytest.fixture(scope="session")
def tag_write() -> Callable[..., Write]:
    def make(user: str, number: int, name: str = "tags", rest: str = '"x":0') -> Write:
        return Write(user, name, BASE + number, head(BASE + number, BASE) + rest.encode() + b"}")

    return make


def _free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 50_000:  # a node's second port lies 10,000 higher
            return port


def _until(what: Callable[[], Any]) -> None:
    for _ in range(1_000):
        try:
            if what():
                return
        except redis.RedisError:
            pass
        time.sleep(0.02)
    raise AssertionError("the cluster did not come up")


@pytest.fixture(scope="session")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    with ExitStack() as stack:
        nodes: list[redis.Redis] = []
        ports = []
        for number in range(3):
            port = _free_port()
            command = [server_path(), "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
            command += ["--cluster-enabled", "yes", "--cluster-config-file", f"{number}.conf"]
            command += ["--dir", str(folder), "--daemonize", "no"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            nodes.append(redis.Redis(port=port, protocol=2))
            stack.callback(nodes[-1].close)
            ports.append(port)
        for number, node in enumerate(nodes):
            _until(node.ping)
            slots = range(number * 16_384 // 3, (number + 1) * 16_384 // 3)
            node.execute_command("CLUSTER ADDSLOTS", *slots)
        for port in ports[1:]:
            nodes[0].execute_command("CLUSTER MEET", "127.0.0.1", port)
        for node in nodes:
            _until(lambda node=node: node.cluster("INFO")["cluster_state"] == "ok")
        yield f"redis://127.0.0.1:{ports[0]}"


@pytest.fixture
def cluster(cluster_url: str) -> Iterator[Client]:
    client = connect(cluster_url, QUICK)
    assert isinstance(client, RedisCluster)
    client.flushall()
    yield client
    client.close()


@pytest.fixture(params=["client", "cluster"])
def either(request: pytest.FixtureRequest) -> Client:
    """One server, then a cluster: the same must hold on both."""
    made: Client = request.getfixturevalue(request.param)
    return made
