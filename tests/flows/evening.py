"""A small evening with everything in it: a log of some hundred events that a test can abort."""

from __future__ import annotations

import json
import random
from typing import Any

START_MS = 1_767_265_200_000
TAGS = ["零食", "digital", "skin care", "茶", "outdoor"]


def evening(seed: int, events: int, users: int = 8) -> list[bytes]:
    """The lines of the log; the same seed gives the same bytes."""
    dice = random.Random(seed)
    people = [f"u{number}" for number in range(users)]
    lines: list[bytes] = []
    clock_ms = START_MS

    def say(kind: str, **fields: Any) -> None:
        event = {"event_id": f"e{len(lines)}", "kind": kind, "event_time_ms": clock_ms, **fields}
        lines.append(json.dumps(event, ensure_ascii=False).encode())

    def room(number: int, status: str, start_ms: int) -> None:
        say(
            "room",
            room_id=f"r{number}",
            host_id=f"h{number % 3}",
            title=f"room {number}",
            tags=[TAGS[number % 5], TAGS[(number + 2) % 5]],
            status=status,
            start_time_ms=start_ms,
            products=[f"p{number}"],
        )

    for number in range(8):
        say("product", product_id=f"p{number}", title=f"product {number}", price=9.0 + number,
            tags=[TAGS[number % 5]], category="any")  # fmt: skip
        room(number, "live" if number < 5 else "scheduled", START_MS + 60_000 * (number - 3))
    for number, user in enumerate(people):
        say("user", user_id=user, consent={"push": number % 4 != 3, "profiling": True},
            timezone="Asia/Shanghai", attributes={"city": "xy"[number % 2]})  # fmt: skip
    request = 0
    while len(lines) < events:
        clock_ms += dice.choice([0, 120, 700, 4_000])
        user, at = dice.choice(people), dice.randrange(8)
        person: dict[str, Any] = {"user_id": user}
        if dice.random() < 0.08:
            person = {"device_id": f"d{at % 3}"}
        kind = dice.choice(
            ["list"] * 4 + ["click"] * 3 + ["like", "dwell", "follow", "cart_add", "reserve",
             "order", "mute", "status", "on_air", "link", "again", "broken", "search"]
        )  # fmt: skip
        if kind == "list":
            request += 1
            for position, shown in enumerate(dice.sample(range(8), 4)):
                say("impression", **person, request_id=f"q{request}", room_id=f"r{shown}",
                    position=position, surface="feed")  # fmt: skip
        elif kind == "status":
            room(at, dice.choice(["live", "live", "ended", "scheduled"]), clock_ms + 900_000)
        elif kind == "on_air":
            say("on_air", room_id=f"r{at}", product_id=f"p{at}")
        elif kind == "link":
            say("identity_link", user_id=user, device_id=f"d{at % 3}")
        elif kind == "again":
            lines.append(dice.choice(lines[24:]))
        elif kind == "broken":
            lines.append(lines[-1][: dice.randrange(1, 40)])
        elif kind == "dwell":
            stayed_ms = dice.choice([900, 40_000])
            say("dwell", **person, room_id=f"r{at}", dwell_ms=stayed_ms, left=True)
        elif kind == "order":
            say("order", **person, order_id=f"o{len(lines)}", product_id=f"p{at}", amount=20.0,
                room_id=f"r{at}")  # fmt: skip
        elif kind == "follow":
            say("follow", **person, host_id=f"h{at % 3}")
        elif kind == "mute":
            say("mute", **person, tag=dice.choice(TAGS))
        elif kind == "cart_add":
            say("cart_add", **person, product_id=f"p{at}")
        elif kind == "search":
            say("search", **person, query="digital 茶")
        else:
            say(kind, **person, room_id=f"r{at}")
    return lines
