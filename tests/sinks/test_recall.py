"""Pushes that are recalled leave their streams, on every kind of Redis, and nobody else's do."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from decisions.outputs import Delivery, Push
from sinks import recall
from sinks.redis_sink import RedisWriter
from sinks.settings import RedisSettings

BASE = 1_767_225_600_000


def push(number: int, user: str) -> Push:
    body = {"push_id": f"p{number}", "user_id": user, "title": "recalled"}
    return Push(f"p{number}", user, BASE + number, orjson.dumps(body))


def in_streams(client: Any) -> set[str]:
    return {
        orjson.loads(fields[b"d"])["push_id"]
        for stream in range(4)
        for _, fields in client.xrange(f"ll:{{push:{stream}}}:out")
    }


def guarded(client: Any) -> set[str]:
    return {
        one.decode()
        for stream in range(4)
        for one in client.zrange(f"ll:{{push:{stream}}}:ids", 0, -1)
    }


def test_a_recall_takes_a_user_s_earlier_pushes(
    either: Any, quick: RedisSettings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recall, "_PAGE", 3)
    writer = RedisWriter(either, quick)
    users = ["a", "人", 'quo"te', "recalled"]
    writer.push([push(number, users[number % 4]) for number in range(40)])
    writer.write([Delivery(recalled=["a", 'quo"te'])])
    writer.push([push(40, "a")])
    writer.flush()
    left = {f"p{number}" for number in range(40) if number % 4 in (1, 3)} | {"p40"}
    assert in_streams(either) == left
    assert guarded(either) == left
    writer.close()


def test_where_pushes_are_held_their_ids_guard_them_until_the_recall_is_durable(
    either: Any, quick: RedisSettings
):
    writer = RedisWriter(either, quick)
    writer.hold_ids()
    writer.push([push(1, "a"), push(2, "b")])
    writer.write([Delivery(recalled=["a"])])
    for guards in ({"p1", "p2"}, {"p1", "p2"}, {"p2"}):
        writer.flush()
        writer.push([push(1, "a")])
        writer.flush()
        assert in_streams(either) == {"p2"}
        writer.forget_ids(2)
        writer.flush()
        assert guarded(either) == guards
    writer.close()


def test_what_another_program_wrote_stays(client: Any, quick: RedisSettings):
    for stream in range(4):
        client.xadd(f"ll:{{push:{stream}}}:out", {"d": "no JSON"})
        client.xadd(f"ll:{{push:{stream}}}:out", {"x": "1"})
    writer = RedisWriter(client, quick)
    writer.write([Delivery(recalled=["a", "b", "c", "d", "e"])])
    writer.close()
    assert sum(client.xlen(f"ll:{{push:{stream}}}:out") for stream in range(4)) == 8
