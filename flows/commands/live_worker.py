"""One process of a live run: `python -m flows.commands.live_worker JOB.json NUMBER ADDRESS...`."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from flows.commands.worker import serve
from flows.live import Live, run_process
from flows.logs import log_to_stderr


def main(job: str, number: int, addresses: list[str]) -> int:
    """Run it until a stop is asked for."""
    live = msgspec.json.decode(Path(job).read_bytes(), type=Live)
    log_to_stderr(live.log, number)
    # The engine calls a process that has no others by no address.
    others = addresses if live.processes > 1 else None
    return serve(lambda told, stop: run_process(live, number, others, stop))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
