"""A plain Python loop over Kafka: orjson, and a dict of ten-minute tiles per user; no more.

`python -m bench.windows_loop BROKER TOPIC EVENTS REDIS` prints one JSON object. Tiles are exact for
any window of whole tiles. What it has is written to Redis after the clock has stopped, to be
compared.
"""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict

import orjson
import redis
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench.windows_traffic import HOP_MS, PARTS, WINDOW_MS, Sums

_CHUNK = 1_000
Tiles = dict[tuple[str, int], float]


def sum_tiles(brokers: str, topic: str, count: int) -> dict[str, Tiles]:
    """By user, tag and tile: the sum of so many events of a topic."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "loop", "log_level": 2})
    consumer.assign([TopicPartition(topic, part, OFFSET_BEGINNING) for part in range(PARTS)])
    users: dict[str, Tiles] = {}
    loads = orjson.loads
    taken = 0
    while taken < count:
        for message in consumer.consume(_CHUNK, 0.1):
            if message.error() is not None:
                continue
            taken += 1
            event = loads(message.value() or b"")
            tiles = users.get(event["user_id"])
            if tiles is None:
                tiles = users[event["user_id"]] = defaultdict(float)
            tiles[event["tag"], event["event_time_ms"] // HOP_MS] += event["units"]
    consumer.close()
    return users


def windows(tiles: Tiles) -> dict[int, Sums]:
    """By start of a window (ms): tag to its sum."""
    found: dict[int, Sums] = defaultdict(dict)
    for (tag, tile), units in tiles.items():
        for back in range(WINDOW_MS // HOP_MS):
            sums = found[(tile - back) * HOP_MS]
            sums[tag] = sums.get(tag, 0.0) + units
    return found


def main(brokers: str, topic: str, count: str, url: str) -> int:
    """Measure, then write what came of it."""
    began_s = time.process_time()
    users = sum_tiles(brokers, topic, int(count))
    cpu_s = time.process_time() - began_s
    with redis.Redis.from_url(url) as client:
        for user, tiles in users.items():
            for start, sums in windows(tiles).items():
                client.set(f"w:{user}:{start}", orjson.dumps(sums))
    print(json.dumps({"cpu_s": cpu_s}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
