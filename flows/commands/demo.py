"""`liveloom demo`: one viewer of a simulated evening, before and after they act, in seconds."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "demo",
        help="see it work in seconds, with nothing but this",
        description="Simulated live-commerce traffic through the whole flow into an embedded "
        "Redis: one viewer's list before and after they act, with reasons, and pushes sent and "
        "refused. Ends by itself and leaves nothing running.",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE",
        help="draw what the viewer did, and what it changed, into an SVG file too",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Live through the evening, then show what happened."""
    from flows.console import console, say
    from flows.demo import Evening, Shown, run_demo
    from flows.demo_view import print_demo, print_viewer
    from flows.noise import noise_to
    from flows.picture import picture
    from flows.progress import Progress
    from flows.replay import Stopped
    from flows.stop import Stop

    if args.picture is not None:
        args.picture.touch()  # what cannot be written is known before the evening begins
    plan = Evening()
    out = console()
    out.print("liveloom", style="bold")
    out.print(
        f"{plan.world.viewers} simulated viewers and {plan.world.hosts} hosts spend "
        f"{plan.whole_ms // 60_000} minutes of an evening in Shanghai. What they do goes through "
        "the whole flow into a Redis of its own; the lists and pushes that come out are what they "
        "are shown next."
    )
    began_s = time.perf_counter()
    # Declared here: what it holds was read before Redis went.
    shown: Shown
    with tempfile.TemporaryDirectory(prefix="liveloom-") as folder, Stop().listening() as stop:
        place = Path(folder)
        with noise_to(place / "engine.log"), Progress("", "events") as progress:

            def told(what: str, share: float, events: int) -> None:
                progress.rename(what)
                progress.told(share, events)

            try:
                shown = run_demo(place, plan, told, stop)
            except Stopped:
                say("stopped before the end; nothing is left running")
                return 1
    seconds = time.perf_counter() - began_s
    print_demo(out, shown)
    if args.picture is not None:
        drawn = picture("liveloom demo", lambda page: print_viewer(page, shown))
        args.picture.write_text(drawn, "utf-8")
    out.print(f"\nDone in {seconds:.0f} s. Nothing is left running, the temporary folder is gone.")
    return 0
