"""A process of a backtest, begun as those of a replay are: one policy over the logs."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from flows.backtest import PolicyRun, run_policy
from flows.commands.worker import serve


def main(spec: str, number: int, addresses: list[str]) -> int:
    """Run one process of the policy's replay that the file `spec` describes."""
    job = msgspec.json.decode(Path(spec).read_bytes(), type=PolicyRun)
    peers = addresses if len(addresses) > 1 else None
    return serve(lambda told, stop: run_policy(job, number, peers, told, stop))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
