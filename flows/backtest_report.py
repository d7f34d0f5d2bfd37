"""What the replays of a backtest have left, evaluated: `metrics.json` and the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from evaluation.compare import compare
from evaluation.journal import read
from evaluation.measure import Measured, measure
from evaluation.page import render
from flows.backtest import EVALUATION, FIGURES
from flows.policies import Policy

METRICS = "metrics.json"
PAGE = "report.html"


def evaluate(
    logs: Sequence[str],
    out: Path,
    policies: Sequence[Policy],
    resamples: int,
    seed: int,
    told: Callable[[float, int], None],
) -> dict[str, Any]:
    """Evaluate every policy's replay, compare, and write both files; gives the figures."""
    measured: list[Measured] = []
    replays: dict[str, Any] = {}
    for place, policy in enumerate(policies):
        told(place / (len(policies) + 1), place)
        folder = out / policy.name
        replays[policy.name] = msgspec.json.decode((folder / FIGURES).read_bytes())
        with (folder / EVALUATION).open("rb") as lines:
            journal = read(lines)
        models = list(replays[policy.name]["models"])
        share = policy.settings.slate.explore_share
        measured.append(measure(policy.name, journal, models, share, seed, policy.settings.bounds))
    told(len(policies) / (len(policies) + 1), len(policies))
    figures: dict[str, Any] = {
        "title": "Backtest: " + ", ".join(policy.name for policy in policies),
        "logs": [Path(log).name for log in logs],
        **compare(measured, resamples, seed),
    }
    for name, held in replays.items():
        figures["policies"][name]["replay"] = {
            key: held[key] for key in ("events", "dead_letters", "slates", "models", "ranking")
        }
    write_whole(out / METRICS, msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")
    write_whole(out / PAGE, render(figures).encode())
    return figures


def write_whole(path: Path, data: bytes) -> None:
    """The whole file or none."""
    part = path.with_name(path.name + ".new")
    part.write_bytes(data)
    part.replace(path)
