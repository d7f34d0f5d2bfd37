"""`liveloom topics`: makes the topics of a live run that are not there yet."""

from __future__ import annotations

import argparse

from flows.commands.arguments import add_kafka, add_settings, positive, settings_of


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "topics",
        help="make the topics of a live run",
        description="Make the topics of events and dead letters that are not there yet; those "
        "that are stay as they are.",
    )
    add_kafka(parser)
    parser.add_argument(
        "--partitions", type=positive, default=6, metavar="N", help="of each topic (default: 6)"
    )
    parser.add_argument(
        "--replicas", type=positive, default=1, metavar="N", help="of each row (default: 1)"
    )
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make them."""
    from flows.kafka_client import client_settings
    from flows.topics import make_topics

    kafka = settings_of(args).kafka
    client = client_settings(args.kafka, args.client_file)
    made, there = make_topics(client, kafka, args.partitions, args.replicas)
    print(f"made: {', '.join(made) or 'none'}")
    print(f"there already: {', '.join(there) or 'none'}")
    return 0
