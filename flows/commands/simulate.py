"""`liveloom simulate`: a simulated world, as a log or live into Kafka."""

from __future__ import annotations

import argparse
import time

from flows.commands.arguments import add_kafka, add_settings, positive, settings_of


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "simulate",
        help="simulated traffic, as a log or live into Kafka",
        description="Simulate live-commerce traffic. With --out it is a log, and the same seed "
        "gives the same bytes; with --kafka it goes on by the wall clock until it is stopped.",
    )
    parser.add_argument("--out", metavar="LOG", help="the log: .jsonl, .jsonl.gz or .jsonl.zst")
    add_kafka(parser, required=False)
    parser.add_argument(
        "--events", type=positive, metavar="N", help="lines to write, or to send and then end"
    )
    parser.add_argument(
        "--rate", type=positive, metavar="N", help="events of persons a second, into Kafka"
    )
    parser.add_argument(
        "--seed", type=int, metavar="S", help="a whole number (into Kafka: by the clock)"
    )
    parser.add_argument(
        "--preset",
        default="demo",
        choices=("demo", "strangers", "bench", "bench_dense"),
        help="the size and habits of the world (default: demo)",
    )
    add_settings(parser)
    parser.set_defaults(run=run, usage=parser.error)


def run(args: argparse.Namespace) -> int:
    """Write the log, or send."""
    if (args.out is None) == (args.kafka is None):
        args.usage("give either --out or --kafka")
    if args.kafka is not None:
        return _send(args)
    if args.events is None or args.seed is None or args.rate is not None:
        args.usage("--out wants --events and --seed, and no --rate")
    return _write(args)


def _write(args: argparse.Namespace) -> int:
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


def _send(args: argparse.Namespace) -> int:
    from flows.kafka_client import client_settings
    from flows.live_runtime import wall_ms
    from flows.progress import Progress
    from flows.stop import Stop
    from flows.traffic import Traffic
    from simulator.settings import preset

    kafka = settings_of(args).kafka
    client = client_settings(args.kafka, args.client_file)
    world = preset(args.preset)
    rate = args.rate or world.events_per_second
    seed = args.seed if args.seed is not None else wall_ms()
    traffic = Traffic(client, kafka.topic_prefix, world, seed, rate, wall_ms)
    with Stop().listening() as stop, Progress("sending", "lines") as progress:
        share = (lambda sent: sent / args.events) if args.events else (lambda _: 0.0)
        traffic.run(stop, lambda sent: progress.told(share(sent), sent), args.events)
    print(f"{traffic.sent:,} lines sent, world {args.preset}, seed {seed}")
    return 0
