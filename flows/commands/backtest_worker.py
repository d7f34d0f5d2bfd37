"""A process of a backtest, begun as those of a replay are: one policy over the logs."""

from __future__ import annotations

import sys

from flows.backtest import PolicyRun, run_policy
from flows.commands.worker import serve
from flows.processes import read_job


def main(number: int, addresses: list[str]) -> int:
    """Run one process of the policy's replay that the parent describes."""
    job = read_job(PolicyRun)
    peers = addresses if len(addresses) > 1 else None
    return serve(lambda told, stop: run_policy(job, number, peers, told, stop))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
