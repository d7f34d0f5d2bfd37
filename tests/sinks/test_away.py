from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from decisions.outputs import Delivery, Write
from sinks.away import Outage, advice
from sinks.connect import connect
from sinks.redis_sink import RedisWriter
from sinks.retry import Stopped
from sinks.settings import RedisSettings
from tests.redis_servers import Proxy, Server, server

Make = Callable[..., Write]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as made:
        yield made


def test_what_a_server_really_answers_is_understood(own: Server):
    with own.client() as client:
        client.config_set("maxmemory", 1)
        with pytest.raises(redis.RedisError) as full:
            client.set("a", "1")
        assert "raise maxmemory" in advice(full.value)
        client.config_set("maxmemory", 0)
        client.config_set("min-replicas-to-write", 1)
        with pytest.raises(redis.RedisError) as few:
            client.set("a", "1")
        assert "too few replicas" in advice(few.value)
        client.config_set("min-replicas-to-write", 0)
        client.replicaof("127.0.0.1", 1)
        with pytest.raises(redis.RedisError) as replica:
            client.set("a", "1")
        assert "let the address lead to the master" in advice(replica.value)
        client.replicaof("NO", "ONE")
        client.config_set("requirepass", "s3cret")
    with own.client() as client, pytest.raises(redis.RedisError) as stranger:
        client.set("a", "1")
    assert "refuses user or password" in advice(stranger.value)
    own.kill()
    with own.client() as client, pytest.raises(redis.RedisError) as gone:
        client.ping()
    assert "see whether it runs" in advice(gone.value)


def test_a_server_that_answers_no_more_is_told_from_one_that_is_gone(
    own: Server, quick: RedisSettings, tag_write: Make, caplog: pytest.LogCaptureFixture
):
    proxy = Proxy(own.port)
    hasty = dataclasses.replace(quick, reply_timeout_s=0.2, connect_timeout_s=0.2)
    waits = 0

    def sleep(_seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            proxy.resume()

    writer = RedisWriter(connect(proxy.url, hasty), hasty, "one", sleep=sleep)
    writer.write([Delivery(writes=[tag_write("a", 1)])])
    writer.flush()
    proxy.stall()
    with caplog.at_level(logging.WARNING, "liveloom"):
        writer.write([Delivery(writes=[tag_write("a", 2), tag_write("b", 1)])])
        writer.flush()
    assert waits >= 3
    first, last = caplog.messages[0], caplog.messages[-1]
    assert "nothing is lost, the flow waits" in first
    assert "stalled" in first
    assert "can be written again" in last
    with own.client() as client:
        assert client.exists("ll:{a}:tags", "ll:{b}:tags") == 2
    writer.close()
    proxy.close()


def test_a_stop_is_obeyed_while_nothing_answers(own: Server, quick: RedisSettings, tag_write: Make):
    proxy = Proxy(own.port)
    hasty = dataclasses.replace(quick, reply_timeout_s=0.2, connect_timeout_s=0.2)
    stop = False

    def sleep(_seconds: float) -> None:
        nonlocal stop
        stop = True

    writer = RedisWriter(connect(proxy.url, hasty), hasty, should_stop=lambda: stop, sleep=sleep)
    writer.write([])
    writer.flush()
    proxy.stall()
    writer.write([Delivery(writes=[tag_write("a", 2)])])
    with pytest.raises(Stopped):
        writer.flush()
    proxy.close()


def test_a_long_outage_is_said_seldom(caplog: pytest.LogCaptureFixture):
    outage = Outage("one")
    with caplog.at_level(logging.WARNING, "liveloom"):
        for _ in range(100):
            outage.failed(redis.ConnectionError("away"))
        outage.over()
    tries = [message.split(")")[0].rpartition(" ")[2] for message in caplog.messages]
    assert tries == ["1", "16", "32", "64", "100"]
    assert outage.reason == ""
