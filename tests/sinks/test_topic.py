from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from decisions.outputs import Decision
from sinks.dead_letters import dead_letter_topic
from sinks.decision_log import DecisionTopic
from sinks.retry import Stopped
from sinks.topic import TopicWriter


class Flaky:
    """A producer whose queue holds three and whose first delivery of each line fails."""

    def __init__(self) -> None:
        self.queue: list[tuple[bytes, Callable[[Any, Any], None]]] = []
        self.tried: set[bytes] = set()
        self.taken: list[bytes] = []

    def produce(self, topic: str, key: bytes, value: bytes, on_delivery: Any) -> None:
        if len(self.queue) == 3:
            raise BufferError
        self.queue.append((value, on_delivery))

    def poll(self, timeout: float) -> None:
        if timeout:
            self.flush(timeout)

    def flush(self, timeout: float) -> int:
        queue, self.queue = self.queue, []
        for value, report in queue:
            if value in self.tried:
                self.taken.append(value)
                report(None, None)
            else:
                self.tried.add(value)
                report("broker away", None)
        return len(self.queue)


def test_every_line_arrives_though_the_queue_is_full_and_deliveries_fail():
    producer = Flaky()
    topic = TopicWriter(producer, "t")
    lines = [b"%d" % n for n in range(10)]
    for text in lines:
        topic.append(b"", text)
    topic.flush()
    assert sorted(producer.taken) == sorted(lines)
    assert topic.retries == 10
    assert topic.away == ""


def test_waiting_for_brokers_can_be_stopped():
    class Away(Flaky):
        def flush(self, timeout: float) -> int:
            return len(self.queue)

    topic = TopicWriter(Away(), "t", should_stop=lambda: True)
    topic.append(b"", b"1")
    with pytest.raises(Stopped):
        topic.flush()


def test_dead_letters_and_decisions_reach_a_broker():
    broker = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "x"})
    address = ",".join(str(b).split("/")[0] for b in broker.list_topics().brokers.values())
    producer = Producer({"bootstrap.servers": address})
    letters = dead_letter_topic(TopicWriter(producer, "ll.dead_letters"))
    letters.append([(4, "clicks-0", b'{"row":4}')])
    decisions = DecisionTopic(TopicWriter(producer, "ll.decisions"))
    decisions.append([Decision(1, "u", 2, "recs", b"{}")])
    assert (letters.snapshot(), decisions.snapshot()) == (0, 0)
    consumer = Consumer({"bootstrap.servers": address, "group.id": "t"})
    topics = ("ll.dead_letters", "ll.decisions")
    consumer.assign([TopicPartition(topic, part, 0) for topic in topics for part in range(4)])
    got = {}
    while len(got) < 2:
        for message in consumer.consume(2, 1.0):
            if message.error() is None:
                got[message.key()] = message.value()
    consumer.close()
    assert got == {
        b"clicks-0:4": b'{"row":4}',
        b"u": b'{"event_time_ms":1,"user_id":"u","seq":2,"type":"recs","value":{}}',
    }
