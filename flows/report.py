"""What all steps have counted by the end of a replay, put together as `metrics.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from flows.messages import Report
from flows.runtime import Runtime
from flows.step import Step

PARTS = "metrics-parts.json"


class ReportStep(Step):
    """One key: gathers the reports of all steps, and gives them out once the last has come."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(False, runtime.recovers)
        # COLLECT, IDENTITY, ROOMS, LEARN and, where they are on, NEIGHBOURS and SEGMENTS report
        # once, OBSERVE and DECIDE once a shard.
        settings = runtime.settings
        optional = settings.neighbours.on + settings.segments.on
        self._wanted = 4 + optional + 2 * settings.flow.shards
        self._reports: dict[str, dict[str, Any]] = {}
        if state is not None:
            self._reports = msgspec.msgpack.decode(state)

    def take(self, values: list[Report]) -> Iterable[Any]:
        """Reports as they come."""
        for report in values:
            self._reports[report.name] = report.counts
        return [dict(self._reports)] if len(self._reports) == self._wanted else ()

    def pack(self) -> bytes:
        """The reports so far."""
        return msgspec.msgpack.encode(self._reports)


class ReportPartition(StatefulSinkPartition[Mapping[str, Any], None]):
    """Writes the reports to a file, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write_batch(self, values: list[Mapping[str, Any]]) -> None:
        """The last one counts."""
        part = self._folder / f"{PARTS}.new"
        part.write_bytes(msgspec.json.encode(values[-1]))
        part.replace(self._folder / PARTS)

    def snapshot(self) -> None:
        """Nothing is kept."""


class ReportSink(FixedPartitionedSink[Mapping[str, Any], None]):
    """Reports into a replay's folder. Guarantee: the same file, however often it is written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list_parts(self) -> list[str]:
        """One file."""
        return ["report"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> ReportPartition:
        """The one partition."""
        return ReportPartition(self._folder)


def metrics(reports: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The reports of all steps as one set of figures."""
    observed: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    push: Counter[str] = Counter()
    slates = 0
    for name, counts in reports.items():
        if name.startswith("observe "):
            observed.update(counts)
        elif name.startswith("decide "):
            slates += counts["slates"]
            push.update({key: counts["push"][key] for key in ("considered", "sent", "refused")})
            refused.update(counts["push"]["refused_by"])
    collect, identity = reports["collect"], reports["identity"]
    observed["duplicates"] += identity["identity_duplicates"]
    return {
        "events": collect["rows"],
        "dead_letters": collect["dead_letters"],
        "dead_letters_by_reason": collect["dead_letters_by_reason"],
        "catalogue_events": collect["catalogue_events"],
        "newest_event_time_ms": collect["newest_event_time_ms"],
        **{name: observed[name] for name in ("duplicates", "late", "unknown_item")},
        "slates": slates,
        "examples": observed["examples"],
        "users": dict(sorted(observed.items())),
        "identity": dict(identity),
        "rooms": dict(reports["rooms"]),
        **{name: dict(reports[name]) for name in ("neighbours", "segments") if name in reports},
        **reports["learn"],
        "push": {**push, "refused_by": dict(sorted(refused.items()))},
    }
