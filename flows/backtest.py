"""A backtest's replay: one policy over the logs, into figures and lines to evaluate, no Redis."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from flows.engine import NO_EPOCHS, run_flow
from flows.faults import NotedSink, NotedSource
from flows.graph import build
from flows.log_source import LogSource, Told
from flows.policies import Policy
from flows.replay import Stopped
from flows.report import PARTS, ReportSink, metrics
from flows.runtime import Runtime
from flows.settings import Settings
from flows.side_by_side import run_side_by_side
from flows.stop import Stop
from sinks.adapters import DeadLetterSink
from sinks.dead_letters import clear_dead_letters, dead_letter_runs
from sinks.evaluation_log import EvaluationSink, merge_evaluation

EVALUATION = "evaluation.jsonl"
FIGURES = "replay.json"


@dataclasses.dataclass(frozen=True)
class PolicyRun:
    """One policy over the logs; `out` is the policy's own folder."""

    logs: tuple[str, ...]
    out: str
    processes: int
    settings: Settings


def run_policy(
    job: PolicyRun, process: int, addresses: list[str] | None, told: Told, stop: Stop
) -> None:
    """Run one process of a policy's replay to its end."""
    settings, out = job.settings, Path(job.out)
    runtime = Runtime(settings, workers=job.processes, process=process, evaluates=True)
    flow = build(
        runtime,
        NotedSource(LogSource(job.logs, runtime, stop, told)),
        NotedSink(EvaluationSink(out, settings.flow.deliver_parts)),
        NotedSink(DeadLetterSink(1, lambda part: dead_letter_runs(out, part))),
        NotedSink(ReportSink(out)),
    )
    run_flow(flow, process, addresses, NO_EPOCHS, None)


def finish_policy(job: PolicyRun) -> None:
    """Merge what the processes left; `Stopped` where they did not come to the end."""
    out = Path(job.out)
    parts = out / PARTS
    if not parts.exists():
        raise Stopped
    figures: dict[str, Any] = metrics(msgspec.json.decode(parts.read_bytes()))
    merge_evaluation(out, out / EVALUATION)
    clear_dead_letters(out)
    parts.unlink()
    (out / FIGURES).write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=1) + b"\n")


def run_policies(
    logs: Sequence[str],
    out: Path,
    policies: Sequence[Policy],
    at_once: int,
    told: Told,
    stop: Stop,
) -> None:
    """Replay every policy into a folder of its name; see `run_side_by_side`."""
    jobs = [
        PolicyRun(tuple(logs), str(out / policy.name), 1, policy.settings) for policy in policies
    ]
    for job in jobs:
        (Path(job.out) / PARTS).unlink(missing_ok=True)
    worker = "flows.commands.backtest_worker"
    run_side_by_side(jobs, worker, at_once, told, stop, finish_policy)
