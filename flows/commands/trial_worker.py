"""A process of a trial, begun as those of a replay are: one policy in one simulated world."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from flows.commands.worker import serve
from flows.trial import Arm, run_arm


def main(spec: str, number: int, addresses: list[str]) -> int:
    """Live through the arm that the file `spec` describes."""
    arm = msgspec.json.decode(Path(spec).read_bytes(), type=Arm)
    return serve(lambda told, stop: run_arm(arm, number, None, told, stop))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
