"""One process and two: CPU time an event from Kafka to Redis, speed from a log file to Redis."""

from __future__ import annotations

import itertools
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from bench.kafka_topics import Message, fill, topics
from bench.live_cpu import Cost, live_cost, run_command
from bench.live_run import broker
from bench.liveloom import replay_command
from bench.measure import interleave, run, shown, spread
from bench.report import Row
from events.kinds import FAMILIES, FAMILY_OF

SECTION = "One process and two, everything on"
_PARTS = 4
_COUNTS = (1, 2)
_SANE_MS = 946_684_800_000
"""The year 2000."""


class _Head(msgspec.Struct):
    """What of an event says where it belongs."""

    kind: str = ""
    event_time_ms: int = 0
    user_id: str = ""
    device_id: str = ""


def messages(lines: Iterable[bytes], prefix: str) -> Iterable[Message]:
    """A log's rows for their families' topics, keyed by user, recorded at their own time.

    Those that are no events, and so would not be read as one, are left out. A time that brokers
    would refuse, and a whole batch with it, is not recorded: such a row has that of the one before.
    """
    recorded_ms = now_ms = time.time_ns() // 1_000_000
    decode = msgspec.json.Decoder(_Head).decode
    for line in lines:
        try:
            head = decode(line)
        except msgspec.MsgspecError:
            continue
        family = FAMILY_OF.get(head.kind)
        if family is not None:
            key = head.user_id or head.device_id or "catalogue"
            if _SANE_MS < head.event_time_ms <= now_ms:
                recorded_ms = head.event_time_ms
            yield prefix + family, key.encode(), line, recorded_ms


def processes_rows(log: Path, url: str, events: int, rounds: int) -> list[Row]:
    """Both comparisons, over the first events of a log."""
    with tempfile.TemporaryDirectory(prefix="liveloom-bench-") as folder:
        part = Path(folder) / "part.jsonl"
        with log.open("rb") as rows:
            part.write_bytes(b"".join(itertools.islice(rows, events)))
        return [*_kafka_rows(part, url, rounds), *_log_rows(part, url, rounds)]


def _cores() -> str:
    return f"{len(os.sched_getaffinity(0))} cores, which all that runs here shares"


def _kafka_rows(part: Path, url: str, rounds: int) -> list[Row]:
    with part.open("rb") as lines:
        count = sum(1 for _ in messages(lines, ""))
    full, empty = f"processes{os.getpid()}.", f"start{os.getpid()}."
    made = {
        prefix + family: 1 if family == "catalog" else _PARTS
        for prefix in (full, empty)
        for family in FAMILIES
    }
    with broker() as address, topics(address, made):
        with part.open("rb") as lines:
            fill(address, messages(lines, full))

        def task(processes: int) -> Callable[[], Cost]:
            def once() -> Cost:
                start = live_cost(address, empty, url, processes, 0)
                whole = live_cost(address, full, url, processes, count)
                return Cost((whole.cpu_s - start.cpu_s) / count, whole.per_s)

            return once

        found = interleave({str(number): task(number) for number in _COUNTS}, rounds)
        commands = [shown(run_command("…", url, number)) for number in _COUNTS]
    one, two = (found[str(number)] for number in _COUNTS)
    how = (
        f"{count:,} events, catalogue included, until all of their lists are closed, "
        "less what a start on empty topics costs"
    )
    rows = []
    for costs, name, command in (
        (one, "1 process", commands[0]),
        (two, "2 processes", commands[1]),
    ):
        cpu = spread([1e6 * cost.cpu_s for cost in costs])
        rows.append(
            Row(SECTION, f"Kafka to Redis, {name}, CPU time", "µs an event", cpu, command, note=how)
        )
        speed = spread([cost.per_s for cost in costs])
        what = f"Kafka to Redis, {name}, speed"
        note = f"by the clock; {_cores()}: processes, broker, Redis"
        rows.append(Row(SECTION, what, "events/s", speed, command, note=note))
    ratio = spread([b.cpu_s / a.cpu_s for a, b in zip(one, two, strict=True)])
    what = "Kafka to Redis, CPU time an event, 2 processes over 1"
    rows.append(Row(SECTION, what, "times", ratio, commands[1], at_most=1.15))
    return rows


def _log_rows(part: Path, url: str, rounds: int) -> list[Row]:
    def command(processes: int, out: Path) -> list[str]:
        return [*replay_command(part, url, out), "--processes", str(processes)]

    def task(processes: int) -> Callable[[], tuple[float, float]]:
        def once() -> tuple[float, float]:
            with tempfile.TemporaryDirectory(prefix="liveloom-bench-") as folder:
                out = Path(folder) / "out"
                ran = run(command(processes, out))
                told = msgspec.json.decode((out / "metrics.json").read_bytes())
                return float(told["events_per_second"]), 1e6 * ran.cpu_s / told["events"]

        return once

    found = interleave({str(number): task(number) for number in _COUNTS}, rounds)
    rows = []
    for number in _COUNTS:
        said = shown(command(number, Path("DIR")))
        name = f"log file to Redis, {number} process{'es' if number > 1 else ''}"
        speed, cpu = zip(*found[str(number)], strict=True)
        rows.append(Row(SECTION, f"{name}, speed", "events/s", spread(speed), said))
        rows.append(Row(SECTION, f"{name}, CPU time", "µs an event", spread(cpu), said))
    ratio = spread([b[0] / a[0] for a, b in zip(found["1"], found["2"], strict=True)])
    rows.append(
        Row(
            *(SECTION, "log file to Redis, speed, 2 processes over 1", "times", ratio, said),
            at_least=1.5,
            note=f"{_cores()}: processes and Redis",
        )
    )
    return rows
