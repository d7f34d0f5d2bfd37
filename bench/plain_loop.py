"""A plain Python loop that only does windows: orjson, and a dict of ten-minute tiles per user.

`python -m bench.plain_loop LOG` prints one JSON object. It is the floor under every engine:
no join, no learning, no ranking, no store, no recovery, no check but that a line did not fail.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson

from bench.taste import CATALOGUE_KINDS, SIGNAL_KINDS, Catalogue, strength

TILE_MS = 600_000


def sum_tiles(log: Path) -> dict[str, Any]:
    """Sum the strengths of a log's signals by user, tag and ten-minute tile."""
    catalogue = Catalogue()
    users: dict[str, dict[tuple[str, int], float]] = {}
    loads = orjson.loads
    events = signals = bad = 0
    started = time.perf_counter()
    with log.open("rb") as lines:
        for line in lines:
            events += 1
            try:
                event = loads(line)
                kind = event["kind"]
                if kind in SIGNAL_KINDS:
                    user_id = event.get("user_id")
                    if user_id is None:
                        continue
                    tiles = users.get(user_id)
                    if tiles is None:
                        tiles = users[user_id] = defaultdict(float)
                    slot = event["event_time_ms"] // TILE_MS
                    value = strength(event)
                    for tag in catalogue.tags(event):
                        tiles[tag, slot] += value
                    signals += 1
                elif kind in CATALOGUE_KINDS:
                    catalogue.add(event)
            except (ValueError, KeyError, TypeError):
                bad += 1
    seconds = time.perf_counter() - started
    return {
        "events": events,
        "seconds": seconds,
        "events_per_second": events / seconds,
        "signals": signals,
        "bad": bad,
        "users": len(users),
    }


def main(argv: list[str] | None = None) -> int:
    """Run on the log named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.plain_loop", description=__doc__)
    parser.add_argument("log", type=Path)
    print(json.dumps(sum_tiles(parser.parse_args(argv).log)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
