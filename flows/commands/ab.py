"""`liveloom ab`: policies in simulated worlds, whose viewers see what they decide."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from flows.commands.arguments import add_policies, add_settings, not_negative, positive
from flows.commands.bounds import add_strict, code_of, print_bounds

_MINUTES = 60
_WARM_UP = 20
_WORLDS = 3


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "ab",
        help="compare policies in worlds that answer",
        description="Put each policy into the same simulated worlds, in which viewers see what it "
        "decides, and compare what that was worth to them by the worlds' own truth. Leaves "
        "report.html and metrics.json in DIR.",
    )
    add_policies(parser)
    parser.add_argument(
        "--minutes",
        type=positive,
        default=_MINUTES,
        metavar="N",
        help=f"that each policy decides, in event time (default: {_MINUTES})",
    )
    parser.add_argument(
        "--warm-up",
        type=positive,
        default=_WARM_UP,
        metavar="N",
        help="minutes before that, of the world's own lists, from which every policy learns "
        f"alike (default: {_WARM_UP})",
    )
    parser.add_argument(
        "--worlds",
        type=positive,
        default=_WORLDS,
        metavar="N",
        help=f"how many, each of another seed (default: {_WORLDS})",
    )
    parser.add_argument(
        "--viewers", type=positive, metavar="N", help="in each world (default: 400)"
    )
    parser.add_argument(
        "--seed", type=not_negative, default=1, metavar="S", help="first seed (default: 1)"
    )
    parser.add_argument(
        "--processes",
        type=positive,
        metavar="N",
        help="worlds that run at the same time (default: as many as there are cores)",
    )
    add_strict(parser)
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the worlds, compare, and print what matters most."""
    import dataclasses

    from flows.console import console, say
    from flows.out_folder import held
    from flows.policies import load_policies
    from flows.progress import Progress
    from flows.replay import Stopped
    from flows.stop import Stop
    from flows.trial import World, run_trial
    from flows.trial_report import evaluate_trial

    policies = load_policies(args.policies, args.settings, os.environ)
    world = World(before_s=60 * args.warm_up, during_s=60 * args.minutes)
    if args.viewers is not None:
        world = dataclasses.replace(world, viewers=args.viewers)
    seeds = range(args.seed, args.seed + args.worlds)
    at_once = min(args.processes or os.cpu_count() or 1, len(policies) * len(seeds))
    with held(args.out) as out:
        with Stop().listening() as stop:
            try:
                with Progress("living", "events") as progress:
                    run_trial(out, policies, seeds, world, at_once, progress.told, stop)
            except Stopped:
                say("stopped before the end; the next run starts over")
                return 1
        figures = evaluate_trial(out, policies, seeds, world, args.resamples)
    _print(console(), figures, out)
    return code_of(args, figures["arms"])


def _print(out: Any, figures: dict[str, Any], folder: Path) -> None:
    from evaluation.trial_page import PARTS
    from flows.commands.backtest import print_figures, print_where
    from flows.trial_report import METRICS, PAGE

    print_figures(out, figures["arms"], PARTS)
    print_bounds(out, figures, figures["arms"])
    print_where(out, folder / PAGE, folder / METRICS)
