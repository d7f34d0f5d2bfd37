"""`liveloom run`: Kafka's topics through the flow into Redis, until it is asked to stop."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import time
from typing import TYPE_CHECKING

from flows.commands.arguments import (
    add_kafka,
    add_processes,
    add_pseudonyms,
    add_redis,
    add_settings,
    check_processes,
    required_redis,
    settings_of,
)
from flows.logs import FORMS, LOG, form_of, log_to_stderr, said

if TYPE_CHECKING:
    from flows.kafka_client import ClientSettings
    from flows.live import Live
    from flows.lookout import Lookout
    from flows.recovery import Recovery
    from flows.stop import Stop

_AGAIN_S_MAX = 60.0
_SETTLED_S = 120.0
_SLICE_S = 0.1


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "run",
        help="run the flow live, from Kafka into Redis",
        description="Run the flow live. Without recovery state it reads every topic from its "
        "earliest offset. SIGTERM and Ctrl-C end it cleanly.",
    )
    add_kafka(parser)
    add_redis(parser)
    add_processes(parser)
    parser.add_argument(
        "--recovery", metavar="DIR", help="keep state here, and go on after any kind of end"
    )
    parser.add_argument(
        "--decisions", metavar="DIR|TOPIC", help="log every decision in files, or to a topic"
    )
    parser.add_argument(
        "--metrics",
        metavar="[HOST:]PORT",
        help="serve figures for Prometheus there (default host: loopback); with several "
        "processes each has a port, from this one up",
    )
    parser.add_argument(
        "--log",
        choices=FORMS,
        help="form of the log lines (default: text on a terminal, else json)",
    )
    add_pseudonyms(parser, "store nobody's id, but pseudonyms under the key in FILE")
    add_settings(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run it, and again where it failed by itself."""
    from flows.kafka_client import client_settings
    from flows.live import Live, shape
    from flows.metrics.serve import address_of
    from flows.recovery import Recovery
    from flows.secrets import pseudonyms_of
    from flows.stop import Stop
    from sinks.connect import connect

    settings = settings_of(args)
    check_processes(args, settings)
    if args.metrics is not None:
        address_of(args.metrics, args.processes - 1)
    client_settings(args.kafka, args.client_file)
    pseudonyms_of(args.pseudonym_key_file)
    url = required_redis(args)
    connect(url, settings.redis).close()
    log_to_stderr(args.log)
    with contextlib.ExitStack() as stack:
        live = Live(
            args.kafka,
            args.client_file,
            (),
            url,
            args.recovery,
            args.decisions,
            args.processes,
            settings,
            metrics=args.metrics,
            log=form_of(args.log),
            pseudonym_key_file=args.pseudonym_key_file,
        )
        recovery = None
        if args.recovery is not None:
            recovery = stack.enter_context(Recovery(args.recovery))
            recovery.open(shape(live))
        stop = stack.enter_context(Stop().listening())
        _keep_running(live, stop, recovery)
    return 0


def _keep_running(live: Live, stop: Stop, recovery: Recovery | None) -> None:
    """Run all processes; begin anew where one has died, after ever longer waits."""
    from flows.brokers import list_parts
    from flows.failures import BadInput, ProcessFailed
    from flows.kafka_client import client_settings
    from flows.lookout import Lookout
    from flows.processes import supervise

    client, kafka = client_settings(live.brokers, live.client_file), live.settings.kafka
    later, lock = "the next start reads them", None
    if recovery is not None:
        later, lock = "they are read once they are there", recovery.lock
    failed = 0
    while not stop.asked:
        began_s = time.monotonic()
        try:
            parts = list_parts(client, kafka, stop, later)
            live = dataclasses.replace(live, parts=tuple(parts))
        except BadInput as problem:
            if not failed:
                raise
            # They were there when the run began, so they are only away.
            why = str(problem)
        else:
            if not live.parts:
                return
            facts: dict[str, object] = {"partitions": len(live.parts), "processes": live.processes}
            LOG.info("reading %d partitions in %d processes", *facts.values(), extra=said(facts))
            if recovery is not None:
                recovery.begin()
            try:
                with _asking(live, client, stop) as asked:
                    supervise(live, _quiet, asked, lock, "flows.commands.live_worker", logs=False)
                if stop.asked or not isinstance(asked, Lookout) or not asked.found:
                    return
                LOG.info("new are %s: all begin again with them", ", ".join(asked.found))
                continue
            except ProcessFailed as problem:
                why = str(problem)
        live = dataclasses.replace(live, restarts=live.restarts + 1)
        failed = 1 if time.monotonic() - began_s > _SETTLED_S else failed + 1
        wait_s = min(2.0 ** (failed - 1), _AGAIN_S_MAX)
        facts = {"restarts": live.restarts, "wait_s": wait_s}
        LOG.error("%s; all begin again in %.0f s", why, wait_s, extra=said(facts))
        end_s = time.monotonic() + wait_s
        while not stop.asked and time.monotonic() < end_s:
            time.sleep(_SLICE_S)


def _asking(
    live: Live, client: ClientSettings, stop: Stop
) -> contextlib.AbstractContextManager[Stop | Lookout]:
    """What ends the processes: a stop, and where they can go on also what is new to read."""
    from flows.lookout import Lookout

    if live.recovery is None:
        return contextlib.nullcontext(stop)
    return Lookout(client, live.settings.kafka, live.parts, stop)


def _quiet(share: float, events: int) -> None:
    """A run without an end has no bar of progress."""
