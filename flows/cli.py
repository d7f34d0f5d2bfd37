"""The command line: one entry point, whose commands say in one line what is wrong.

Exit codes: 0 done, 1 the input is bad or something failed, 2 usage, 3 a bound is broken.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Protocol

from flows.commands import (
    ab,
    backtest,
    convert,
    demo,
    redis_acl,
    replay,
    run,
    settings,
    show,
    simulate,
    status,
    topics,
    validate,
)


class Command(Protocol):
    """What a module of `flows.commands` has; heavy imports belong into `run`."""

    def add(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add the command's own parser."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it; gives the exit code."""


COMMANDS: tuple[Command, ...] = (
    demo,
    simulate,
    convert,
    validate,
    replay,
    topics,
    backtest,
    ab,
    run,
    settings,
    status,
    show,
    redis_acl,
)
"""Every command, in the order in which the help shows them."""

# Read by libraries when they are loaded: our arrays are too small to share among threads.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: list[str] | None = None) -> int:
    """Run one command; gives the exit code, and raises nothing."""
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Titles are in any script; a terminal's encoding may not be.
            stream.reconfigure(errors="backslashreplace")
    try:
        args = _parser().parse_args(argv)
    except SystemExit as ended:
        return int(ended.code or 0)
    try:
        with _termination_as_interrupt():
            code: int = args.run(args)
            sys.stdout.flush()
            return code
    except KeyboardInterrupt:
        print("liveloom: stopped", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads our output has seen enough; nothing may be flushed there at the end either.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except SystemExit:
        raise
    except BaseException as error:
        # The engine's panics are no Exception.
        return _failed(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="liveloom",
        description="Real-time personalisation for live commerce: events in, decisions out.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add(subparsers)
    return parser


def _failed(error: BaseException) -> int:
    from flows.console import say
    from flows.failures import ProcessFailed, bad_input

    line = bad_input(error)
    if isinstance(error, ProcessFailed):
        print(error.trace, file=sys.stderr)
        line = str(error)
    elif line is None:
        logging.getLogger("liveloom").error("failed", exc_info=error)
        line = f"failed: {type(error).__name__}: {error} (the trace stands above)"
    say(line)
    return 1


@contextlib.contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """Let SIGTERM unwind as Ctrl-C does, so that half-written files and child processes go."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
