"""What a whole live run costs: CPU time of all its processes, from its start to its clean end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

import redis

from bench.measure import RunError
from flows.settings import Settings
from sinks.reader import Reader

_RUN_S_MAX = 900.0
_LOOK_S = 0.05
_LAG_MS_MAX = 30_000
_SETTLE_S = 2.0
"""Each shard moves on with the clock once a second, at a moment of its own."""


@dataclass(frozen=True)
class Cost:
    """`cpu_s` of all processes and `per_s`, events by the wall clock from the first ones on."""

    cpu_s: float
    per_s: float


def run_command(brokers: str, url: str, processes: int) -> list[str]:
    """`liveloom run`, as anybody would start it."""
    command = [sys.executable, "-m", "flows.cli", "run", "--kafka", brokers, "--redis", url]
    return [*command, "--processes", str(processes)]


def live_cost(brokers: str, prefix: str, url: str, processes: int, events: int) -> Cost:
    """Run live until so many rows are worked off and their lists are closed, then ask it to end.

    Partitions that are read to their end follow the wall clock, and with it all lists of an older
    log come due. A run that ended before would leave out that work, how much of it being chance.
    With no events it runs until it first says how it is: what a start costs, and being idle as
    long as the others are at their end.

    Raises:
        RunError: it ended by itself, or did not read all of them in time.

    """
    names = {"TOPIC_PREFIX": prefix, "GROUP": f"{prefix}{processes}-{events}"}
    environment = {
        **os.environ,
        "OPENBLAS_NUM_THREADS": "1",
        **{f"LIVELOOM_KAFKA_{name}": value for name, value in names.items()},
    }
    with tempfile.TemporaryFile() as said, redis.Redis.from_url(url) as client:
        client.flushall()
        command = run_command(brokers, url, processes)
        process = subprocess.Popen(command, stderr=said, env=environment)
        try:
            per_s = _until_read(process, client, events)
            time.sleep(_SETTLE_S)
        except BaseException:
            process.terminate()
            process.wait()
            said.seek(0)
            sys.stderr.write(said.read().decode(errors="replace")[-2_000:])
            raise
        process.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RunError(f"a live run ended with code {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, per_s)


def _until_read(process: subprocess.Popen[bytes], client: Any, events: int) -> float:
    """Events a second between the first sight of some and that of all; waits for the clock too."""
    reader = Reader(client, Settings().redis.prefix, lambda: time.time_ns() // 1_000_000)
    first, first_s, all_s = 0, 0.0, 0.0
    end_s = time.monotonic() + _RUN_S_MAX
    while True:
        if process.poll() is not None:
            raise RunError(f"a live run ended by itself with code {process.returncode}")
        health = reader.health()
        read = int(health.get("events", 0)) + int(health.get("dead_letters", 0))
        now_s = time.monotonic()
        if read and not first:
            first, first_s = read, now_s
        if health and not events:
            return 0.0
        if read >= events and not all_s:
            all_s = now_s
        lag_ms = health.get("lag_ms")
        if all_s and lag_ms is not None and lag_ms <= _LAG_MS_MAX:
            return (read - first) / (all_s - first_s) if all_s > first_s else 0.0
        if now_s > end_s:
            raise RunError(f"a live run read {read:,} of {events:,} events in time")
        time.sleep(_LOOK_S)
