"""Do off-policy intervals cover the truth? Simulated logs, whose truth is known, say how often.

Viewers, rooms, covers and the logging policy are the simulator's; a click's probability is what
its sessions use, at the long-run scale of their dial. Two policies are tested, neither of which
made the log: they rank by knowledge of tastes, blurred more and less, and explore as DECIDE does,
the likeliest rooms most. The truth is the mean, over all logs, of the exact expected reward of what
a policy would have put into each slot: its own error is a thirtieth of one log's.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from decisions.explore import chances
from decisions.settings import SlateSettings
from evaluation.arrays import Floats, Ints
from evaluation.journal import Lists
from evaluation.offpolicy import Sums, estimate
from evaluation.resample import (
    Interval,
    Resamples,
    percentile,
    studentised,
    studentised_difference,
)
from evaluation.target import slots_of
from simulator.dice import Dice
from simulator.liking import attraction, interest
from simulator.policy import Policy
from simulator.session import POSITION_BIAS
from simulator.settings import preset
from simulator.world import World

ESTIMATORS = ("ips", "snips", "dr")
DIFFERENCE = "studentised difference"
LOGS = 1_000
_BLURS = (0.25, 0.4)
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


@dataclass(frozen=True)
class Ranking:
    """How one policy ranks: scores, ranks and rooms best first, all [viewers, rooms].

    `best` are the pool's scores, best first, `chances` how readily each of its rooms is drawn.
    """

    score: Floats
    ranks: Ints
    ordered: Ints
    best: Floats
    chances: Floats


def _ranking(score: Floats) -> Ranking:
    ordered = (-score).argsort(axis=1)
    best = np.take_along_axis(score, ordered, axis=1)[:, :_POOL]
    sure = np.zeros(best.shape[1])
    drawn = np.array([chances(row, sure, SlateSettings()) for row in best])
    return Ranking(score, ordered.argsort(axis=1), ordered, best, drawn)


@dataclass(frozen=True)
class Drawn:
    """What a log holds: who saw which rooms, with which propensities, and clicked; by list."""

    user: Ints
    viewer: Ints
    room: Ints
    propensity: Floats
    clicked: Ints


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
        self.rankings = [
            _ranking(liked + blur * draws.standard_normal(liked.shape)) for blur in _BLURS
        ]
        size = self.stage.settings.list_size
        self.bias = np.array(POSITION_BIAS[:size])
        scale = self.stage.settings.click_share / (pull.mean() * self.bias.mean())
        self.pull = pull * scale

    def click(self, viewer: Ints, room: Ints, slot: int | Ints) -> Floats:
        """Probability of a click."""
        chance: Floats = np.minimum(_CLICK_MAX, self.pull[viewer, room] * self.bias[slot])
        return chance

    def _logging(self, number: int) -> Policy:
        """The simulator's own policy over the same rooms, with dice for this log alone."""
        settings = self.stage.settings
        dice = Dice(self.plan.seed, f"log {number}")
        policy = Policy(settings.explore_share, settings.popular_share, settings.tags, dice)
        for room in self.rooms:
            policy.add(room)
        return policy

    def draw(self, number: int) -> Drawn:
        """A log."""
        plan, draws = self.plan, np.random.default_rng((self.plan.seed, number))
        policy = self._logging(number)
        size = self.stage.settings.list_size
        who = draws.integers(0, len(self.viewers), plan.users)
        lists = draws.geometric(1.0 / plan.lists_mean, plan.users)
        user = np.repeat(np.arange(plan.users), lists)
        viewer = who[user]
        room = np.zeros((len(user), size), dtype=np.int64)
        propensity = np.zeros((len(user), size))
        for row, one in enumerate(viewer.tolist()):
            slate = policy.slate(self.viewers[one].taste, size)
            room[row] = [self.number[shown.room_id] for shown, _ in slate]
            propensity[row] = [max(1e-6, round(chance, 6)) for _, chance in slate]
        clicked = draws.random(room.shape) < self.click(viewer[:, None], room, np.arange(size))
        return Drawn(user, viewer, room, propensity, clicked.astype(np.int64))

    def lists(self, drawn: Drawn, ranking: Ranking) -> Lists:
        """The log as a backtest of a policy would leave it."""
        viewer, room = drawn.viewer, drawn.room
        count, size = room.shape
        return Lists(
            user=drawn.user,
            shown_ms=np.arange(count),
            live=np.full(count, len(self.rooms)),
            slate=ranking.ordered[viewer][:, :size],
            explored=np.zeros((count, size), dtype=np.int64),
            best=ranking.best[viewer],
            chances=ranking.chances[viewer],
            start=np.arange(count + 1) * size,
            room=room.ravel(),
            score=ranking.score[viewer[:, None], room].ravel(),
            rank=ranking.ranks[viewer[:, None], room].ravel(),
            propensity=drawn.propensity.ravel(),
            engaged=drawn.clicked.ravel(),
            known_ms=np.where(drawn.clicked, np.arange(count)[:, None], -1).ravel(),
        )

    def truth(self, drawn: Drawn, ranking: Ranking) -> float:
        """Expected clicks of all lists together if every slot held the policy's choice."""
        viewer, room, ordered = drawn.viewer, drawn.room, ranking.ordered
        share = self.plan.explore_share
        weights = ranking.chances[viewer]
        pool = weights.shape[1]
        found = np.zeros(len(room))
        lines = np.arange(len(room))
        free = np.ones((len(room), len(self.rooms)), dtype=bool)
        for slot in range(room.shape[1]):
            chance = np.minimum(_CLICK_MAX, self.pull[viewer] * self.bias[slot])
            by_rank = np.take_along_axis(chance, ordered[viewer], axis=1)
            open_by_rank = np.take_along_axis(free, ordered[viewer], axis=1)
            first = open_by_rank.argmax(axis=1)
            rest = weights * open_by_rank[:, :pool]
            rest[lines, first] = 0.0
            mean = (by_rank[:, :pool] * rest).sum(axis=1) / rest.sum(axis=1)
            found += (1.0 - share) * by_rank[lines, first] + share * mean
            free[lines, room[:, slot]] = False
        return float(found.sum())


@dataclass(frozen=True)
class Tried:
    """What came of one log: of the first policy, and of its difference to the second."""

    truth: float
    other_truth: float
    lists: int
    effective: float
    values: dict[str, float]
    intervals: dict[str, dict[str, Interval]]


def try_log(laboratory: Laboratory, number: int) -> Tried:
    """Draw a log and estimate from it."""
    plan = laboratory.plan
    drawn = laboratory.draw(number)
    sums = []
    for ranking in laboratory.rankings:
        slots = slots_of(laboratory.lists(drawn, ranking), plan.explore_share)
        assert slots is not None
        sums.append(estimate(slots, plan.users, plan.clip_max))
    resamples = Resamples(plan.users, plan.resamples, plan.seed + number)
    intervals = {name: _intervals(*sums, name, resamples) for name in ESTIMATORS}
    truth, other = (laboratory.truth(drawn, ranking) for ranking in laboratory.rankings)
    values = {name: sums[0].value(name) for name in ESTIMATORS}
    return Tried(truth, other, len(drawn.user), sums[0].effective, values, intervals)


def _intervals(sums: Sums, other: Sums, name: str, resamples: Resamples) -> dict[str, Interval]:
    above, below = sums.above[name], sums.below[name]
    value = sums.value(name)
    ratio = resamples.ratios(above[:, None], below[:, None])[:, 0]
    error = float(np.sqrt(((above - value * below) ** 2).sum())) / float(below.sum())
    theirs = (other.above[name], other.below[name])
    made = {
        "normal": Interval(value, value - 1.96 * error, value + 1.96 * error),
        "percentile": percentile(value, ratio),
        "studentised": studentised(above, below, resamples),
        DIFFERENCE: studentised_difference((above, below), theirs, resamples),
    }
    return {kind: interval for kind, interval in made.items() if interval is not None}


def _share(plan: Plan, numbers: range) -> list[Tried]:
    laboratory = Laboratory(plan)
    return [try_log(laboratory, number) for number in numbers]


def try_logs(plan: Plan, logs: int, processes: int) -> list[Tried]:
    """So many logs."""
    parts = [range(first, logs, processes) for first in range(processes)]
    if processes == 1:
        tried = _share(plan, parts[0])
    else:
        with ProcessPoolExecutor(processes) as pool:
            tried = [one for part in pool.map(_share, [plan] * processes, parts) for one in part]
    return tried


def truths(tried: list[Tried]) -> tuple[float, float]:
    """The first policy's value over all logs, and its difference to the second's."""
    lists = sum(one.lists for one in tried)
    value = sum(one.truth for one in tried) / lists
    return value, value - sum(one.other_truth for one in tried) / lists


def covered(tried: list[Tried], name: str, kind: str) -> int:
    """In how many logs the interval holds the truth."""
    truth = truths(tried)[kind == DIFFERENCE]
    return sum(
        one.intervals[name][kind].low <= truth <= one.intervals[name][kind].high for one in tried
    )


def report(tried: list[Tried]) -> Iterator[str]:
    """The figures as lines."""
    truth, difference = truths(tried)
    lists = sum(one.lists for one in tried) / len(tried)
    effective = sum(one.effective for one in tried) / len(tried)
    yield f"{len(tried)} logs of {lists:.0f} lists; effective sample size {effective:.0f} slots"
    yield f"truth {truth:.4f} clicks a list, {difference:+.4f} against the second policy"
    for name in ESTIMATORS:
        values = np.array([one.values[name] for one in tried])
        counts = ", ".join(
            f"{kind} {covered(tried, name, kind)}"
            for kind in ("normal", "percentile", "studentised", DIFFERENCE)
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
    for line in report(try_logs(plan, args.logs, args.processes)):
        print(line)


if __name__ == "__main__":
    main()
