"""`liveloom status`: health for people."""

from __future__ import annotations

import argparse
import time
from typing import Any

from flows.commands.arguments import (
    add_redis,
    add_settings,
    positive,
    required_redis,
    settings_of,
)


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "status",
        help="show the health of the flow that writes to a Redis",
        description="Show the health that the flow left in Redis, its models, rooms and pushes.",
    )
    add_redis(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="only say what is wrong, a line each: exit code 1 where anything is",
    )
    parser.add_argument(
        "--lag-max",
        type=positive,
        default=120,
        metavar="S",
        help="event time may be so many seconds behind (default: 120)",
    )
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read and print it; 1 where no flow has written."""
    from flows.checks import troubles
    from flows.console import console, say, table
    from flows.figures import number
    from flows.views import utc
    from models.registry import LEARNERS
    from sinks.connect import connect
    from sinks.keys import Keys
    from sinks.reader import Reader

    settings = settings_of(args).redis
    client: Any = connect(required_redis(args), settings)
    try:
        keys = Keys(settings.prefix, settings.push_streams)
        now_ms = int(time.time() * 1000)
        reader = Reader(client, settings.prefix, lambda: now_ms)
        health = reader.health()
        cards = {spec.name: reader.model(spec.name) for spec in LEARNERS}
        live = client.scard(keys.rooms)
        queued = [client.xlen(keys.push_out(stream)) for stream in range(keys.push_streams)]
    finally:
        client.close()
    wrong = troubles(health, now_ms, args.lag_max)
    if args.check:
        print("\n".join(wrong or ["ok"]))
        return 1 if wrong else 0
    if not health:
        say(f"no health in Redis (key {keys.health}): no flow has come so far under this prefix")
        return 1
    out = console()
    for trouble in wrong:
        out.print(trouble, style="bold red", soft_wrap=True)
    shown = table("health", "")
    for name, value in _told(health):
        shown.add_row(name, value)
    newest_ms = health.get("newest_event_time_ms")
    if isinstance(newest_ms, int) and health.get("mode") != "replay":
        shown.add_row("event time behind the clock", f"{(now_ms - newest_ms) / 1000:,.1f} s")
    shown.add_row("rooms live", f"{live:,}")
    shown.add_row("pushes in streams", f"{sum(queued):,}")
    out.print(shown)
    out.print()
    numbers = ("examples", "AUC", "log-loss")
    shown = table("model", *numbers, "learnt up to", right=numbers)
    for name, card in cards.items():
        if card:
            shown.add_row(
                name,
                f"{card['examples']:,}",
                number(card["auc"]),
                number(card["log_loss"]),
                utc(card["weights_version"] * 1000) if card["weights_version"] else "-",
            )
    out.print(shown)
    return 0


def _told(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Each number of the health value with its name in words, nested ones behind their parent's."""
    from flows.views import utc

    rows = []
    for name, one in value.items():
        title = f"{path}{name}".replace("_", " ")
        if not path and name in ("v", "version", "as_of_ms"):
            continue
        if isinstance(one, dict):
            rows += _told(one, f"{path}{name}: ")
        elif name.endswith("time_ms") and isinstance(one, int):
            rows.append((title.removesuffix(" ms"), utc(one)))
        elif isinstance(one, int) and not isinstance(one, bool):
            rows.append((title, f"{one:,}"))
        else:
            rows.append((title, str(one)))
    return rows
