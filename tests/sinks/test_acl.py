from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.cluster import RedisCluster

from decisions.outputs import Delivery, Push, RoomWrite, Write, head
from flows.commands import redis_acl
from sinks.acl import ROLES, acl_line
from sinks.connect import Client, connect
from sinks.keys import Keys
from sinks.reader import Reader
from sinks.redis_sink import RedisWriter
from sinks.settings import RedisSettings
from tests.redis_servers import Cluster

KEYS = Keys("ll:", 4)
NOW = 1_767_225_600_000
Make = Callable[..., Write]


def let_in(url: str, role: str, *admins: Any) -> str:
    """Make the role's user on each server; the address with its name."""
    for admin in admins:
        admin.execute_command("ACL", "SETUSER", *acl_line(role, role, KEYS, "pw").split())
    return url.replace("://", f"://{role}:pw@")


def all_that_the_flow_does(client: Client, settings: RedisSettings, tag_write: Make) -> None:
    writer = RedisWriter(client, settings)
    room = RoomWrite("r1", NOW, True, head(NOW, NOW) + b'"x":0}')
    gone = RoomWrite("r2", NOW, False, head(NOW, NOW) + b'"x":0}')
    reached = {"clicks-0": 1}
    writer.write([Delivery("s", reached, writes=[tag_write("a", 1)], rooms=[room, gone])])
    writer.write([Delivery(erased=[("a", "tags")], writes=[tag_write("b", 1)])])
    writer.push([Push("p1", "a", NOW, b"{}")], forget_before_ms=1)
    writer.push([Push("p2", "b", NOW, b'{"push_id":"p2","user_id":"b"}')])
    writer.write([Delivery(recalled=["b"])])
    writer.health(head(NOW, NOW) + b'"x":0}')
    writer.close()


def refused(call: Callable[..., Any], *args: Any) -> None:
    with pytest.raises(redis.exceptions.NoPermissionError):
        call(*args)


def test_the_flow_may_do_what_it_does_and_no_more(
    own_server: Any, server_url: str, quick: RedisSettings, tag_write: Make
):
    flow: Any = connect(let_in(server_url, "writer", own_server), quick)
    all_that_the_flow_does(flow, quick, tag_write)
    assert own_server.smembers("ll:rooms") == {b"r1"}
    assert sorted(key for key in own_server.keys("ll:{*") if key.endswith(b"tags")) == [
        b"ll:{b}:tags"
    ]
    for call, args in (
        (flow.flushall, ()),
        (flow.keys, ("*",)),
        (flow.config_get, ("*",)),
        (flow.acl_whoami, ()),
        (flow.eval, ("return 1", 0)),
        (flow.expire, ("ll:{b}:tags", 1)),
        (flow.set, ("other:x", "1")),
    ):
        refused(call, *args)


def test_the_flow_may_do_it_on_a_cluster(
    cluster_client: Any, three_nodes: Cluster, quick: RedisSettings, tag_write: Make
):
    admins = [node.client() for node in three_nodes.nodes]
    flow = connect(let_in(three_nodes.url, "writer", *admins), quick)
    assert isinstance(flow, RedisCluster)
    all_that_the_flow_does(flow, quick, tag_write)
    assert cluster_client.smembers("ll:rooms") == {b"r1"}
    reader: Any = connect(let_in(three_nodes.url, "reader", *admins), quick)
    assert Reader(reader, "ll:", lambda: NOW).get("b").versions[0] > 0
    for admin in admins:
        admin.close()


def test_readers_read_and_senders_take_pushes(
    own_server: Any, server_url: str, quick: RedisSettings, tag_write: Make
):
    all_that_the_flow_does(own_server, quick, tag_write)
    reading: Any = connect(let_in(server_url, "reader", own_server), quick)
    reader = Reader(reading, "ll:", lambda: NOW)
    assert reader.get("b").versions[0] > 0
    assert reader.room("r1")["version"] == NOW
    assert reader.health()["version"] == NOW
    refused(reading.set, "ll:{b}:tags", "x")
    refused(reading.get, "other:x")
    sender: Any = connect(let_in(server_url, "sender", own_server), quick)
    stream = KEYS.push_out(KEYS.stream_of("a"))
    sender.xgroup_create(stream, "app", "0")
    [[_, [[entry, fields]]]] = sender.xreadgroup("app", "one", {stream: ">"})
    assert fields == {b"d": b"{}"}
    assert sender.xack(stream, "app", entry) == 1
    refused(sender.get, "ll:{b}:tags")
    refused(sender.xadd, stream, {"d": "x"})


def test_a_prefix_is_no_pattern_and_a_password_no_text():
    line = acl_line("writer", "flow", Keys("a*b:", 4), "s3cret")
    assert "~a\\*b:*" in line.split()
    assert "s3cret" not in line
    assert f"#{hashlib.sha256(b's3cret').hexdigest()}" in line.split()
    with pytest.raises(ValueError, match="name without spaces"):
        acl_line("writer", "a b", KEYS)


def test_the_command_knows_every_role():
    assert tuple(ROLES) == redis_acl._ROLES
