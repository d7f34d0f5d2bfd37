"""Windowed tag weights as Pathway's documentation has one write them: a sliding `windowby`.

Run in an environment of its own (`bench.peer_environment`):
`python -m bench.windows_pathway BROKER TOPIC EVENTS REDIS` prints one JSON object. JSON in by a
schema, a sum per user, tag and window, and each change into a Redis hash a window, one round trip a
commit: Pathway has no Redis connector, its documentation leads to an observer in Python.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from typing import Any

import pathway as pw
import redis

from bench.windows_traffic import HOP_MS, WINDOW_MS


class Signal(pw.Schema):
    """What is read of an event."""

    user_id: str
    tag: str
    event_time_ms: int
    units: float


class RedisObserver(pw.io.python.ConnectorObserver):
    """Sets a field a tag in the hash of the user's window."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url)
        self._pipeline = self._client.pipeline(transaction=False)

    def on_change(self, key: Any, row: dict[str, Any], time: int, is_addition: bool) -> None:
        """Keep a row for the next round trip; what is taken back is set anew in the same commit."""
        if is_addition:
            self._pipeline.hset(f"w:{row['user_id']}:{row['start']}", row["tag"], row["units"])

    def on_time_end(self, time: int) -> None:
        """A commit is whole."""
        self._pipeline.execute()

    def on_end(self) -> None:
        """All has been read."""
        self._pipeline.execute()
        self._client.close()


def main(brokers: str, topic: str, count: str, url: str) -> int:
    """Measure a run over what the topic holds now."""
    began_s = time.process_time()
    settings = {
        "bootstrap.servers": brokers,
        "group.id": f"pathway-{uuid.uuid4().hex}",
        "auto.offset.reset": "earliest",
    }
    signals = pw.io.kafka.read(settings, topic=topic, format="json", schema=Signal, mode="static")
    sums = signals.windowby(
        signals.event_time_ms,
        window=pw.temporal.sliding(hop=HOP_MS, duration=WINDOW_MS),
        instance=pw.make_tuple(signals.user_id, signals.tag),
    ).reduce(
        user_id=pw.this._pw_instance[0],
        tag=pw.this._pw_instance[1],
        start=pw.this._pw_window_start,
        units=pw.reducers.sum(pw.this.units),
    )
    pw.io.python.write(sums, RedisObserver(url))
    pw.run(monitoring_level=pw.MonitoringLevel.NONE)
    cpu_s = time.process_time() - began_s
    print(json.dumps({"cpu_s": cpu_s}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
