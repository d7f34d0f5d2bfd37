"""Real servers for the tests of this room: the same must hold on every kind of Redis."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis.cluster import RedisCluster

from decisions.outputs import Write, head
from sinks.acl import acl_line
from sinks.connect import Client, connect
from sinks.embedded import EmbeddedRedis
from sinks.keys import Keys
from sinks.settings import RedisSettings
from tests.redis_servers import Cluster, Server, cluster, pair, server, tls_server

BASE = 1_767_225_600_000
QUICK = RedisSettings(retry_first_ms=1, retry_longest_ms=20)
ADMIN, SECRET = "adm in/9", "s3cr+t@?"
# What the tests themselves ask, beside what the flow may.
_TESTS = "+get +mget +pttl +smembers +scard +exists +flushall +script|flush +xrange +zrange"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def quick() -> RedisSettings:
    return QUICK


@pytest.fixture(scope="session")
def tag_write() -> Callable[..., Write]:
    def make(user: str, number: int, name: str = "tags", rest: str = '"x":0') -> Write:
        return Write(user, name, BASE + number, head(BASE + number, BASE) + rest.encode() + b"}")

    return make


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server(tmp_path_factory.mktemp("server")) as made:
        yield made.url


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over TLS that asks for the client's certificate."""
    with tls_server(tmp_path_factory.mktemp("tls"), ADMIN) as made:
        yield made


@pytest.fixture(scope="session")
def tls_settings(secured: Server) -> RedisSettings:
    folder = secured.folder / "tls"
    return dataclasses.replace(
        QUICK,
        tls_ca_file=str(folder / "ca.crt"),
        tls_cert_file=str(folder / "own.crt"),
        tls_key_file=str(folder / "own.key"),
    )


@pytest.fixture(scope="session")
def tls_url(secured: Server) -> str:
    """The address of a user who may do what the flow does, and what tests ask."""
    line = acl_line("writer", "flow", Keys("ll:", 4), SECRET)
    with secured.client() as admin:
        admin.execute_command("ACL", "SETUSER", *line.split(), *_TESTS.split())
    return secured.url.replace("rediss://", "rediss://flow:s3cr%2Bt%40%3F@")


@pytest.fixture(scope="session")
def promoted_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that was a replica until its master died."""
    with pair(tmp_path_factory.mktemp("pair")) as made:
        made.promote()
        yield made.url


@pytest.fixture(scope="session")
def three_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(Path(tmp_path_factory.mktemp("cluster"))) as made:
        yield made


@pytest.fixture(scope="session")
def cluster_url(three_nodes: Cluster) -> str:
    return three_nodes.url


def _empty(url: str, settings: RedisSettings = QUICK) -> Iterator[Client]:
    client = connect(url, settings)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def client(redis_url: str) -> Iterator[Client]:
    yield from _empty(redis_url)


@pytest.fixture
def own_server(server_url: str) -> Iterator[Client]:
    yield from _empty(server_url)


@pytest.fixture
def over_tls(tls_url: str, tls_settings: RedisSettings) -> Iterator[Client]:
    yield from _empty(tls_url, tls_settings)


@pytest.fixture
def promoted(promoted_url: str) -> Iterator[Client]:
    yield from _empty(promoted_url)


@pytest.fixture
def cluster_client(cluster_url: str) -> Iterator[Client]:
    for client in _empty(cluster_url):
        assert isinstance(client, RedisCluster)
        yield client


@pytest.fixture(params=["client", "own_server", "over_tls", "promoted", "cluster_client"])
def either(request: pytest.FixtureRequest) -> Client:
    """Each kind of Redis in turn: the embedded one, a server, TLS and ACL, a replica, a cluster."""
    made: Client = request.getfixturevalue(request.param)
    return made
