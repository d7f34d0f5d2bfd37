"""A replay: recorded logs through the whole flow into Redis, a decision log and figures."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from decisions.outputs import head
from flows.engine import replay_epoch, run_flow
from flows.faults import NotedSink, NotedSource
from flows.graph import build
from flows.log_source import LogSource, Told
from flows.report import PARTS, ReportSink, metrics
from flows.routing import known_place_of
from flows.runtime import Runtime
from flows.secrets import pseudonyms_of
from flows.settings import Settings
from flows.stop import Stop
from sinks.adapters import DeadLetterSink, DeliverSink
from sinks.connect import connect
from sinks.counters import Counters
from sinks.dead_letters import clear_dead_letters, dead_letter_runs, merge_dead_letters
from sinks.decision_log import DecisionRuns, clear_decisions, forget_decisions, merge_decisions
from sinks.embedded import EmbeddedRedis
from sinks.kept import Kept, kept_in
from sinks.redis_sink import RedisWriter

_RUNS = "runs"
LEFT = ("metrics.json", "decisions.jsonl", "dead_letters.jsonl")
"""What a replay leaves for people, in its folder."""


@dataclasses.dataclass(frozen=True)
class Replay:
    """What to replay, and where to."""

    logs: tuple[str, ...]
    out: str
    redis_url: str
    recovery: str | None
    processes: int
    settings: Settings
    kept: str | None = None
    """Where a copy of what is delivered lies; None: Redis has its own file, or nothing is kept."""
    pseudonym_key_file: str | None = None


class Stopped(Exception):
    """The run was asked to stop before its end; with a recovery folder it can go on."""


def run_process(
    replay: Replay, process: int, addresses: list[str] | None, told: Told, stop: Stop
) -> None:
    """Run one process of a replay to its end, or until it is asked to stop."""
    settings, out = replay.settings, Path(replay.out)
    runtime = Runtime(
        settings,
        workers=replay.processes,
        process=process,
        recovery=replay.recovery,
        pseudonyms=pseudonyms_of(replay.pseudonym_key_file),
    )
    counters = Counters()
    events_read = 0

    def reading(share: float, events: int) -> None:
        nonlocal events_read
        events_read = events
        told(share, events)

    def writer(part: str, marks: Any, kept: Kept | None) -> RedisWriter:
        return RedisWriter(
            connect(replay.redis_url, settings.redis),
            settings.redis,
            part,
            should_stop=lambda: stop.asked,
            counters=counters,
            marks=marks,
            kept=kept,
        )

    runs = out / _RUNS
    flow = build(
        runtime,
        NotedSource(LogSource(replay.logs, runtime, stop, reading)),
        NotedSink(
            DeliverSink(
                settings.flow.deliver_parts,
                writer,
                0,
                settings.redis,
                lambda part: DecisionRuns(runs, part),
                kept_in(replay.kept) if replay.kept is not None else None,
                known_place_of,
            )
        ),
        NotedSink(DeadLetterSink(1, lambda part: dead_letter_runs(runs, part))),
        NotedSink(ReportSink(out)),
    )
    epoch = replay_epoch(settings.flow.epoch_s, replay.recovery)
    with contextlib.closing(runtime):
        run_flow(flow, process, addresses, epoch, replay.recovery)
    live = len(runtime.scenes.content(runtime.catalogue.seq).live)
    figures = {**counters.as_dict(), "live_rooms": live, "events_read": events_read}
    (out / f"process-{process}.json").write_bytes(msgspec.json.encode(figures))


@contextlib.contextmanager
def redis_for(url: str | None, out: Path, recovery: str | None) -> Iterator[str]:
    """The Redis to write to: the one named, else an embedded one while the replay runs."""
    if url is not None:
        yield url
        return
    folder = Path(recovery) / "redis" if recovery is not None else out / "redis"
    with EmbeddedRedis(folder, append_only=recovery is not None) as own:
        yield own


def prepare(out: Path, goes_on: bool) -> None:
    """Make the folder; what an earlier run left there goes, unless this one goes on with it."""
    out.mkdir(parents=True, exist_ok=True)
    (out / _RUNS).mkdir(exist_ok=True)
    for stale in [*out.glob("process-*.*"), *(out / name for name in LEFT)]:
        stale.unlink(missing_ok=True)
    if goes_on:
        forget_decisions(out / _RUNS)
    else:
        clear_decisions(out / _RUNS)
        clear_dead_letters(out / _RUNS)
        (out / PARTS).unlink(missing_ok=True)


def finish(replay: Replay, seconds: float) -> dict[str, Any]:
    """Merge what the processes left, and write the figures."""
    out = Path(replay.out)
    parts = out / PARTS
    if not parts.exists():
        raise Stopped
    figures = metrics(msgspec.json.decode(parts.read_bytes()))
    merge_decisions(out / _RUNS, out / "decisions.jsonl")
    merge_dead_letters(out / _RUNS, out / "dead_letters.jsonl")
    own = [msgspec.json.decode(path.read_bytes()) for path in sorted(out.glob("process-*.json"))]
    read = sum(one["events_read"] for one in own)
    figures["events_per_second"] = round(read / seconds, 1)
    figures["seconds"] = round(seconds, 3)
    figures["processes"] = replay.processes
    figures["live_rooms"] = max((one["live_rooms"] for one in own), default=0)
    figures["writes"] = sum(one["writes"] for one in own)
    figures["delivery"] = {
        name: sum(one[name] for one in own)
        for name in (
            *("coalesced", "refused", "repeated", "pushes", "pushes_repeated", "retries"),
            *("lost", "put_back"),
        )
    }
    part = out / "metrics.json.new"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    part.replace(out / "metrics.json")
    return figures


def write_health(replay: Replay, figures: dict[str, Any], newest_ms: int) -> None:
    """Say in Redis that this was a replay, and how far its event time has come."""
    client = connect(replay.redis_url, replay.settings.redis)
    writer = RedisWriter(client, replay.settings.redis, "health")
    body = {
        "mode": "replay",
        "newest_event_time_ms": newest_ms,
        "events": figures["events"],
        "dead_letters": figures["dead_letters"],
    }
    writer.health(head(newest_ms, newest_ms) + msgspec.json.encode(body)[1:])
    writer.close()


def timed(action: Callable[[], None]) -> float:
    """How long an action takes, in seconds."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
