"""`liveloom convert`: a public data set as a log of the contract's events."""

from __future__ import annotations

import argparse
from pathlib import Path


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "convert",
        help="turn a public data set into a log",
        description="Turn a public data set into a log; whole, or not there at all.",
    )
    parser.add_argument("name", metavar="NAME", help="which data set, such as ranklens")
    parser.add_argument("source", metavar="SRC", help="its file, plain, .gz or .zst")
    parser.add_argument(
        "--out", required=True, metavar="LOG", help="the log: .jsonl, .jsonl.gz or .jsonl.zst"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the log."""
    from flows.console import say
    from flows.convert import CONVERTERS, convert
    from flows.progress import Progress

    if args.name not in CONVERTERS:
        say(f"no data set {args.name!r}: choose from {', '.join(sorted(CONVERTERS))}")
        return 2
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with Progress("converting", "bytes") as progress:
        done = convert(
            args.name,
            Path(args.source),
            out,
            lambda read, size: progress.told(read / size if size else 1.0, read),
        )
    print(f"{args.out}: {done}")
    return 0
