"""The health of a live run: what all steps count, put together and kept fresh in Redis."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from decisions.outputs import head
from flows.live_runtime import WallClock
from flows.messages import Report
from flows.step import Step
from sinks.redis_sink import RedisWriter

_EVERY_MS = 1_000
_USERS = ("duplicates", "late", "unknown_item", "too_old", "no_consent")
_PARTS = ("events", "dead_letters", "lost_rows", "rows_behind")
_TABLES = ("neighbours", "segments")
_DELIVERY = ("writes", "raised", "refused", "pushes", "retries", "lost", "put_back")


class HealthStep(Step):
    """One key: the newest report of each step, given out together once a second."""

    def __init__(self, runtime: Any, state: bytes | None) -> None:
        super().__init__(False, runtime.recovers)
        self._now: WallClock = runtime.now
        self._reports: dict[str, dict[str, Any]] = {}
        self._told_ms = 0

    def take(self, values: list[Report]) -> Iterable[Any]:
        """Reports as they come."""
        for report in values:
            self._reports[report.name] = report.counts
        now_ms = self._now()
        if now_ms - self._told_ms < _EVERY_MS // 2:
            return ()
        self._told_ms = now_ms
        return [dict(self._reports)]


class HealthPartition(StatefulSinkPartition[Mapping[str, Any], None]):
    """Writes the health value."""

    def __init__(self, writer: RedisWriter, now: WallClock) -> None:
        self._writer = writer
        self._now = now

    def write_batch(self, values: list[Mapping[str, Any]]) -> None:
        """The last one counts."""
        now_ms = self._now()
        body = head(now_ms, now_ms) + msgspec.json.encode(health(values[-1], now_ms))[1:]
        self._writer.health(body)

    def snapshot(self) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Give the connection back."""
        self._writer.close()


class HealthSink(FixedPartitionedSink[Mapping[str, Any], None]):
    """Reports into the health value. Guarantee: the newest one stands."""

    def __init__(self, make_writer: Callable[[], RedisWriter], now: WallClock) -> None:
        self._make_writer = make_writer
        self._now = now

    def list_parts(self) -> list[str]:
        """One value."""
        return ["health"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> HealthPartition:
        """The one partition."""
        return HealthPartition(self._make_writer(), self._now)


def health(reports: Mapping[str, Mapping[str, Any]], now_ms: int) -> dict[str, Any]:
    """The reports of all steps as one value; times in UTC epoch ms.

    `lag_ms`: how far the clock that timers go by is behind the wall clock.
    """
    counts: Counter[str] = Counter()
    letters: Counter[str] = Counter()
    push: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    delivery: Counter[str] = Counter()
    newest_ms = catalogue = 0
    clocks: list[int] = []
    away: list[str] = []
    for name, one in reports.items():
        if name.startswith("collect "):
            counts.update({key: one[key] for key in _PARTS})
            letters.update(one["dead_letters_by_reason"])
            newest_ms = max(newest_ms, one["newest_event_time_ms"])
        elif name.startswith("observe "):
            counts.update({key: one[key] for key in ("users", *_USERS)})
            if "delivery" in one:
                delivery.update({key: one["delivery"][key] for key in _DELIVERY})
                away += filter(None, [one["delivery"]["away"]])
                catalogue = max(catalogue, one["catalogue_events"])
                clocks.append(one["clock_ms"])
        elif name.startswith("decide "):
            counts.update({key: one[key] for key in ("slates", "tables_behind")})
            push.update({key: one["push"][key] for key in ("considered", "sent", "refused")})
            refused.update(one["push"]["refused_by"])
        elif name == "identity":
            counts["duplicates"] += one["identity_duplicates"]
    clock_ms = min(clocks, default=0)
    return {
        "mode": "live",
        "newest_event_time_ms": newest_ms,
        "clock_time_ms": clock_ms,
        "lag_ms": max(0, now_ms - clock_ms) if clock_ms else None,
        **dict(sorted(counts.items())),
        "dead_letters_by_reason": dict(sorted(letters.items())),
        "catalogue_events": catalogue,
        **{name: dict(reports[name]) for name in _TABLES if name in reports},
        "push": {**push, "refused_by": dict(sorted(refused.items()))},
        "delivery": {**delivery, "away": "; ".join(sorted(set(away)))},
    }
