"""`liveloom replay`: recorded logs through the whole flow, as fast as it goes."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.commands.arguments import (
    add_processes,
    add_pseudonyms,
    add_redis,
    add_settings,
    check_processes,
    positive,
    redis_of,
    settings_of,
)
from flows.commands.logs import check_logs

if TYPE_CHECKING:
    from flows.replay import Replay
    from flows.settings import Settings


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "replay",
        help="run recorded logs through the flow",
        description="Run recorded logs through the flow. Leaves metrics.json, decisions.jsonl "
        "and dead_letters.jsonl in DIR.",
    )
    parser.add_argument("logs", nargs="+", metavar="LOG", help="plain, gzip or zstd, one or more")
    parser.add_argument("--out", required=True, metavar="DIR", help="folder for what comes out")
    add_redis(parser, "an own one")
    add_processes(parser)
    parser.add_argument(
        "--recovery", metavar="DIR", help="keep state here, and go on where a run was killed"
    )
    parser.add_argument(
        "--last",
        type=positive,
        metavar="N",
        help="ranking figures also over the last N clicked lists",
    )
    add_pseudonyms(parser, "store nobody's id, but pseudonyms under the key in FILE")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the replay and print its figures."""
    from flows.out_folder import held
    from flows.recovery import Recovery
    from flows.replay import prepare, redis_for
    from flows.secrets import pseudonyms_of

    settings = settings_of(args)
    if args.last is not None:
        learn = dataclasses.replace(settings.learn, ranking_last_lists=args.last)
        settings = dataclasses.replace(settings, learn=learn)
    check_processes(args, settings)
    check_logs(args.logs, settings)
    _check(args.logs, args.out)
    pseudonyms_of(args.pseudonym_key_file)
    given = redis_of(args)
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(held(args.out))
        lock, goes_on = None, False
        if args.recovery is not None:
            recovery = stack.enter_context(Recovery(args.recovery))
            goes_on = not recovery.is_new
            recovery.open(_shape(args, settings))
            recovery.begin()
            lock = recovery.lock
        prepare(out, goes_on)
        url = stack.enter_context(redis_for(given, out, args.recovery))
        if given is not None:
            _try_redis(url, settings)
        # An embedded one has a file of its own.
        kept = str(Path(args.recovery) / "delivered") if args.recovery and given else None
        return _run(_replay(args, url, settings, kept), lock)


def _run(replay: Replay, lock: int | None) -> int:
    from flows.console import console, say
    from flows.figures import print_figures
    from flows.replay import Stopped, finish, timed, write_health
    from flows.stop import Stop

    if replay.processes == 1:
        # Like all else that this process loads, before the time is taken.
        import models.learn  # noqa: F401
    with Stop().listening() as stop:
        seconds = timed(lambda: _flow(replay, stop, lock))
        try:
            figures: dict[str, Any] = finish(replay, seconds)
        except Stopped:
            if replay.recovery is not None:
                say(f"stopped; the same command with --recovery {replay.recovery} goes on")
            else:
                say("stopped before the end; without --recovery the next run starts over")
            return 0
    write_health(replay, figures, figures["newest_event_time_ms"])
    print_figures(console(), figures, replay.out)
    return 0


def _flow(replay: Replay, stop: Any, lock: int | None) -> None:
    """All processes of the replay: this one, where one is enough."""
    from flows.failures import bad_input, is_stop
    from flows.noise import noise_to
    from flows.processes import supervise
    from flows.progress import Progress
    from flows.replay import run_process

    out = Path(replay.out)
    if replay.processes > 1:
        with Progress("replaying", "events") as progress:
            supervise(replay, progress.told, stop, lock)
        return
    log = out / "process-0.log"
    try:
        with noise_to(log), Progress("replaying", "events") as progress:
            run_process(replay, 0, None, progress.told, stop)
    except Exception as error:
        if stop.asked and is_stop(error):
            return
        if bad_input(error) is None:
            with log.open("a", encoding="utf-8") as file:
                traceback.print_exception(error, file=file)
        raise


def _check(logs: list[str], out: str) -> None:
    """`BadInput` for a log that would be lost, before anything is touched."""
    from flows.failures import BadInput
    from flows.overwriting import written_over
    from flows.replay import LEFT

    lost = written_over(logs, [Path(out) / name for name in LEFT])
    if lost is not None:
        raise BadInput(lost)


def _try_redis(url: str, settings: Settings) -> None:
    """Raise `CannotConnect` if Redis is away at the start; later on it is waited for."""
    from sinks.connect import connect

    connect(url, settings.redis).close()


def _shape(args: argparse.Namespace, settings: Settings) -> dict[str, Any]:
    """What a run that goes on must have in common with the one that began."""
    from flows.secrets import fingerprint_of

    return {
        "logs": [os.path.basename(path) for path in args.logs],
        "shards": settings.flow.shards,
        "deliver_parts": settings.flow.deliver_parts,
        "attributes": settings.catalogue.attributes,
        "host_attributes": settings.catalogue.host_attributes,
        "pseudonyms": fingerprint_of(args.pseudonym_key_file),
    }


def _replay(args: argparse.Namespace, url: str, settings: Settings, kept: str | None) -> Replay:
    from flows.replay import Replay

    return Replay(
        tuple(args.logs),
        args.out,
        url,
        args.recovery,
        args.processes,
        settings,
        kept,
        args.pseudonym_key_file,
    )
