"""Live latency: from when an event is due to when Redis shows it, beside a bare consumer.

A real broker and Redis, the flow as `liveloom run --recovery` starts it, and an open loop that
sends at a share of the highest load, whatever becomes of what it sends: until lists of it close
before anything counts, and then for as long as is asked. The highest load is how fast the flow
works off a backlog of the same traffic once lists of it close, since learning from them is part of
the work; the clicks with which all users become known, before it, are less of it and do not count.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.live_run import PROBES_PER_S, Flow, broker, first_line, live_run, running, send
from bench.live_traffic import ROOMS
from bench.measure import Spread
from bench.report import Row

SECTION = "Live latency"
SHARES = (0.25, 0.5, 0.75)
POINTS = (0.5, 0.99, 0.999)
PAST_S, PAST_THOUSANDS = 120, 300
"""The backlog: lists close half a minute after their click, so its second half has all there is."""
SETTLE_S = 15
"""Lists that the backlog left open close, and an epoch ends, before anything is measured."""
WARM_S = 35
"""By then a load's own lists close, so all of its work is there."""
_COMMAND = "python -m bench --only latency"


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that so large a share does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def warm(seen: Mapping[str, float]) -> list[float]:
    """The seconds of all but the first probes, by when each was due (µs)."""
    begin_us = min(map(int, seen), default=0) + WARM_S * 1_000_000
    return [seconds for due_us, seconds in seen.items() if int(due_us) >= begin_us]


def live_rows(url: str, folder: Path, users: int, active: int, seconds: int) -> list[Row]:
    """Percentiles at each share of the highest load."""
    with broker() as brokers:
        past = send(brokers, users, 0, PAST_THOUSANDS, past_s=PAST_S, active=active)
        with live_run(brokers, url, folder) as flow:
            highest, known = _highest(flow, past["sent"])
            note = (
                f"{users:,} users in state, {active:,} of them active, one process, {ROOMS} live "
                f"rooms; a backlog of {PAST_S} s; the clicks of all users before it, {known:,.0f}"
            )
            rows = [_row("highest load", "events/s", highest, note)]
            time.sleep(SETTLE_S)
            for share in SHARES:
                rate = max(PROBES_PER_S, round(highest * share))
                rows += _at(flow, brokers, url, share, rate, active, seconds)
    return rows


def _highest(flow: Flow, sent: int) -> tuple[float, float]:
    """Events a second: of the backlog's second half, and of all that came before the backlog."""
    backlog = PAST_THOUSANDS * 1000
    marks = [flow.until(events) for events in (1, sent - backlog, sent - backlog // 2, sent)]
    (began_s, began), (known_s, known), (half_s, half), (end_s, end) = marks
    return (end - half) / (end_s - half_s), (known - began) / (known_s - began_s)


def _row(what: str, unit: str, value: float, note: str, at_most: float | None = None) -> Row:
    spread = Spread(value, value, value, 1)
    return Row(SECTION, what, unit, spread, _COMMAND, at_most=at_most, note=note)


def _at(
    flow: Flow, brokers: str, url: str, share: float, rate: int, active: int, seconds: int
) -> list[Row]:
    taken = flow.events()
    with running("bench.seen", brokers, url) as watcher:
        first_line(watcher)
        time.sleep(1.0)
        sent = send(brokers, active, rate, WARM_S + seconds)
        flow.until(taken + sent["sent"])
        time.sleep(1.0)
        out, _ = watcher.communicate()
    seen = {name: warm(found) for name, found in json.loads(out.splitlines()[-1]).items()}
    rows = []
    late_ms = 1000 * sent["late_p99_s"]
    for name, values in seen.items():
        note = (
            f"{rate:,} events/s, {len(values):,} of {round(seconds * PROBES_PER_S):,} probes, "
            f"sent {late_ms:.0f} ms late (p99), after {WARM_S} s at this rate"
        )
        for point in POINTS:
            # What a bare consumer sees is the broker's and the machine's, not ours.
            value = 1000 * percentile(values, point) if values else float("nan")
            bare = 1000 * percentile(seen["bare"], point) if seen["bare"] else float("nan")
            asked = {0.99: 10.0, 0.999: 60.0}.get(point) if share == 0.5 else None
            at_most = bare + asked if asked is not None and name != "bare" else None
            rows.append(
                _row(f"{name}, p{100 * point:g} at {share:.0%}", "ms", value, note, at_most)
            )
    return rows


def main() -> int:
    """Measure by itself: `python -m bench.latency REDIS FOLDER USERS ACTIVE SECONDS`."""
    url, folder, *numbers = sys.argv[1:]
    users, active, seconds = map(int, numbers)
    for row in live_rows(url, Path(folder), users, active, seconds):
        value = row.value.median if row.value else float("nan")
        print(f"{row.what:34} {value:10.1f} {row.unit:8} {row.note}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
