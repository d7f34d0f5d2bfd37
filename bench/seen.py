"""When probes are seen: by a bare consumer of their topic, and as `tags` and `recs` in Redis.

`python -m bench.seen BROKERS REDIS`: works until its standard input ends, then prints seconds from
when a probe was due, by who saw it, as JSON. Redis is asked to tell of writes, nothing is polled.
"""

from __future__ import annotations

import json
import sys
import threading
import time

import redis
from confluent_kafka import Consumer, TopicPartition

from bench.live_traffic import PROBE

_PARTS = 4
_MARK = PROBE.encode()
_TOPIC = "clicks"


def consume(brokers: str, ending: threading.Event, seen: dict[str, float]) -> None:
    """Read the probes' topic from its end on, and do nothing else."""
    consumer = Consumer(
        {"bootstrap.servers": brokers, "group.id": "bare", "fetch.wait.max.ms": 100}
    )
    ends = [
        TopicPartition(
            _TOPIC, part, consumer.get_watermark_offsets(TopicPartition(_TOPIC, part))[1]
        )
        for part in range(_PARTS)
    ]
    consumer.assign(ends)
    while not ending.is_set():
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            key = message.key() or b""
            if key.startswith(_MARK):
                due_us = int(key[len(_MARK) :])
                seen[str(due_us)] = time.time() - due_us / 1e6
    consumer.close()


def listen(url: str, ending: threading.Event, seen: dict[str, dict[str, float]]) -> None:
    """Hear of the first write of each probe's values."""
    client = redis.Redis.from_url(url)
    client.config_set("notify-keyspace-events", "KA")
    channel = client.pubsub()  # type: ignore[no-untyped-call]
    channel.psubscribe(f"__keyspace@0__:*{PROBE}*")
    while not ending.is_set():
        message = channel.get_message(timeout=0.1)
        if message is None or message["type"] != "pmessage":
            continue
        now_s = time.time()
        name = message["channel"].decode()
        kind = name.rpartition(":")[2]
        if kind in seen:
            due_us = name.partition(PROBE)[2].partition("}")[0]
            seen[kind].setdefault(due_us, now_s - int(due_us) / 1e6)
    channel.close()


def main(brokers: str, url: str) -> int:
    """Watch until standard input ends."""
    ending = threading.Event()
    bare: dict[str, float] = {}
    values: dict[str, dict[str, float]] = {"tags": {}, "recs": {}}
    threads = [
        threading.Thread(target=consume, args=(brokers, ending, bare)),
        threading.Thread(target=listen, args=(url, ending, values)),
    ]
    for thread in threads:
        thread.start()
    print("ready", flush=True)
    sys.stdin.read()
    ending.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"bare": bare, **values}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
