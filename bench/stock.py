"""The same job the stock way: what Bytewax's and River's own documentation leads one to write.

One JSON line an item, keyed by user; tag sums over one hour that advances by ten minutes in
`fold_window`; a profile with its open lists in `stateful_map`; River's `learn_one` an example;
all live rooms ranked for each user who gave a signal; one redis-py call a write. Written with
care: the catalogue is in memory before the clock starts, events without a strength never reach
the windows, JSON is orjson's, a profile is ranked for at most once a second. It does less than
liveloom: one window and one model, and no validation, duplicates, late labels, mutes, pushes,
exploration, reasons, decision log or recovery.

`python -m bench.stock LOG --redis URL --events 20000` prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
import bytewax.operators.windowing as win
import orjson
import redis
from bytewax.connectors.files import FileSource
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from bench.stock_job import EPOCH, LENGTH, OFFSET, Job, Signal, Write, add, merge
from bench.stock_rank import SCORERS
from bench.taste import CATALOGUE_KINDS, USER_KINDS, Catalogue, Json, strength

LATENESS = timedelta(seconds=10)
DAY_MS = 86_400_000


class RedisSink(DynamicSink[Write]):
    """Sets keys, one call each. At least once."""

    def __init__(self, url: str, counts: Counter[str]) -> None:
        self._url = url
        self._counts = counts

    def build(self, step_id: str, worker_index: int, worker_count: int) -> _Partition:
        """Connect, once a worker."""
        return _Partition(redis.Redis.from_url(self._url), self._counts)


class _Partition(StatelessSinkPartition[Write]):
    def __init__(self, client: redis.Redis, counts: Counter[str]) -> None:
        self._client = client
        self._counts = counts

    def write_batch(self, items: list[Write]) -> None:
        for key, value in items:
            self._client.set(key, value)
            self._counts["writes"] += 1

    def close(self) -> None:
        self._client.close()


def stock_flow(job: Job, log: Path, url: str) -> Dataflow:
    """The dataflow over a log of users' events."""
    flow = Dataflow("stock")
    lines = op.input("log", flow, FileSource(log))
    events = op.map("loads", lines, orjson.loads)
    keyed = op.key_on("key_on_user", events, lambda event: event["user_id"])

    signals = op.filter_map_value("signals", keyed, job.signal)
    clock: win.EventClock[Signal] = win.EventClock(
        ts_getter=lambda signal: signal[0], wait_for_system_duration=LATENESS
    )
    windower = win.SlidingWindower(length=LENGTH, offset=OFFSET, align_to=EPOCH)
    windows = win.fold_window("tag_sums", signals, clock, windower, dict, add, merge)
    tags = op.filter_map("tags", windows.down, job.tags)

    profiles = op.stateful_map("profile", keyed, job.profile)
    changed = op.filter_map_value("learn", profiles, job.learn)
    recs = op.map("recs", changed, job.recs)

    op.output("redis", op.merge("writes", tags, recs), RedisSink(url, job.counts))
    return flow


def cut(log: Path, out: Path, skip: int, events_max: int) -> tuple[Catalogue, int, int]:
    """Copy some users' events after the first `skip`, and read the catalogue events before.

    Lines that are no act of a known user are left out, and broken ones: this job has no answer
    to them. Returns the catalogue, the number of events copied and the greatest event time (ms).
    """
    catalogue = Catalogue()
    seen = last_ms = 0
    first_ms: int | None = None
    with log.open("rb") as lines, out.open("wb") as copy:
        for line in lines:
            try:
                event = orjson.loads(line)
                if event["kind"] in CATALOGUE_KINDS:
                    catalogue.add(event)
                    continue
                if not _usable(event, catalogue):
                    continue
            except (ValueError, KeyError, TypeError):
                continue
            seen += 1
            if seen <= skip:
                continue
            time_ms: int = event["event_time_ms"]
            first_ms = time_ms if first_ms is None else first_ms
            if abs(time_ms - first_ms) > DAY_MS:
                seen -= 1
                continue
            copy.write(line)
            last_ms = max(last_ms, time_ms)
            if seen == skip + events_max:
                break
    return catalogue, max(seen - skip, 0), last_ms


def _usable(event: Json, catalogue: Catalogue) -> bool:
    """Whether an event is a known user's act with the fields that the job reads.

    Raises:
        KeyError, TypeError: a field is missing or has another type.

    """
    strength(event)
    catalogue.tags(event)
    if event["kind"] == "impression":
        event["position"] + 0
        event["request_id"] + ""
    elif event["kind"] == "follow":
        event["host_id"] + ""
    known = isinstance(event["user_id"], str) and bool(event["user_id"])
    return known and isinstance(event["event_time_ms"], int) and event["kind"] not in USER_KINDS


def run_stock(log: Path, url: str, skip: int, events_max: int, rank_by: str) -> dict[str, Any]:
    """Run the job over some events of a log into a Redis, and time the flow alone.

    Raises:
        ValueError: the log has no event of a user beyond the first `skip`.

    """
    with tempfile.TemporaryDirectory(prefix="liveloom-bench-stock-") as folder:
        part = Path(folder) / "events.jsonl"
        catalogue, events, last_ms = cut(log, part, skip, events_max)
        if events == 0:
            raise ValueError(f"{log.name}: no event of a user beyond the first {skip}")
        job = Job(catalogue, last_ms, rank_by)
        flow = stock_flow(job, part, url)
        wall, cpu = time.perf_counter(), time.process_time()
        run_main(flow)  # a built-in of the engine
        seconds, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
    examples = job.learner.examples
    return {
        "events": events,
        "rank_by": rank_by,
        "seconds": seconds,
        "cpu_s": cpu_s,
        "events_per_second": events / seconds,
        "live_rooms": len(job.rooms.ids),
        "slates": job.counts["slates"],
        "examples": examples,
        "writes": job.counts["writes"],
        "slates_per_event": job.counts["slates"] / events,
        "examples_per_event": examples / events,
        "writes_per_event": job.counts["writes"] / events,
        "log_loss": job.learner.log_loss_sum / max(examples, 1),
    }


def main(argv: list[str] | None = None) -> int:
    """Run on the log named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.stock", description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--redis", required=True, help="URL of a Redis to write to")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--skip", type=int, default=0, help="users' events to leave out first")
    parser.add_argument("--rank", choices=sorted(SCORERS), default="one")
    args = parser.parse_args(argv)
    print(json.dumps(run_stock(args.log, args.redis, args.skip, args.events, args.rank)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
