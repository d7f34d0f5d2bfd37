"""A replay's lines as they would be left, small enough to look at."""

from __future__ import annotations

import json
import random

from evaluation.journal import Journal, read

START_MS = 1_767_265_200_000
ROOMS, SHOWN, USERS = 12, 4, 15


def lines(seed: int, lists: int = 60) -> list[bytes]:
    """Rooms, lists and examples by lot; what ranks high is engaged with more often."""
    dice = random.Random(seed)
    made = []
    for room in range(ROOMS):
        made.append(
            {"row": "room", "v": 1, "version": room + 1, "as_of_ms": START_MS, "status": "live",
             "room_id": f"r{room}", "host_id": f"h{room % 5}", "tags": [f"t{room % 3}", "all"]}
        )  # fmt: skip
    for number in range(lists):
        user, at_ms = f"u{dice.randrange(USERS)}", START_MS + number * 1_000
        ranks = dice.sample(range(ROOMS), SHOWN)
        made.append(
            {"row": "list", "shown_ms": at_ms, "user_id": user, "request_id": f"q{number}",
             "place": 0, "clock_ms": at_ms, "live": ROOMS, "rooms": [f"r{r}" for r in ranks],
             "positions": list(range(SHOWN)), "propensities": [1 / ROOMS] * SHOWN,
             "scores": [-float(r) for r in ranks], "ranks": ranks,
             "best": [-float(r) for r in range(ROOMS)], "chances": [1.0] * ROOMS,
             "slate": [f"r{r}" for r in range(6)], "explored": [2] if number % 7 == 0 else []}
        )  # fmt: skip
        for place, rank in enumerate(ranks):
            engaged = int(dice.random() < 1 / (1 + rank))
            made.append(
                {"row": "example", "due_ms": at_ms + 30_000, "user_id": user,
                 "event_id": f"q{number}/{place}", "shown_ms": at_ms, "request_id": f"q{number}",
                 "engaged": engaged, "left": dice.choice([-1, 0, 1]), "ordered": -1,
                 "weight": 1.0, "sampled": True, "logits": [-float(rank), 0.1, -2.0, 0.0]}
            )  # fmt: skip
    return [json.dumps(row).encode() for row in made]


def journal(seed: int) -> Journal:
    """The journal of such lines."""
    return read(lines(seed))
