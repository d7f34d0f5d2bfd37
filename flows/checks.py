"""Whether a flow is well, by the health value that it left in Redis; each trouble in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SILENT_S = 30.0


def troubles(health: Mapping[str, Any], now_ms: int, lag_s_max: float) -> list[str]:
    """What is wrong at `now_ms` (UTC epoch ms), empty where nothing is.

    A replay's health is the one that it ended with: it may be as old as it likes.
    """
    if not health:
        return ["no flow has written under this prefix so far"]
    if health.get("mode") == "replay":
        return []
    found = []
    silent_s = (now_ms - health.get("as_of_ms", 0)) / 1000
    if silent_s > _SILENT_S:
        found.append(f"the flow has said nothing for {silent_s:,.0f} s: does it run?")
    away = health.get("delivery", {}).get("away")
    if away:
        found.append(f"Redis cannot be written: {away}")
    lag_ms = health.get("lag_ms")
    if lag_ms is None:
        found.append("event time has not begun: the catalogue or the first events are not read yet")
    elif lag_ms > lag_s_max * 1000:
        found.append(f"event time is {lag_ms / 1000:,.0f} s behind, more than {lag_s_max:,.0f} s")
    return found
