"""Memory rows of the report: a user in the process, and a user's keys in Redis."""

from __future__ import annotations

import sys
from typing import Any

from bench.measure import RunError, run, shown, spread
from bench.memory import redis_bytes, sampled_bytes
from bench.report import Row

SECTION = "Memory a user"
BYTES = "bytes"


def growth_rows(users: int, rounds: int) -> list[Row]:
    """Resident growth a user, each time in a fresh process; without a figure if that fails."""
    command = [sys.executable, "-m", "bench.memory", "users", "--users", str(users)]
    what = "resident growth a user"
    asked: dict[str, Any] = {"at_most": 4_000, "aim": 1_500}
    try:
        values = [float(run(command).output["bytes_per_user"]) for _ in range(rounds)]
    except RunError as error:
        reason = str(error).strip().splitlines()[-1][:200]
        return [Row(SECTION, what, BYTES, None, shown(command), note=reason, **asked)]
    note = (
        "what OBSERVE and DECIDE hold of a user with 20 tags of 6 non-zero tiles, follows, a "
        "ledger of pushes and one open list of 10 impressions, by the settings' defaults"
    )
    return [Row(SECTION, what, BYTES, spread(values), shown(command), note=note, **asked)]


def tags_rows(redis_url: str) -> list[Row]:
    """Redis's own account of `tags` of the size that is asked about."""
    found = redis_bytes(redis_url)
    return [
        Row(
            *(SECTION, "`tags` in Redis, 20 tags of 6 tiles", BYTES, spread([found["bytes"]])),
            shown(["python", "-m", "bench.memory", "redis", "--redis", redis_url]),
            at_most=2_000,
            note=f"MEMORY USAGE: key and overhead included; the value alone is "
            f"{found['value_bytes']:,} bytes",
        )
    ]


def left_rows(redis_url: str, command: str) -> list[Row]:
    """Memory of the keys that a run of the product left, as they came; empty if it left none."""
    rows = []
    asked: dict[str, dict[str, Any]] = {"tags": {}, "recs": {"at_most": 2_600}}
    for name, limits in asked.items():
        found = sampled_bytes(redis_url, name)
        if found["keys"]:
            note = f"MEMORY USAGE of {found['keys']:,} keys, the greatest {found['greatest']:,}"
            what = f"`{name}` in Redis after the run, mean"
            value = spread([found["mean"]])
            rows.append(Row(SECTION, what, BYTES, value, command, note=note, **limits))
    return rows
