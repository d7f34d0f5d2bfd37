"""Traffic of a live run: lists that are shown, clicks on them, and probes that are waited for."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

ROOMS, TAGS, TAGS_PER_ROOM, LIST_ITEMS = 100, 200, 4, 6
PROBE = "probe-"
_START_MS = 1_767_225_600_000

Row = tuple[str, str, dict[str, Any]]
"""Topic, key, and an event without its id and time."""


def catalogue() -> Iterator[Row]:
    """Hosts and live rooms."""
    for room in range(ROOMS):
        host = f"host{room % (ROOMS // 2)}"
        yield "catalog", host, {"kind": "host", "host_id": host, "name": host, "tags": []}
        yield (
            "catalog",
            f"room{room}",
            {
                "kind": "room",
                "room_id": f"room{room}",
                "host_id": host,
                "title": f"Room {room}",
                "tags": [f"tag{(room * 7 + i * 13) % TAGS}" for i in range(TAGS_PER_ROOM)],
                "status": "live",
                "start_time_ms": _START_MS,
                "products": [],
            },
        )


def first_clicks(users: int) -> Iterator[Row]:
    """One click of each user, so that there is state of them."""
    for user in range(users):
        yield _click(f"user{user}", user % ROOMS)


def acts(seed: int, users: int) -> Iterator[Row]:
    """Without end: a user is shown a list, clicks on an item of it, and stays or leaves."""
    dice = random.Random(seed)
    while True:
        user, request = f"user{dice.randrange(users)}", f"q{dice.getrandbits(48):x}"
        shown = dice.sample(range(ROOMS), LIST_ITEMS)
        for position, room in enumerate(shown):
            yield (
                "impressions",
                user,
                {
                    "kind": "impression",
                    "user_id": user,
                    "request_id": request,
                    "room_id": f"room{room}",
                    "position": position,
                    "surface": "feed",
                },
            )
        yield _click(user, shown[0])
        if dice.random() < 0.5:
            stay = {"dwell_ms": dice.choice([2_000, 60_000]), "left": True}
            room_id = f"room{shown[0]}"
            yield "dwell", user, {"kind": "dwell", "user_id": user, "room_id": room_id, **stay}


def _click(user: str, room: int) -> Row:
    return "clicks", user, {"kind": "click", "user_id": user, "room_id": f"room{room}"}


def probe(due_us: int) -> Row:
    """A click of somebody new, whose name says when it was due (UTC epoch, µs)."""
    return _click(f"{PROBE}{due_us}", due_us % ROOMS)


def line(event: dict[str, Any], event_id: str, at_ms: int) -> bytes:
    """The event as it stands in a topic."""
    return json.dumps({**event, "event_id": event_id, "event_time_ms": at_ms}).encode()
