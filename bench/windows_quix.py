"""Windowed tag weights as Quix Streams' documentation has one write them: a hopping `reduce`.

Run in an environment of its own (`bench.peer_environment`):
`python -m bench.windows_quix BROKER TOPIC EVENTS REDIS` prints one JSON object. JSON in, a map
of tag to sum a window, given out once when the window closes, into Quix's own Redis sink. State is
as it comes: RocksDB and a changelog topic.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from quixstreams import Application
from quixstreams.sinks.community.redis import RedisSink

from bench.windows_traffic import HOP_MS, WINDOW_MS

_SILENT_S = 10.0


def _first(event: dict[str, Any]) -> dict[str, float]:
    return {event["tag"]: event["units"]}


def _add(sums: dict[str, float], event: dict[str, Any]) -> dict[str, float]:
    sums[event["tag"]] = sums.get(event["tag"], 0.0) + event["units"]
    return sums


def _key(user: Any, window: dict[str, Any]) -> str:
    return f"w:{user.decode() if isinstance(user, bytes) else user}:{window['start']}"


def main(brokers: str, topic: str, count: str, url: str) -> int:
    """Measure from the start until nothing has come for `_SILENT_S` seconds."""
    where = urlsplit(url)
    began_s = time.process_time()
    with tempfile.TemporaryDirectory(prefix="liveloom-bench-quix-") as folder:
        app = Application(
            broker_address=brokers,
            consumer_group=f"quix-{uuid.uuid4().hex}",
            auto_offset_reset="earliest",
            state_dir=folder,
            loglevel="WARNING",
        )
        sink = RedisSink(
            host=where.hostname or "127.0.0.1",
            port=where.port or 6379,
            db=0,
            key_serializer=_key,
            value_serializer=lambda window: json.dumps(window["value"]),
        )
        frame = app.dataframe(app.topic(topic, value_deserializer="json"))
        frame = frame.hopping_window(
            duration_ms=timedelta(milliseconds=WINDOW_MS), step_ms=timedelta(milliseconds=HOP_MS)
        )
        frame = frame.reduce(reducer=_add, initializer=_first).final()
        frame.sink(sink)
        app.run(timeout=_SILENT_S)
    cpu_s = time.process_time() - began_s
    print(json.dumps({"cpu_s": cpu_s}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
