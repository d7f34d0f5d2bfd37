"""Reads a topic as any consumer would."""

from __future__ import annotations

import time

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition


def consume(address: str, topic: str, count: int, wait_s: float) -> list[tuple[bytes, bytes]]:
    """So many keys and values of a topic from its beginning; fewer if they do not come."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "tests", "log_level": 2})
    end_s = time.monotonic() + wait_s
    rows: list[tuple[bytes, bytes]] = []
    try:
        while time.monotonic() < end_s:
            found = consumer.list_topics(topic, timeout=5).topics[topic]
            if not found.error and found.partitions:
                places = [TopicPartition(topic, p, OFFSET_BEGINNING) for p in found.partitions]
                consumer.assign(places)
                break
            time.sleep(0.1)
        while len(rows) < count and time.monotonic() < end_s:
            for message in consumer.consume(count - len(rows), 0.2):
                if message.error() is None:
                    rows.append((message.key(), message.value()))
    finally:
        consumer.close()
    return rows
