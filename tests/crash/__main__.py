"""`python -m tests.crash`: kills live runs and replays thirty times and more, and prints a table.

Exit code 1 where anything was lost, doubled or backwards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from itertools import product
from pathlib import Path

from sinks.embedded import EmbeddedRedis
from tests.crash.live import LiveMatrix, Result
from tests.crash.replay import replay_matrix
from tests.kafka.broker import Broker
from tests.kafka.node import Node


def main() -> int:
    """Run the matrices; say as they go what is killed, and in the end what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("--kills", type=int, default=8, help="of each live matrix (default: 8)")
    parser.add_argument("--replay-kills", type=int, default=8, help="of the replay (default: 8)")
    parser.add_argument("--seed", type=int, default=1, help="chooses moments and ways")
    parser.add_argument("--keep", help="a folder for state and logs, kept")
    args = parser.parse_args()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="crash-") as scratch:
        folder = Path(args.keep or scratch)
        node = Node(folder / "kafka")
        try:
            node.start()
            kinds = product((True, False), (False, True)) if args.kills else ()
            for number, (frozen, everything) in enumerate(kinds):
                own = folder / f"live-{number}"
                own.mkdir(parents=True)
                with EmbeddedRedis(own / "redis") as url:
                    broker = Broker(node.address, f"{own.name}.")
                    matrix = LiveMatrix(
                        *(broker, url, own, args.seed + number),
                        frozen=frozen,
                        everything=everything,
                    )
                    results.append(matrix.run(args.kills, _say))
            if args.replay_kills:
                own = folder / "replay"
                own.mkdir(parents=True)
                results.append(replay_matrix(own, args.seed, args.replay_kills, _say))
        finally:
            node.kill()
    _print(results)
    return 0 if all(result.is_right for result in results) else 1


def _say(line: str) -> None:
    print(line, flush=True)


def _print(results: list[Result]) -> None:
    """One line a matrix and kind of fault."""
    print()
    print("| matrix | kills | events | pushes | examples | reads | fault | found |")
    print("|---|---|---|---|---|---|---|---|")
    for result in results:
        counts = (len(result.kills), result.events, result.pushes, result.examples, result.reads)
        own = " | ".join(f"{number:,}" for number in counts)
        for fault, found in result.wrong.items():
            shown = f"{len(found)}" + (f": {', '.join(found[:3])}" if found else "")
            print(f"| {result.name} | {own} | {fault} | {shown} |")
    kills = sum(len(result.kills) for result in results)
    wrong = sum(len(found) for result in results for found in result.wrong.values())
    print(f"\n{kills} kills, {wrong} faults")


if __name__ == "__main__":
    sys.exit(main())
