"""Traffic as others produce it: without keys, into few partitions, too long, by other clients."""

from __future__ import annotations

import dataclasses
import json
import subprocess

import msgspec
import pytest

from events import kinds
from events.decode import DecodeSettings
from events.kinds import FAMILY_OF, KIND_OF
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, catalogue, running, settings_for, traffic
from tests.waiting import until


def test_without_keys_everything_counts_as_with_them(broker: Broker, redis_url: str):
    tell, unkeyed = Recent(), broker.another()
    events = catalogue(tell) + traffic(tell, 1, 120)
    broker.send(events)
    for number, event in enumerate(events):
        row = msgspec.json.encode(event)
        # A user's events lie in all partitions, which are read in any order.
        part = number % 4
        unkeyed.put(FAMILY_OF[KIND_OF[type(event)]], row, None, event.event_time_ms, part)
    unkeyed.flush()
    found = []
    for one, prefix in ((broker, "keyed:"), (unkeyed, "unkeyed:")):
        with running(one, redis_url, settings_for(prefix)) as run:
            health = run.until(events=len(events))
            assert health["duplicates"] == health["unknown_item"] == health["too_old"] == 0
            likes = sum(isinstance(event, kinds.Click | kinds.Like) for event in events)
            assert likes > 100
            weights = until(lambda run=run: _whole(run.weights(tell), events))
            versions = {user: run.value(f"{prefix}{{{user}}}:tags")["version"] for user in weights}
            found.append((weights, versions))
    assert found[0] == found[1]


def _whole(weights: dict[str, dict[str, list[float]]], events: list[object]) -> object:
    """The weights, once they hold all that was sent."""
    wanted = sum({kinds.Click: 1.0, kinds.Like: 0.5}.get(type(event), 0.0) for event in events)
    counted = sum(tags.get("cups", [0.0] * 4)[3] for tags in weights.values())
    return weights if counted == pytest.approx(wanted) else None


def test_idle_partitions_hold_nobody_up(broker: Broker, redis_url: str):
    tell = Recent()
    broker.send(catalogue(tell))
    hot = [
        tell(kinds.Click, 1 + number / 50, f"u{number % 9}", room_id="r1")
        for number in range(3_000)
    ]
    for event in hot:
        broker.put("clicks", msgspec.json.encode(event), b"k", event.event_time_ms, 2)
    broker.put("likes", b"", b"k", tell.begin_ms, 0)
    broker.flush()
    with running(broker, redis_url, settings_for("hot:")) as run:
        run.until(events=len(hot) + 3)
        # Three of its partitions have never had a row, and neither have two topics' others.
        run.until(clock_time_ms=hot[-1].event_time_ms)
        assert run.health()["late"] == 0


def test_another_client_writes_events_and_reads_decisions(broker: Broker, redis_url: str):
    tell = Recent()
    events = catalogue(tell) + traffic(tell, 1, 40)
    lines: dict[str, list[bytes]] = {}
    for event in events:
        topic = f"{broker.prefix}{FAMILY_OF[KIND_OF[type(event)]]}"
        user = getattr(event, "user_id", None) or "catalogue"
        lines.setdefault(topic, []).append(user.encode() + b"\t" + msgspec.json.encode(event))
    lines[f"{broker.prefix}clicks"].append(b"u1\tno event")
    for topic, rows in lines.items():
        broker.make(topic.removeprefix(broker.prefix))
        _kcat(broker, b"\n".join(rows), "-P", "-t", topic, "-K", "\t", "-z", "gzip")
    decisions = f"{broker.prefix}decisions"
    with running(broker, redis_url, settings_for("kcat:"), None, decisions) as run:
        health = run.until(events=len(events), slates=10, dead_letters=1)
        assert health["dead_letters_by_reason"] == {"invalid_json": 1}
        slates = health["slates"]
    told = _kcat(broker, b"", "-C", "-t", decisions, "-o", "beginning", "-e", "-q")
    made = [json.loads(line) for line in told.splitlines()]
    assert sum(one["type"] == "slate" for one in made) >= slates
    letters = f"{broker.prefix}{broker.letters}"
    told = _kcat(broker, b"", "-C", "-t", letters, "-o", "beginning", "-e", "-q", "-f", "%k %s\n")
    key, _, letter = told.decode().strip().partition(" ")
    assert key.startswith(f"{broker.prefix}clicks/")
    assert json.loads(letter)["reason"] == "invalid_json"


def _kcat(broker: Broker, rows: bytes, *args: str) -> bytes:
    done = subprocess.run(
        ["kcat", "-b", broker.address, *args], input=rows, capture_output=True, timeout=60
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_what_is_too_long_is_a_dead_letter(broker: Broker, redis_url: str):
    tell = Recent()
    broker.send(catalogue(tell))
    settings = settings_for("long:")
    settings = dataclasses.replace(settings, decode=DecodeSettings(line_bytes_max=10_000))
    long = tell(kinds.Comment, 2, "u1", room_id="r1", text="x" * 10_000)
    good = tell(kinds.Comment, 3, "u1", room_id="r1", text="x")
    broker.send([long, good])
    broker.put("comments", b"\xff\xfe\x00", b"k", tell.begin_ms, 1)
    broker.put("comments", b"[" * 5_000, None, tell.begin_ms, 1)
    broker.flush()
    with running(broker, redis_url, settings) as run:
        health = run.until(events=4, dead_letters=3)
        assert health["dead_letters_by_reason"]["too_long"] == 1
        assert health["events"] == 4
    letters = [json.loads(row) for _, row in broker.rows(broker.letters, 3)]
    assert len(letters) == 3
    assert all(len(json.dumps(letter)) < 2_000 for letter in letters)
    assert {letter["source"] for letter in letters} == {f"{broker.prefix}comments"}
