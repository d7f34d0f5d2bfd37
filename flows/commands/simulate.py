"""`liveloom simulate`: a log of a simulated world; the same seed gives the same bytes."""

from __future__ import annotations

import argparse
import time

from flows.commands.arguments import positive


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "simulate",
        help="write a log of simulated traffic",
        description="Write a log of simulated live-commerce traffic; same seed, same bytes.",
    )
    parser.add_argument(
        "--out", required=True, metavar="LOG", help="the log: .jsonl, .jsonl.gz or .jsonl.zst"
    )
    parser.add_argument(
        "--events", required=True, type=positive, metavar="N", help="lines to write"
    )
    parser.add_argument("--seed", required=True, type=int, metavar="S", help="a whole number")
    parser.add_argument(
        "--preset",
        default="demo",
        choices=("demo", "bench", "bench_dense"),
        help="the size and habits of the world (default: demo)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the log."""
    from flows.progress import Progress
    from simulator.generate import Simulation
    from simulator.settings import preset
    from simulator.write import write_log

    simulation = Simulation(preset(args.preset), args.seed)
    began_s = time.perf_counter()
    with Progress("simulating", "lines") as progress:
        lines = write_log(
            args.out,
            simulation.lines(args.events),
            lambda count: progress.told(count / args.events, count),
        )
    seconds = time.perf_counter() - began_s
    truth = simulation.truth
    defects = truth.defects
    print(f"{args.out}: {lines:,} lines in {seconds:.1f} s, world {args.preset}, seed {args.seed}")
    print(
        f"on purpose: {defects.duplicates:,} doubled, {defects.disordered:,} out of order, "
        f"{defects.late:,} late, {defects.broken_total:,} broken"
    )
    return 0
