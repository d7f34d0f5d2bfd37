"""One process of a replay: `python -m flows.commands.worker NUMBER ADDRESS...`."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable

import msgspec

from flows.failures import bad_input, is_stop
from flows.log_source import Told
from flows.logs import LOG
from flows.processes import Word, leave_with_parent, read_job
from flows.replay import Replay, run_process
from flows.stop import Stop

_TELL_EVERY_S = 0.2


def main(number: int, addresses: list[str]) -> int:
    """Run one process of the replay that the parent describes."""
    replay = read_job(Replay)
    return serve(lambda told, stop: run_process(replay, number, addresses, told, stop))


def serve(run: Callable[[Told, Stop], None]) -> int:
    """Run a process; says how far it is, and why what was given is bad, on standard output."""
    threading.Thread(target=leave_with_parent, daemon=True).start()
    told_s = 0.0
    # The engine prints to standard output as well: from now on to the log, beside its errors.
    words = os.dup(1)
    os.dup2(2, 1)

    def tell(word: Word) -> None:
        os.write(words, msgspec.json.encode(word) + b"\n")

    def told(share: float, events: int) -> None:
        nonlocal told_s
        now_s = time.monotonic()
        if now_s - told_s >= _TELL_EVERY_S:
            told_s = now_s
            tell(Word(share, events))

    with Stop().listening() as stop:
        try:
            run(told, stop)
        except BaseException as error:
            if stop.asked and is_stop(error):
                return 0
            line = bad_input(error)
            if line is not None:
                tell(Word(bad=line))
            # Where nothing gathers logs, this prints the trace alone.
            LOG.error("this process ends: %s", line or type(error).__name__, exc_info=error)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
