"""What the window jobs are fed, and what must come of it: signals for one tag each, summed.

Page views and carts of products that have one tag. An event also carries that tag and what the
event weighs, so that whoever knows no catalogue has the same work without one; liveloom ignores
both and looks the product up.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import orjson

from bench.kafka_topics import Message

TOPIC, CATALOGUE = "commerce", "catalog"
PARTS, TAGS, PRODUCTS = 4, 200, 400
HOP_MS, WINDOW_MS = 600_000, 3_600_000
SPAN_MS = 3 * WINDOW_MS
_UNITS = {"view": 0.5, "cart_add": 3.0}
_CART_SHARE = 0.1

Event = dict[str, Any]
Sums = dict[str, float]


def begin_ms(now_ms: int | None = None) -> int:
    """Where traffic of now begins: its last hour is over, so that no clock holds it back."""
    now_ms = round(time.time() * 1000) if now_ms is None else now_ms
    return (now_ms - SPAN_MS - WINDOW_MS) // HOP_MS * HOP_MS


def events(count: int, users: int, start_ms: int, seed: int = 1) -> Iterator[Event]:
    """Signals in the order of their time, evenly over the span."""
    dice = random.Random(seed)
    for number in range(count):
        product = dice.randrange(PRODUCTS)
        kind = "cart_add" if dice.random() < _CART_SHARE else "view"
        yield {
            "event_id": f"e{seed}-{number}",
            "kind": kind,
            "event_time_ms": start_ms + number * SPAN_MS // count,
            "user_id": f"user{dice.randrange(users)}",
            "product_id": f"product{product}",
            "tag": f"tag{product % TAGS}",
            "units": _UNITS[kind],
        }


def messages(count: int, users: int, start_ms: int, prefix: str) -> Iterator[Message]:
    """The catalogue, then the events, keyed by user and recorded at their own time."""
    for number in range(PRODUCTS):
        product = {
            "event_id": f"p{number}",
            "kind": "product",
            "event_time_ms": start_ms,
            "product_id": f"product{number}",
            "title": f"Product {number}",
            "tags": [f"tag{number % TAGS}"],
            "price": 10.0,
            "category": "all",
        }
        key = str(product["product_id"]).encode()
        yield prefix + CATALOGUE, key, orjson.dumps(product), start_ms
    for event in events(count, users, start_ms):
        at_ms: int = event["event_time_ms"]
        yield prefix + TOPIC, event["user_id"].encode(), orjson.dumps(event), at_ms


def hopping(all_events: Iterator[Event]) -> dict[tuple[str, int], Sums]:
    """By user and start of a window (ms): tag to its sum. Every window that has an event."""
    found: dict[tuple[str, int], Sums] = {}
    for event in all_events:
        last = event["event_time_ms"] // HOP_MS * HOP_MS
        for start in range(last - WINDOW_MS + HOP_MS, last + 1, HOP_MS):
            sums = found.setdefault((event["user_id"], start), {})
            sums[event["tag"]] = sums.get(event["tag"], 0.0) + event["units"]
    return found


def newest(all_events: Iterator[Event], tile_ms: int, tiles: int) -> dict[str, Sums]:
    """By user: tag to its sum over the tiles alive at the user's own newest event."""
    of_user: dict[str, list[Event]] = defaultdict(list)
    for event in all_events:
        of_user[event["user_id"]].append(event)
    found: dict[str, Sums] = {}
    for user, own in of_user.items():
        sums: dict[str, float] = defaultdict(float)
        last = max(event["event_time_ms"] for event in own) // tile_ms
        for event in own:
            if last - event["event_time_ms"] // tile_ms < tiles:
                sums[event["tag"]] += event["units"]
        found[user] = dict(sums)
    return found
