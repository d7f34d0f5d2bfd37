"""`liveloom backtest`: policies over the same logs, side by side, with intervals."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from flows.commands.arguments import add_policies, add_settings, not_negative, positive
from flows.commands.bounds import add_strict, code_of, print_bounds
from flows.commands.logs import check_logs


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "backtest",
        help="compare policies over recorded logs",
        description="Run each policy over the same logs through the whole flow, and compare what "
        "it would have decided: ranking, calibration, reach, off-policy value, each with its "
        "interval. Leaves report.html and metrics.json in DIR.",
    )
    parser.add_argument("logs", nargs="+", metavar="LOG", help="plain, gzip or zstd, one or more")
    add_policies(parser)
    parser.add_argument(
        "--processes",
        type=positive,
        metavar="N",
        help="policies replayed at the same time (default: as many as there are cores)",
    )
    parser.add_argument(
        "--seed", type=not_negative, default=1, metavar="S", help="of the resamples (default: 1)"
    )
    add_strict(parser)
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Replay, evaluate, and print what matters most."""
    from flows.backtest import EVALUATION, FIGURES, run_policies
    from flows.backtest_report import METRICS, PAGE, evaluate
    from flows.console import console, say
    from flows.failures import BadInput
    from flows.out_folder import held
    from flows.overwriting import written_over
    from flows.policies import load_policies
    from flows.progress import Progress
    from flows.replay import Stopped
    from flows.stop import Stop

    policies = load_policies(args.policies, args.settings, os.environ)
    check_logs(args.logs, policies[0].settings)
    left = [Path(args.out) / name for name in (PAGE, METRICS)]
    left += [Path(args.out) / one.name / name for one in policies for name in (EVALUATION, FIGURES)]
    lost = written_over([*args.logs, *args.policies], left)
    if lost is not None:
        raise BadInput(lost)
    at_once = min(args.processes or os.cpu_count() or 1, len(policies))
    with held(args.out) as out:
        with Stop().listening() as stop:
            try:
                with Progress("replaying", "events") as progress:
                    run_policies(args.logs, out, policies, at_once, progress.told, stop)
            except Stopped:
                say("stopped before the end; the next run starts over")
                return 1
        with Progress("evaluating", "policies") as progress:
            figures = evaluate(args.logs, out, policies, args.resamples, args.seed, progress.told)
    _print(console(), figures, out)
    return code_of(args, figures["policies"])


def _print(out: Any, figures: dict[str, Any], folder: Path) -> None:
    from evaluation.words import SUMMARY
    from flows.backtest_report import METRICS, PAGE

    print_figures(out, figures["policies"], SUMMARY)
    print_bounds(out, figures, figures["policies"])
    print_where(out, folder / PAGE, folder / METRICS)


def print_figures(out: Any, policies: dict[str, Any], parts: Any) -> None:
    """A figure a row, a policy a column; a star marks a real difference."""
    from flows.console import table

    shown = table("", *policies, right=list(policies))
    for title, figures in parts:
        own = [figure for figure in figures if any(_has(one, figure) for one in policies.values())]
        if own:
            shown.add_row(title)
        for figure in own:
            shown.add_row(f"  {figure.name}", *(_cell(one, figure) for one in policies.values()))
    out.print()
    out.print(shown)
    if len(policies) > 1:
        first = next(iter(policies))
        out.print(f"* differs from {first}, and not by the draw of users alone (95 %).")


def print_where(out: Any, page: Path, metrics: Path) -> None:
    """Where all else is."""
    out.print(f"The page: {page}; all figures: {metrics}")


def _has(policy: dict[str, Any], figure: Any) -> bool:
    return policy["figures"].get(figure.key, {}).get("value") is not None


def _cell(policy: dict[str, Any], figure: Any) -> str:
    if not _has(policy, figure):
        return "-"
    real = policy["differences"].get(figure.key, {}).get("real")
    return f"{policy['figures'][figure.key]['value']:.4f}{' *' if real else '  '}"
