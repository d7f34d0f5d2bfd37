"""Do off-policy intervals cover the truth? Simulated logs, whose truth is known, say how often.

Viewers, rooms, covers and the logging policy are the simulator's; a click's probability is what
its sessions use, at the long-run scale of their dial. The policy under test is not the one that
logged: it ranks by a blurred knowledge of tastes. The truth is the mean, over all logs, of the
exact expected reward of what it would have put into each slot: its own error is a thirtieth of
one log's.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from evaluation.arrays import Floats, Ints
from evaluation.journal import Lists
from evaluation.offpolicy import Sums, estimate
from evaluation.resample import Interval, Resamples, percentile, studentised
from evaluation.target import slots_of
from simulator.liking import attraction, interest
from simulator.session import POSITION_BIAS
from simulator.settings import preset
from simulator.world import World

ESTIMATORS = ("ips", "snips", "dr")
LOGS = 1_000
_BLUR = 0.25
_POOL = 60
_CLICK_MAX = 0.95
_SETTLED_MS = 60_000


@dataclass(frozen=True)
class Plan:
    """How large each log is, and what is tried on it."""

    users: int = 600
    lists_mean: float = 3.0
    explore_share: float = 0.05
    clip_max: float = math.inf
    resamples: int = 1_000
    seed: int = 11


class Laboratory:
    """One simulated world at one moment, from which any number of logs can be drawn."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        world = World(replace(preset("demo"), viewers=1_000), plan.seed)
        world.advance_to(world.settings.start_ms + _SETTLED_MS)
        self.stage = world.stage
        self.rooms = self.stage.policy.live
        self.number = {room.room_id: place for place, room in enumerate(self.rooms)}
        viewers = [viewer for viewer in self.stage.viewers if not viewer.bot]
        self.viewers = viewers
        draws = np.random.default_rng(plan.seed)
        pull = np.array([[attraction(v, room) for room in self.rooms] for v in viewers])
        liked = np.array([[interest(v, room) for room in self.rooms] for v in viewers])
        self.score = liked + _BLUR * draws.standard_normal(liked.shape)
        self.ranks = (-self.score).argsort(axis=1).argsort(axis=1)
        self.ordered = (-self.score).argsort(axis=1)
        size = self.stage.settings.list_size
        self.bias = np.array(POSITION_BIAS[:size])
        scale = self.stage.settings.click_share / (pull.mean() * self.bias.mean())
        self.pull = pull * scale

    def click(self, viewer: Ints, room: Ints, slot: int | Ints) -> Floats:
        """Probability of a click."""
        chance: Floats = np.minimum(_CLICK_MAX, self.pull[viewer, room] * self.bias[slot])
        return chance

    def log(self, number: int) -> tuple[Lists, Floats]:
        """A log, and for each of its lists the policy's exact expected clicks."""
        plan, draws = self.plan, np.random.default_rng((self.plan.seed, number))
        size = self.stage.settings.list_size
        who = draws.integers(0, len(self.viewers), plan.users)
        lists = draws.geometric(1.0 / plan.lists_mean, plan.users)
        user = np.repeat(np.arange(plan.users), lists)
        viewer = who[user]
        room = np.zeros((len(user), size), dtype=np.int64)
        propensity = np.zeros((len(user), size))
        for row, one in enumerate(viewer.tolist()):
            slate = self.stage.policy.slate(self.viewers[one].taste, size)
            room[row] = [self.number[shown.room_id] for shown, _ in slate]
            propensity[row] = [max(1e-6, round(chance, 6)) for _, chance in slate]
        clicked = draws.random(room.shape) < self.click(viewer[:, None], room, np.arange(size))
        count = len(user)
        best = np.take_along_axis(self.score, self.ordered, axis=1)[:, :_POOL]
        return Lists(
            user=user,
            shown_ms=np.arange(count),
            live=np.full(count, len(self.rooms)),
            slate=self.ordered[viewer][:, :size],
            explored=np.zeros((count, size), dtype=np.int64),
            best=best[viewer],
            start=np.arange(count + 1) * size,
            room=room.ravel(),
            score=self.score[viewer[:, None], room].ravel(),
            rank=self.ranks[viewer[:, None], room].ravel(),
            propensity=propensity.ravel(),
            engaged=clicked.ravel().astype(np.int64),
        ), self.truth(viewer, room)

    def truth(self, viewer: Ints, room: Ints) -> Floats:
        """Expected clicks of each list if every slot held the policy's choice."""
        share = self.plan.explore_share
        pool = min(_POOL, len(self.rooms))
        found = np.zeros(len(room))
        lines = np.arange(len(room))
        free = np.ones((len(room), len(self.rooms)), dtype=bool)
        for slot in range(room.shape[1]):
            chance = np.minimum(_CLICK_MAX, self.pull[viewer] * self.bias[slot])
            by_rank = np.take_along_axis(chance, self.ordered[viewer], axis=1)
            open_by_rank = np.take_along_axis(free, self.ordered[viewer], axis=1)
            first = open_by_rank.argmax(axis=1)
            rest = open_by_rank[:, :pool].copy()
            rest[lines, first] = False
            mean = (by_rank[:, :pool] * rest).sum(axis=1) / rest.sum(axis=1)
            found += (1.0 - share) * by_rank[lines, first] + share * mean
            free[lines, room[:, slot]] = False
        return found


@dataclass(frozen=True)
class Tried:
    """What came of one log."""

    truth: float
    lists: int
    effective: float
    values: dict[str, float]
    intervals: dict[str, dict[str, Interval]]


def try_log(laboratory: Laboratory, number: int) -> Tried:
    """Draw a log and estimate from it."""
    plan = laboratory.plan
    lists, truth = laboratory.log(number)
    slots = slots_of(lists, plan.explore_share)
    assert slots is not None
    sums = estimate(slots, plan.users, plan.clip_max)
    resamples = Resamples(plan.users, plan.resamples, plan.seed + number)
    return Tried(
        float(truth.sum()),
        len(truth),
        sums.effective,
        {name: sums.value(name) for name in ESTIMATORS},
        {name: _intervals(sums, name, resamples) for name in ESTIMATORS},
    )


def _intervals(sums: Sums, name: str, resamples: Resamples) -> dict[str, Interval]:
    above, below = sums.above[name], sums.below[name]
    value = sums.value(name)
    ratio = resamples.ratios(above[:, None], below[:, None])[:, 0]
    error = float(np.sqrt(((above - value * below) ** 2).sum())) / float(below.sum())
    made = {
        "normal": Interval(value, value - 1.96 * error, value + 1.96 * error),
        "percentile": percentile(value, ratio),
        "studentised": studentised(above, below, resamples),
    }
    return {kind: interval for kind, interval in made.items() if interval is not None}


def _share(plan: Plan, numbers: range) -> list[Tried]:
    laboratory = Laboratory(plan)
    return [try_log(laboratory, number) for number in numbers]


def try_logs(plan: Plan, logs: int, processes: int) -> tuple[float, list[Tried]]:
    """So many logs, and the truth over all of them."""
    parts = [range(first, logs, processes) for first in range(processes)]
    if processes == 1:
        tried = _share(plan, parts[0])
    else:
        with ProcessPoolExecutor(processes) as pool:
            tried = [one for part in pool.map(_share, [plan] * processes, parts) for one in part]
    return sum(one.truth for one in tried) / sum(one.lists for one in tried), tried


def covered(truth: float, tried: list[Tried], name: str, kind: str) -> int:
    """In how many logs the interval holds the truth."""
    return sum(
        one.intervals[name][kind].low <= truth <= one.intervals[name][kind].high for one in tried
    )


def report(truth: float, tried: list[Tried]) -> Iterator[str]:
    """The figures as lines."""
    lists = sum(one.lists for one in tried) / len(tried)
    effective = sum(one.effective for one in tried) / len(tried)
    yield f"{len(tried)} logs of {lists:.0f} lists; effective sample size {effective:.0f} slots"
    yield f"truth {truth:.4f} clicks a list"
    for name in ESTIMATORS:
        values = np.array([one.values[name] for one in tried])
        counts = ", ".join(
            f"{kind} {covered(truth, tried, name, kind)}"
            for kind in ("normal", "percentile", "studentised")
        )
        yield (
            f"{name:6} mean {values.mean():.4f}, standard deviation {values.std():.4f}; "
            f"covered: {counts}"
        )


def main() -> None:
    """Print how often each interval held the truth."""
    parser = argparse.ArgumentParser(prog="python -m bench.coverage", description=__doc__)
    parser.add_argument("--logs", type=int, default=LOGS)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--users", type=int, default=Plan.users, help="users a log")
    parser.add_argument("--clip", type=float, default=Plan.clip_max, help="largest weight")
    args = parser.parse_args()
    plan = Plan(users=args.users, clip_max=args.clip)
    for line in report(*try_logs(plan, args.logs, args.processes)):
        print(line)


if __name__ == "__main__":
    main()
