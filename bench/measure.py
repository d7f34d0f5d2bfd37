"""Runs of a command, each its own process: wall time, CPU time, peak memory, and their spread."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")

RUN_S_MAX = 1800.0


class RunError(RuntimeError):
    """A measured command failed; the message ends with what it said."""


@dataclass(frozen=True)
class Run:
    """One run of a command.

    `cpu_s` is user and system time of the process and of the children that it waited for, never
    of a server it talks to. `peak_rss_mb` (MB of 10^6 bytes) starts from the resident size of the
    process that started it, as the kernel counts it, so that one is to be kept small.
    `output` is the JSON object on its last line of output, or empty.
    """

    wall_s: float
    cpu_s: float
    peak_rss_mb: float
    output: dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """The median of some runs, with the least and the greatest."""

    median: float
    low: float
    high: float
    runs: int


def run(command: Sequence[str], run_s_max: float = RUN_S_MAX) -> Run:
    """Run a command to its end and measure it.

    NumPy's threads are held to one, as in the product, so that CPU time means one thing.

    Raises:
        RunError: it ended with another code than 0, or took longer than `run_s_max` seconds.

    """
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        process = subprocess.Popen(list(command), stdout=out, stderr=err, env=environment)
        watchdog = threading.Timer(run_s_max, process.kill)
        watchdog.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            watchdog.cancel()
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        said = out.read().decode(errors="replace")
        if process.returncode != 0:
            tail = err.read().decode(errors="replace")[-2_000:]
            raise RunError(f"{shown(command)} ended with code {process.returncode}:\n{tail}")
    return Run(
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_rss_mb=usage.ru_maxrss * 1024 / 1e6,
        output=_last_object(said),
    )


def _last_object(said: str) -> dict[str, Any]:
    for line in reversed(said.splitlines()):
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    return {}


def shown(command: Iterable[str]) -> str:
    """A command as a reader would type it: no folder of this machine in it."""
    words = [os.path.basename(word) if os.path.isabs(word) else word for word in command]
    if words and words[0].startswith("python"):
        words[0] = "python"
    return " ".join("redis://…" if word.startswith("redis://") else word for word in words)


def interleave(tasks: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run every task once a round, in turn (A B A B …), so that a slow minute hits all alike."""
    results: dict[str, list[T]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            results[name].append(task())
    return results


def spread(values: Sequence[float]) -> Spread:
    """The median and the range of one or more values."""
    return Spread(statistics.median(values), min(values), max(values), len(values))
