"""CPU time of a slate, amortised: all that DECIDE does in a replay, over the slates that it made.

`python -m bench.slates LOG --redis URL` prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest import mock

from bench.liveloom import replay_command
from decisions.decide import Decided, DecideShard
from decisions.slate import Ranker, Slate
from flows.cli import main as liveloom


class Stopwatch:
    """Wraps DECIDE and its ranker, and adds up this thread's CPU time in each."""

    def __init__(self) -> None:
        self.decide_ns = self.rank_ns = self.slates = 0
        self._drain, self._slate = DecideShard.drain, Ranker.slate

    def drain(self, shard: DecideShard) -> Decided:
        """`DecideShard.drain`, timed."""
        began = time.thread_time_ns()
        decided = self._drain(shard)
        self.decide_ns += time.thread_time_ns() - began
        return decided

    def slate(self, ranker: Ranker, *args: Any) -> Slate:
        """`Ranker.slate`, timed and counted."""
        began = time.thread_time_ns()
        slate = self._slate(ranker, *args)
        self.rank_ns += time.thread_time_ns() - began
        self.slates += 1
        return slate


def time_slates(log: Path, redis_url: str) -> dict[str, Any]:
    """Replay a log in this process, one worker.

    `decide_us_per_slate` holds everything: boards, slates, pushes, decision log;
    `rank_us_per_slate` the list alone.
    """
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="liveloom-slates-") as out:
        command = replay_command(log, redis_url, Path(out))
        with (
            mock.patch.object(DecideShard, "drain", lambda shard: watch.drain(shard)),
            mock.patch.object(Ranker, "slate", lambda *args: watch.slate(*args)),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            liveloom(command[command.index("replay") :])
        metrics = json.loads((Path(out) / "metrics.json").read_text())
    return {
        "slates": watch.slates,
        "slates_per_event": watch.slates / metrics["events"],
        "live_rooms": metrics["live_rooms"],
        "decide_us_per_slate": watch.decide_ns / 1_000 / watch.slates,
        "rank_us_per_slate": watch.rank_ns / 1_000 / watch.slates,
    }


def main(argv: list[str] | None = None) -> int:
    """Time the log named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.slates", description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--redis", required=True, help="URL of a Redis that may be written to")
    args = parser.parse_args(argv)
    print(json.dumps(time_slates(args.log, args.redis)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
