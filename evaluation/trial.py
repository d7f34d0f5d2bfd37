"""An experiment in simulated worlds: what each policy's lists were worth to those who saw them.

Every policy has the same worlds to itself, so that no arm learns from another's users, and users
are compared in pairs: the same person in the same world under another policy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np

from evaluation.arrays import Floats, Ints, counts, ratio, totals
from evaluation.beside import Figures, beside_the_first, plain, rounded
from evaluation.beyond import gini
from evaluation.bounds import bounds_of, worst_segment
from evaluation.crowds import Crowd, Opened, exposure_in
from evaluation.exposure import Shares, exposure_sums
from evaluation.progressive import over_time
from evaluation.resample import Interval, Resamples, percentile
from evaluation.rows import rows_by_kind
from evaluation.segments import segments_of
from evaluation.settings import BoundSettings

QUALITIES = ("utility",)
_SLICES = 20
_MINUTE_MS = 60_000.0


class Served(msgspec.Struct, tag_field="row", tag="list"):
    """A list that somebody saw: what it was worth to them, and how often it was clicked.

    `decided` says that it was the policy's, not the world's own for somebody yet unknown.
    """

    shown_ms: int
    world: int
    user_id: str
    decided: bool
    utility: float
    rooms: list[str]
    hosts: list[str]
    clicks: int = 0


class Watched(msgspec.Struct, tag_field="row", tag="watched"):
    """How long somebody watched in all."""

    world: int
    user_id: str
    visit_ms: int = 0


@dataclass(frozen=True)
class Arm:
    """One policy's lists in order of time; users and rooms are those of all its worlds."""

    name: str
    users: tuple[str, ...]
    user: Ints
    shown_ms: Ints
    decided: Floats
    utility: Floats
    clicks: Floats
    minutes: Floats
    """By user."""
    met: Floats
    """How often each user was shown each room, [users, rooms]."""
    host: Ints
    """By room."""
    exposure: Shares
    """By host size, of the policy's lists."""
    bounds: BoundSettings


_ROW = msgspec.json.Decoder(Served | Watched | Opened | Crowd)


def read_arm(name: str, lines: Iterable[bytes], bounds: BoundSettings | None = None) -> Arm:
    """One arm's lines; a user or room of one world is not that of another."""
    served: list[Served]
    watched: list[Watched]
    opened: list[Opened]
    crowds: list[Crowd]
    served, watched, opened, crowds = rows_by_kind(
        lines, _ROW.decode, Served, Watched, Opened, Crowd
    )
    served.sort(key=lambda row: (row.shown_ms, row.world, row.user_id))
    users = tuple(sorted({_of(row.world, row.user_id) for row in served}))
    number = {user: place for place, user in enumerate(users)}
    rooms: dict[str, int] = {}
    hosts: dict[str, int] = {}
    host: list[int] = []
    for row in served:
        for room_id, host_id in zip(row.rooms, row.hosts, strict=True):
            if rooms.setdefault(_of(row.world, room_id), len(rooms)) == len(host):
                host.append(hosts.setdefault(_of(row.world, host_id), len(hosts)))
    met: Counter[tuple[int, int]] = Counter()
    for row in served:
        user = number[_of(row.world, row.user_id)]
        if row.decided:
            met.update((user, rooms[_of(row.world, room_id)]) for room_id in row.rooms)
    table = np.zeros((len(users), len(rooms)))
    for at, times in met.items():
        table[at] = times
    minutes = np.zeros(len(users))
    for one in watched:
        place = number.get(_of(one.world, one.user_id))
        if place is not None:
            minutes[place] = one.visit_ms / _MINUTE_MS
    return Arm(
        name,
        users,
        np.array([number[_of(row.world, row.user_id)] for row in served], dtype=np.int64),
        np.array([row.shown_ms for row in served], dtype=np.int64),
        np.array([float(row.decided) for row in served]),
        np.array([row.utility for row in served]),
        np.array([float(row.clicks) for row in served]),
        minutes,
        table,
        np.array(host, dtype=np.int64),
        exposure_in(
            [(row.shown_ms, row.world, row.rooms if row.decided else None) for row in served],
            opened,
            crowds,
        ),
        bounds or BoundSettings(),
    )


def _of(world: int, name: str) -> str:
    return f"{world}/{name}"


class _Resampled:
    """An arm's figures, and as they come out in each resample of the users of all arms."""

    def __init__(self, arm: Arm, users: Sequence[str], draws: Resamples) -> None:
        number = {user: place for place, user in enumerate(users)}
        index = np.array([number[user] for user in arm.users], dtype=np.int64)
        user, size = index[arm.user], len(users)
        lists = counts(user, size)
        minutes = np.zeros(size)
        minutes[index] = arm.minutes
        met = np.zeros((size, arm.met.shape[1]))
        met[index] = arm.met
        decided = arm.decided == 1.0
        ratios = {
            "utility": (totals(user, arm.utility, size), lists),
            "clicks": (totals(user, arm.clicks, size), lists),
            "minutes": (minutes, lists),
            "decided": (totals(user, arm.decided, size), lists),
            "rooms_met": ((met > 0).sum(axis=1).astype(np.float64), (lists > 0).astype(float)),
        }
        ratios["decided_utility"] = (
            totals(user[decided], arm.utility[decided], size),
            counts(user[decided], size),
        )
        for segment, members in segments_of(arm.user, len(arm.users)).items():
            own = user[members]
            for name, values in (("utility", arm.utility), ("clicks", arm.clicks)):
                above = totals(own, values[members], size)
                ratios[f"{segment}.{name}"] = above, counts(own, size)
        ratios |= exposure_sums(user, arm.exposure, size)
        self.counted = {name: int(np.count_nonzero(below)) for name, (_, below) in ratios.items()}
        self.values = {name: ratio(*pair) for name, pair in ratios.items()}
        columns = draws.ratios(
            np.stack([above for above, _ in ratios.values()], axis=1),
            np.stack([below for _, below in ratios.values()], axis=1),
        )
        self.resampled = dict(zip(ratios, columns.T, strict=True))
        drawn = draws.totals(met)
        self.values |= _spread(met.sum(axis=0), arm.host)
        rows = [_spread(row, arm.host) for row in drawn]
        for name in ("rooms_effective", "gini_hosts"):
            self.resampled[name] = np.array([row[name] for row in rows])

    def interval(self, name: str, other: _Resampled | None = None) -> Interval | None:
        """A figure's interval, or that of its difference to another arm's."""
        if name not in self.resampled:
            return None
        if other is None:
            return percentile(self.values[name], self.resampled[name])
        difference = self.values[name] - other.values[name]
        return percentile(difference, self.resampled[name] - other.resampled[name])


def _spread(shown: Floats, host: Ints) -> dict[str, float]:
    """How widely slots were spread: 2^H of rooms (Jost, Oikos 113(2), 2006), Gini of hosts."""
    total = float(shown.sum())
    if total <= 0.0:
        return dict.fromkeys(("rooms_effective", "gini_hosts", "rooms_shown"), float("nan"))
    share = shown[shown > 0.0] / total
    return {
        "rooms_effective": float(2.0 ** -(share * np.log2(share)).sum()),
        "gini_hosts": gini(totals(host, shown, int(host.max()) + 1)),
        "rooms_shown": float((shown > 0.0).sum()),
    }


def compare_arms(arms: Sequence[Arm], resamples: int, seed: int) -> Figures:
    """All figures of all arms, ready for JSON; differences are to the first."""
    return beside_the_first(arms, resamples, seed, _Resampled, _tell, "arms", {})


def _tell(arm: Arm, own: _Resampled, first: _Resampled | None) -> Figures:
    return {
        "counts": {"lists": len(arm.user), "users": len(arm.users)},
        "period_ms": [int(arm.shown_ms.min()), int(arm.shown_ms.max())],
        "figures": {name: plain(value, own.interval(name)) for name, value in own.values.items()},
        "differences": {}
        if first is None
        else {
            name: plain(value - first.values[name], own.interval(name, first), real=True)
            for name, value in own.values.items()
        },
        "bounds": bounds_of(arm.bounds, own, first, QUALITIES),
        "worst_segment": worst_segment(own, QUALITIES),
        "over_time": [
            [at_ms, rounded(value)]
            for at_ms, value in over_time(arm.shown_ms, arm.utility, _SLICES)
        ],
    }
