"""Topics of one measurement on a real broker (`bench.live_run.broker`): made, filled, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from bench.measure import RunError

_ANSWER_S_MAX = 120.0

Message = tuple[str, bytes, bytes, int]
"""Topic, key, value, and the record's own time (ms)."""


@contextmanager
def topics(address: str, parts: dict[str, int]) -> Iterator[AdminClient]:
    """Topics with so many partitions each, which keep rows of any age; gone after the block."""
    admin = AdminClient({"bootstrap.servers": address, "log_level": 2})
    new = [NewTopic(name, count, config={"retention.ms": "-1"}) for name, count in parts.items()]
    for made in admin.create_topics(new).values():
        made.result(_ANSWER_S_MAX)
    try:
        yield admin
    finally:
        for gone in admin.delete_topics(list(parts)).values():
            gone.result(_ANSWER_S_MAX)


def fill(address: str, messages: Iterable[Message]) -> None:
    """Write messages, and return once all are there; within a partition in the order given."""
    producer = Producer(
        {
            "bootstrap.servers": address,
            "linger.ms": 50,
            "enable.idempotence": True,
            "log_level": 2,
        }
    )
    refused: list[str] = []

    def told(error: Any, message: Any) -> None:
        if error is not None:
            refused.append(str(error))

    for topic, key, value, at_ms in messages:
        while True:
            try:
                producer.produce(topic, value, key, timestamp=at_ms, on_delivery=told)
                break
            except BufferError:
                producer.poll(0.1)
    if producer.flush(_ANSWER_S_MAX):
        raise RunError(f"Kafka at {address} did not take all messages in time")
    if refused:
        raise RunError(f"Kafka at {address} refused {len(refused):,} messages: {refused[0]}")
