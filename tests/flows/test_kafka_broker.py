"""What only a real broker does: it dies, compacts, deletes, and takes transactions back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import Producer, TopicPartition

from events import kinds
from tests.kafka.broker import WAIT_S, Broker
from tests.kafka.node import Node
from tests.kafka_line import Recent, catalogue, running, settings_for, traffic
from tests.waiting import until

_COMPACTED = {
    "cleanup.policy": "compact",
    "segment.ms": "100",
    "min.cleanable.dirty.ratio": "0.01",
    "retention.ms": "-1",
}


def test_a_broker_killed_and_started_again_costs_nothing(
    node: Node, node_broker: Broker, redis_url: str, tmp_path: Path
):
    tell = Recent()
    first, second = catalogue(tell) + traffic(tell, 1, 60), traffic(tell, 10, 60)
    node_broker.send(first)
    with running(node_broker, redis_url, settings_for("kill:"), tmp_path) as run:
        run.until(events=len(first))
        node.kill()
        try:
            beat = run.health()["as_of_ms"]
            until(lambda: run.health()["as_of_ms"] > beat)
        finally:
            node.start()
        node_broker.send(second)
        health = run.until(events=len(first) + len(second))
        assert health["events"] == len(first) + len(second)
        assert health["duplicates"] == health["lost_rows"] == 0
        weighs = {kinds.Click: 1.0, kinds.Like: 0.5}
        sent = sum(weighs.get(type(event), 0.0) for event in first + second)

        def counted() -> float:
            return sum(tags["cups"][3] for tags in run.weights(tell).values())

        until(lambda: counted() == pytest.approx(sent), KeyError)


def test_rows_that_retention_ate_unread_are_counted_and_said(
    node_broker: Broker, redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    tell = Recent()
    node_broker.make("clicks", parts=1)
    node_broker.send(catalogue(tell) + [tell(kinds.Click, n, "u1", room_id="r1") for n in range(5)])
    with running(node_broker, redis_url, settings_for("eaten:"), tmp_path) as run:
        run.until(events=8)
    node_broker.send([tell(kinds.Click, 10 + n, "u1", room_id="r1") for n in range(6)])
    place = TopicPartition(f"{node_broker.prefix}clicks", 0, 9)
    node_broker.admin.delete_records([place])[place].result(WAIT_S)
    with running(node_broker, redis_url, settings_for("eaten:"), tmp_path) as run:
        health = run.until(events=10, lost_rows=4)
        assert health["events"] == 10
        assert health["lost_rows"] == 4
    assert "4 rows from offset 5 on were deleted before they could be read" in caplog.text


def test_a_compacted_catalogue_is_read_whole_once(
    node_broker: Broker, redis_url: str, tmp_path: Path
):
    tell = Recent()
    node_broker.make("catalog", parts=1, settings=_COMPACTED)
    sent = 0

    def say(event: Any, key: str) -> None:
        nonlocal sent
        row = None if event is None else msgspec.json.encode(event)
        node_broker.put("catalog", row, key.encode(), tell.begin_ms + 200 * sent)
        node_broker.flush()
        sent += 1

    def is_compacted() -> bool:
        # A segment is closed, and so can be compacted, only by a row of a later time.
        say(tell.room("r2", f"old{sent}"), "room:r2")
        return len(node_broker.rows("catalog", sent, wait_s=2.0)) <= sent // 2

    for number in range(20):
        say(tell.room("r1", f"old{number}"), "room:r1")
    say(tell.room("gone", "never"), "room:gone")
    say(None, "room:gone")
    until(is_compacted)
    say(tell.room("r1", "tea"), "room:r1")
    node_broker.send([tell(kinds.Click, 5, "u1", room_id="r1")])
    with running(node_broker, redis_url, settings_for("compact:"), tmp_path) as run:
        before = run.until(events=3, catalogue_events=2)
        assert before["catalogue_events"] < sent, "it has read what was compacted away"
        assert before["lost_rows"] == before["dead_letters"] == before["unknown_item"] == 0
        until(lambda: run.reader.get("u1", tell.begin_ms + 9_000).tags.get("tea"))
    say(tell.room("r1", "pots", at_s=6), "room:r1")
    node_broker.send([tell(kinds.Click, 7, "u1", room_id="r1")])
    with running(node_broker, redis_url, settings_for("compact:"), tmp_path) as run:
        after = run.until(events=before["events"] + 2)
        assert after["events"] == before["events"] + 2, "it has begun anew"
        assert after["catalogue_events"] == before["catalogue_events"] + 1
        until(lambda: run.reader.get("u1", tell.begin_ms + 9_000).tags.get("pots"))


def test_what_a_producer_took_back_never_was(node_broker: Broker, redis_url: str, tmp_path: Path):
    tell = Recent()
    node_broker.make("clicks", parts=1)
    node_broker.send(catalogue(tell))
    producer = Producer(
        {"bootstrap.servers": node_broker.address, "transactional.id": node_broker.prefix}
    )
    producer.init_transactions(WAIT_S)

    def clicks(begin_s: float, count: int, keep: bool) -> None:
        producer.begin_transaction()
        for number in range(count):
            event = tell(kinds.Click, begin_s + number, "u1", room_id="r1")
            producer.produce(
                f"{node_broker.prefix}clicks",
                msgspec.json.encode(event),
                b"u1",
                timestamp=event.event_time_ms,
            )
        producer.flush(WAIT_S)
        if keep:
            producer.commit_transaction(WAIT_S)
        else:
            producer.abort_transaction(WAIT_S)

    clicks(1, 5, keep=True)
    clicks(10, 7, keep=False)
    with running(node_broker, redis_url, settings_for("undone:"), tmp_path) as run:
        run.until(events=8)
        clicks(20, 3, keep=True)
        clicks(30, 4, keep=False)
        health = run.until(events=11)
        assert health["events"] == 11
        # Behind the last row there are only rows that do not count: lag tools see none left.
        until(lambda: node_broker.committed("clicks") == 5 + 7 + 3 + 4 + 4)
        until(lambda: run.health()["rows_behind"] == 0)
        assert run.reader.get("u1", tell.begin_ms + 60_000).tags["tea"][3] == pytest.approx(8.0)
        assert run.health()["lost_rows"] == 0
