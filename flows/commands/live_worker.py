"""One process of a live run: `python -m flows.commands.live_worker NUMBER ADDRESS...`."""

from __future__ import annotations

import sys

from flows.commands.worker import serve
from flows.live import Live, run_process
from flows.logs import log_to_stderr
from flows.processes import read_job


def main(number: int, addresses: list[str]) -> int:
    """Run it until a stop is asked for."""
    live = read_job(Live)
    log_to_stderr(live.log, number)
    # The engine calls a process that has no others by no address.
    others = addresses if live.processes > 1 else None
    return serve(lambda told, stop: run_process(live, number, others, stop))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
