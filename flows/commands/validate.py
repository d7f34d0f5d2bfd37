"""`liveloom validate`: what a log holds, and every row of it that would be a dead letter."""

from __future__ import annotations

import argparse

from flows.commands.arguments import add_settings, settings_of
from flows.commands.logs import check_logs


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "validate",
        help="check a log before it is replayed",
        description="Check logs: counts by kind, and problems with their lines. Exit code 1 if "
        "any event would be a dead letter.",
    )
    parser.add_argument("logs", nargs="+", metavar="LOG", help="plain, gzip or zstd, one or more")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the report."""
    from events.stream import CollectSettings
    from flows.progress import Progress
    from flows.validate import validate_log

    settings = settings_of(args)
    check_logs(args.logs, settings)
    with Progress("validating", "events") as progress:
        report = validate_log(
            args.logs,
            named_fields=list(settings.segments.attributes),
            collect=CollectSettings(settings.decode, settings.clock, settings.log),
            told=progress.told,
            dedupe_s=settings.observe.dedupe_s + settings.flow.lateness_ms // 1000,
        )
    print(report.render(), end="")
    return report.exit_code
