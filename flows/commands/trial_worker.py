"""A process of a trial, begun as those of a replay are: one policy in one simulated world."""

from __future__ import annotations

import sys

from flows.commands.worker import serve
from flows.processes import read_job
from flows.trial import Arm, run_arm


def main(number: int, addresses: list[str]) -> int:
    """Live through the arm that the parent describes."""
    arm = read_job(Arm)
    return serve(lambda told, stop: run_arm(arm, number, None, told, stop))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
