"""A simulated world into Kafka: topics as the flow wants them, lines where they belong."""

from __future__ import annotations

import json
import time

import orjson
import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from events.decode import Decoder, DecodeSettings
from events.kinds import FAMILIES, FAMILY_OF, KIND_OF
from events.letters import DeadLetter
from flows import cli
from flows.brokers import event_topics
from flows.kafka_client import client_settings
from flows.stop import Stop
from flows.topics import make_topics
from flows.traffic import Traffic, place_of
from simulator.generate import generate
from simulator.settings import preset
from tests.kafka.broker import WAIT_S, Broker
from tests.kafka_line import settings_for


def test_each_line_goes_to_its_family_under_its_person():
    decoder = Decoder(DecodeSettings())
    seen = set()
    for line in generate(preset("demo"), 3, 4_000):
        family, key = place_of(line)
        assert family in FAMILIES
        (row,) = decoder.decode_all([line])
        if isinstance(row, DeadLetter):
            continue
        assert family == FAMILY_OF[KIND_OF[type(row)]]
        seen.add(family)
        if family == "catalog":
            kind, _, name = (key or b"").decode().partition(":")
            assert name in (value for value in orjson.loads(line).values() if value)
            assert kind == KIND_OF[type(row)]
        elif getattr(row, "user_id", None):
            assert key == row.user_id.encode()  # type: ignore[union-attr]
        else:
            assert key
    assert len(seen) >= 8


def test_lines_that_came_to_harm_go_somewhere():
    for line in (b'{"kind":"cli', b"[]", b'{"kind":7}', b'{"kind":"new","user_id":"u"}', b"\xff"):
        assert place_of(line)[0] == "clicks"
    assert place_of(b'{"kind":"new","user_id":"u"}')[1] == b"u"
    assert place_of(b"7") == ("clicks", None)


def test_a_world_lives_by_the_wall_clock(broker: Broker):
    broker.make_families()
    client = client_settings(broker.address, None)
    now_ms = int(time.time() * 1000)
    traffic = Traffic(client, broker.prefix, preset("demo"), 7, 50.0, lambda: now_ms)
    traffic.step()
    announced = traffic.sent
    assert announced > 50
    for _ in range(10):
        now_ms += 1_000
        traffic.step()
    # Events of persons beside what the rooms say of themselves.
    assert 400 <= traffic.sent - announced <= 900
    most = traffic.sent + 30
    now_ms += 60_000
    traffic.run(Stop(), lambda _: None, most)
    assert traffic.sent == most
    found = [json.loads(row) for _, row in broker.rows("catalog", 50)]
    assert {event["kind"] for event in found} <= set(FAMILIES["catalog"])
    assert all(now_ms - 80_000 <= event["event_time_ms"] <= now_ms for event in found)


def test_topics_are_made_once_and_the_catalogue_s_is_kept(node_broker: Broker):
    kafka = node_broker.naming(settings_for()).kafka
    client = client_settings(node_broker.address, None)
    made, there = make_topics(client, kafka, 3, 1)
    assert sorted(made) == sorted([*event_topics(kafka), kafka.dead_letters_topic])
    assert there == []
    made, there = make_topics(client, kafka, 5, 1)
    assert made == []
    assert len(there) == len(FAMILIES) + 1
    admin = AdminClient({"bootstrap.servers": node_broker.address})
    topics = admin.list_topics(timeout=WAIT_S).topics
    assert len(topics[f"{node_broker.prefix}clicks"].partitions) == 3
    name = f"{node_broker.prefix}catalog"
    assert len(topics[name].partitions) == 1
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    (found,) = admin.describe_configs([resource]).values()
    assert found.result(WAIT_S)["cleanup.policy"].value == "compact"


@pytest.mark.parametrize(
    "line",
    [
        "simulate",
        "simulate --out a.jsonl --kafka b:1",
        "simulate --out a.jsonl --events 5",
        "simulate --out a.jsonl --events 5 --seed 1 --rate 9",
        "topics",
    ],
)
def test_what_does_not_go_together_is_a_usage_error(line: str):
    try:
        code = cli.main(line.split())
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
