"""Runs of the product itself, by its own command line, as anybody would start it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from bench.measure import RunError, run

FIELDS = ("events", "events_per_second", "slates", "examples", "writes", "live_rooms")


def simulate_command(log: Path, events: int, preset: str, seed: int) -> list[str]:
    """The command that writes a log of the simulated world."""
    command = [sys.executable, "-m", "flows.cli", "simulate", "--preset", preset]
    return [*command, "--out", str(log), "--events", str(events), "--seed", str(seed)]


def replay_command(log: Path, redis_url: str, out: Path) -> list[str]:
    """The command that runs the whole flow over a log into a Redis."""
    command = [sys.executable, "-m", "flows.cli", "replay", str(log)]
    return [*command, "--out", str(out), "--redis", redis_url]


def run_liveloom(log: Path, redis_url: str, out: Path) -> dict[str, Any]:
    """Replay a log; what `metrics.json` says, with CPU seconds and peak memory beside it.

    Raises:
        RunError: the run failed, or left no number for one of `FIELDS`.

    """
    measured = run(replay_command(log, redis_url, out))
    metrics: dict[str, Any] = json.loads((out / "metrics.json").read_text())
    missing = [name for name in FIELDS if not isinstance(metrics.get(name), int | float)]
    if missing:
        raise RunError(f"metrics.json has no number for {', '.join(missing)}")
    found: dict[str, Any] = {name: metrics[name] for name in FIELDS}
    for name in ("slates", "examples", "writes"):
        found[f"{name}_per_event"] = metrics[name] / metrics["events"]
    found["events_per_cpu_second"] = metrics["events"] / measured.cpu_s
    found["peak_rss_mb"] = measured.peak_rss_mb
    return found
