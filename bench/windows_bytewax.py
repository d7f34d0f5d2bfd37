"""Windowed tag weights as Bytewax's own documentation has one write them: `fold_window`.

`python -m bench.windows_bytewax BROKER TOPIC EVENTS REDIS` prints one JSON object. Kafka's
source, an event clock, a sliding window; each window is written once, when it closes, a batch a
call.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
import orjson
import redis
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from bench.windows_traffic import HOP_MS, WINDOW_MS, Event, Sums

Closed = tuple[str, tuple[int, Sums]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATENESS = timedelta(seconds=10)
"""As in its documentation. A key's clock goes on with the machine's: a backlog may become late."""


class RedisSink(DynamicSink[Closed]):
    """Sets a key a window, all of a batch in one round trip. At least once."""

    def __init__(self, url: str) -> None:
        self._url = url

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Partition:
        """Connect, once a worker."""
        return _Partition(redis.Redis.from_url(self._url))


class _Partition(StatelessSinkPartition[Closed]):
    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def write_batch(self, items: list[Closed]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for user, (window, sums) in items:
            pipeline.set(f"w:{user}:{window * HOP_MS}", orjson.dumps(sums))
        pipeline.execute()


def add(sums: Sums, event: Event) -> Sums:
    """A window's sums with one more event."""
    sums[event["tag"]] = sums.get(event["tag"], 0.0) + event["units"]
    return sums


def merge(sums: Sums, others: Sums) -> Sums:
    """Two windows' sums in one."""
    for tag, units in others.items():
        sums[tag] = sums.get(tag, 0.0) + units
    return sums


def _loads(message: Any) -> Event:
    assert isinstance(message, KafkaSourceMessage)
    event: Event = orjson.loads(message.value)
    return event


def _time(event: Event) -> datetime:
    return datetime.fromtimestamp(event["event_time_ms"] / 1000, UTC)


def flow(brokers: str, topic: str, url: str) -> Dataflow:
    """The dataflow over what the topic holds now."""
    flow = Dataflow("windows")
    rows = op.input("kafka", flow, KafkaSource([brokers], [topic], tail=False, batch_size=1_000))
    events = op.map("loads", rows, _loads)
    keyed = op.key_on("key_on_user", events, lambda event: event["user_id"])
    clock: win.EventClock[Event] = win.EventClock(_time, wait_for_system_duration=LATENESS)
    windower = win.SlidingWindower(
        timedelta(milliseconds=WINDOW_MS), timedelta(milliseconds=HOP_MS), EPOCH
    )
    folded = win.fold_window("tag_sums", keyed, clock, windower, dict, add, merge)
    op.output("redis", folded.down, RedisSink(url))
    return flow


def main(brokers: str, topic: str, count: str, url: str) -> int:
    """Measure a run to the end of the topic."""
    began_s = time.process_time()
    run_main(flow(brokers, topic, url))
    cpu_s = time.process_time() - began_s
    print(json.dumps({"cpu_s": cpu_s}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
