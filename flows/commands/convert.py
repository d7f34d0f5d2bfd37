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
    parser.add_argument("name", metavar="NAME", help="which data set: ranklens, kuairand, or csv")
    parser.add_argument("source", metavar="SRC", help="its file, plain, .gz or .zst")
    parser.add_argument(
        "--out", required=True, metavar="LOG", help="the log: .jsonl, .jsonl.gz or .jsonl.zst"
    )
    parser.add_argument(
        "--columns", metavar="MAP", help="for csv: a TOML map of its columns (docs/convert.md)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the log."""
    from flows.console import say
    from flows.convert import ANY_TABLE, NAMES, convert
    from flows.progress import Progress

    if args.name not in NAMES:
        say(f"no data set {args.name!r}: choose from {', '.join(NAMES)}")
        return 2
    if (args.columns is not None) != (args.name == ANY_TABLE):
        say(f"--columns MAP goes with {ANY_TABLE}, and with nothing else")
        return 2
    out = Path(args.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with Progress("converting", "bytes") as progress:
        done = convert(
            args.name,
            Path(args.source),
            out,
            lambda read, size: progress.told(read / size if size else 1.0, read),
            Path(args.columns) if args.columns else None,
        )
    print(f"{args.out}: {done}")
    return 0
