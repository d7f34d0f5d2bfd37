"""How slates answer: to one like, and to a room that has just started and that nobody has clicked.

`python -m bench.responses LOG --redis URL` puts probes behind a log (`bench.probes`), replays it
all in this process and prints one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from bench.liveloom import replay_command
from bench.measure import run, shown, spread
from bench.probes import Plan, Sizes, probe
from bench.report import Row
from decisions.board import Board, LiveRooms
from decisions.slate import Ranker, Slate
from features.rows import Wish
from flows.cli import main as liveloom

SECTION = "What one like and one new room change"
_SEED = 1


class Recorder:
    """Wraps the ranker and notes what its slates say of the probes."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.ranks: dict[str, list[float]] = defaultdict(list)
        """By user: the mean rank of the rooms like the liked one, a slate."""
        self.found: dict[bool, list[bool]] = {True: [], False: []}
        self._slate = Ranker.slate

    def slate(
        self, ranker: Ranker, wish: Wish, board: Board, live: LiveRooms, version: int, at_ms: int
    ) -> Slate:
        """`Ranker.slate`, with a look at it."""
        made = self._slate(ranker, wish, board, live, version, at_ms)
        user = wish.user_id
        if user in self.plan.likes and at_ms <= self.plan.until_ms:
            _, by = ranker.ranked(wish, board, live, ranker.tag_values(wish.view, board))
            ranks = np.empty(len(by))
            ranks[np.argsort(-by, kind="stable")] = np.arange(len(by))
            others = [live.place[room] for room in self.plan.likes[user][1]]
            self.ranks[user].append(float(ranks[others].mean()))
        room, theirs = self.plan.starts.get((user, at_ms // 1_000), ("", False))
        if room in live.place:
            self.found[theirs].append(room in made.rooms)
        return made

    def figures(self) -> dict[str, float]:
        """Shares, and of how many."""
        changes = {user: ranks[-2:] for user, ranks in self.ranks.items() if len(ranks) > 1}
        better = {user: after < before for user, (before, after) in changes.items()}
        new = {user: up for user, up in better.items() if user.startswith("probe-new-")}
        known = {user: up for user, up in better.items() if user not in new}
        return {
            "likes": len(better),
            "better": _share(better.values()),
            "better_known": _share(known.values()),
            "better_new": _share(new.values()),
            "theirs": len(self.found[True]),
            "theirs_share": _share(self.found[True]),
            "others": len(self.found[False]),
            "others_share": _share(self.found[False]),
        }


def _share(found: Any) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0


def responses(log: Path, redis_url: str, sizes: Sizes) -> dict[str, float]:
    """Replay a log with probes behind it; see `Recorder.figures`."""
    with tempfile.TemporaryDirectory(prefix="liveloom-responses-") as folder:
        probed, out = Path(folder) / "probed.jsonl", Path(folder) / "out"
        recorder = Recorder(probe(log, probed, sizes, _SEED))
        command = replay_command(probed, redis_url, out)
        with (
            mock.patch.object(Ranker, "slate", lambda *args: recorder.slate(*args)),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            liveloom(command[command.index("replay") :])
    return recorder.figures()


def response_rows(log: Path, redis_url: str) -> list[Row]:
    """The shares beside what is asked of them, in a process of its own."""
    command = [sys.executable, "-m", "bench.responses", str(log), "--redis", redis_url]
    found = run(command).output
    told = shown(command)

    def row(what: str, name: str, **asked: Any) -> Row:
        return Row(SECTION, what, "% of users", spread([100.0 * found[name]]), told, **asked)

    liked = f"{found['likes']:,.0f} users like one room each, half of them never seen before; the "
    liked += "others are the rooms that share two tags or more with it, by their mean rank"
    asked = f"{found['theirs']:,.0f} and {found['others']:,.0f} viewers of {Sizes().rooms} rooms; "
    asked += "nobody has been shown any of them"
    return [
        row("after a like, others like it rank better", "better", at_least=95.0, note=liked),
        row("users with a past", "better_known"),
        row("users without", "better_new"),
        row(
            *("new room in the top 20, all its tags among the five strongest", "theirs_share"),
            at_least=60.0,
            note=asked,
        ),
        row("new room in the top 20, none of its tags known", "others_share", at_most=5.0),
    ]


def main(argv: list[str] | None = None) -> int:
    """Measure with the log named on the command line."""
    sizes = Sizes()
    parser = argparse.ArgumentParser(prog="python -m bench.responses", description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--redis", required=True, help="URL of a Redis that may be written to")
    parser.add_argument("--users", type=int, default=sizes.users, help="who like")
    parser.add_argument("--rooms", type=int, default=sizes.rooms, help="that start")
    parser.add_argument("--viewers", type=int, default=sizes.viewers, help="a room and kind")
    args = parser.parse_args(argv)
    sizes = Sizes(args.users, args.rooms, args.viewers)
    print(json.dumps(responses(args.log, args.redis, sizes)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
