"""Which item a KuaiRand user engages with next, out of all that were seen, learnt as it goes.

A blend of what is popular, fresh, near to the user's last items, liked by users alike and usual for
the user: a River model of some features, stepping by the softmax loss over all candidates. Its
settings were chosen on the first 33,462 rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.alike import Alike
from bench.habits import LENGTHS_S, Habits
from bench.kuairand_rows import Row
from features.neighbours import Neighbours, NeighbourSettings
from models.learner import Learner
from models.preference import listwise_descent
from models.registry import PREFERENCE
from models.scorer import logits
from models.settings import LearnSettings

HALF_LIVES_S = (1_800.0, 10_800.0, 43_200.0, 259_200.0)
GROUPS = {
    "popularity": ("popular_30m", "popular_3h", "popular_12h", "popular_3d"),
    "recency": ("last_engaged", "last_engaged_squared", "first_seen"),
    "record": ("rows", "rows_one", "engaged_share"),
    "neighbours": ("near", "near_recent", "near_one"),
    "users alike": ("alike",),
    "the user's own": ("length_fit", "freshness_fit"),
}
NAMES = tuple(name for names in GROUPS.values() for name in names)
TOP = 20
_WARM_ROWS = 3_000
_NEVER_S = 1e9
_RECENT = 20


@dataclass(frozen=True)
class Answer:
    """Whether a positive item was among the first 20, and by popularity alone."""

    user: str
    row: int
    hit: bool
    hit_popular: bool


class Items:
    """All items seen so far, as arrays by number."""

    def __init__(self, items_max: int) -> None:
        self.number: dict[str, int] = {}
        self.ids: list[str] = []
        self.popular = np.zeros((len(HALF_LIVES_S), items_max))
        self.rows = np.zeros(items_max)
        self.engaged = np.zeros(items_max)
        self.last_s = np.full(items_max, -_NEVER_S)
        self.first_s = np.zeros(items_max)
        self.length = np.zeros(items_max, np.intp)
        self._now_s = 0.0

    def advance(self, now_s: float) -> None:
        """Let popularity fade."""
        for place, half_life_s in enumerate(HALF_LIVES_S):
            self.popular[place] *= 0.5 ** ((now_s - self._now_s) / half_life_s)
        self._now_s = now_s

    def add(self, row: Row) -> None:
        """A row, by now."""
        number = self.number.setdefault(row.item, len(self.ids))
        if number == len(self.ids):
            self.ids.append(row.item)
            self.first_s[number] = row.time_s
            self.length[number] = np.searchsorted(LENGTHS_S, row.duration_s, "right")
        self.rows[number] += 1.0
        if row.positive:
            self.popular[:, number] += 1.0
            self.engaged[number] += 1.0
            self.last_s[number] = row.time_s


class NextItem:
    """The blend and all that it knows."""

    def __init__(self, rows_max: int, without: Sequence[str] = (), rate: float = 0.05) -> None:
        left_out = {name for group in without for name in GROUPS[group]}
        self._kept = np.array([name not in left_out for name in NAMES])
        self.items = Items(rows_max)
        self.neighbours = Neighbours(NeighbourSettings())
        self.alike = Alike()
        self.habits = Habits()
        self.seen: dict[str, set[int]] = {}
        self._users: dict[str, int] = {}
        self._recent_s: dict[str, list[float]] = {}
        settings = LearnSettings(
            preference_learning_rate=rate, engagement_prior={"popular_3h": 0.5}, gradient_max=1e12
        )
        self.learner = Learner(PREFERENCE, settings, NAMES)

    def candidates(self, user: str) -> NDArray[np.intp]:
        """Numbers of the items that anyone engaged with and the user had no row with.

        Items that nobody ever engaged with come behind all of these, so they need no score.
        """
        free = self.items.engaged[: len(self.items.ids)] > 0.0
        free[list(self.seen.get(user, ()))] = False
        return np.flatnonzero(free)

    def describe(self, user: str, found: NDArray[np.intp], now_s: float) -> NDArray[np.float64]:
        """The values of NAMES for each candidate, shape (candidates, NAMES)."""
        items = self.items
        made = np.empty((len(found), len(NAMES)))
        made[:, :4] = np.log(items.popular[:, found].T + 0.03)
        since = _wait(now_s - items.last_s[found])
        made[:, 4], made[:, 5] = since, since * since / 10.0
        made[:, 6] = np.log1p(now_s - items.first_s[found])
        rows = items.rows[found]
        made[:, 7], made[:, 8] = np.log(rows), rows == 1.0
        made[:, 9] = (items.engaged[found] + 1.0) / (rows + 1.5)
        made[:, 10:13] = self._near(user, found, now_s)
        number = self._users.get(user, len(self._users))
        made[:, 13] = np.log(100.0 * self.alike.values(number, len(items.ids))[found] + 0.05)
        made[:, 14] = self.habits.length_fit(user)[items.length[found]]
        made[:, 15] = self.habits.patience(user) * since / 3.0
        made[:, ~self._kept] = 0.0
        return made

    def _near(self, user: str, found: NDArray[np.intp], now_s: float) -> NDArray[np.float64]:
        """How near each candidate is to the user's last items: summed, by recency, the nearest."""
        total = np.zeros((3, len(self.items.ids)))
        recent = self.neighbours.recent(user)[-_RECENT:]
        times_s = self._recent_s.get(user, [])[-_RECENT:]
        for other, at_s in zip(recent, times_s, strict=True):
            near = self.neighbours.similar(other, now_s)
            places = [self.items.number[item] for item in near]
            values = np.array(list(near.values()))
            total[0, places] += values
            total[1, places] += values / (1.0 + (now_s - at_s) / 3600.0) ** 0.5
            total[2, places] = np.maximum(total[2, places], values)
        picked = total[:, found].T
        made: NDArray[np.float64] = np.log(picked + np.array([0.02, 0.01, 0.01]))
        return made

    def ask(self, row: Row, learns: bool = True) -> tuple[bool, bool]:
        """Whether the row's item is in the first 20, by the blend and by popularity (3 h)."""
        items, number = self.items, self.items.number.get(row.item)
        if number is None or self.items.engaged[number] == 0.0:
            return False, False
        found = self.candidates(row.user)
        values = self.describe(row.user, found, row.time_s)
        scores = logits(values, self.learner.export())
        place = int(np.searchsorted(found, number))
        popular = items.popular[1, found]
        answer = (
            bool((scores > scores[place]).sum() < TOP),
            bool((popular > popular[place]).sum() < TOP),
        )
        if learns:
            engaged = np.zeros(len(found))
            engaged[place] = 1.0
            step = listwise_descent(values - values.mean(axis=0), engaged.tolist(), scores)
            self.learner.learn(NAMES, step.tolist(), True)
        return answer

    def best(self, user: str, now_s: float) -> list[str]:
        """The first 20 items for a user."""
        found = self.candidates(user)
        scores = logits(self.describe(user, found, now_s), self.learner.export())
        order = np.argsort(-scores, kind="stable")[:TOP]
        return [self.items.ids[number] for number in found[order]]

    def learn(self, row: Row) -> None:
        """Take in a row."""
        before = self.items.number.get(row.item)
        last_s = None if before is None else float(self.items.last_s[before])
        self.items.add(row)
        number = self.items.number[row.item]
        self.seen.setdefault(row.user, set()).add(number)
        if row.positive:
            wait = None if last_s is None else float(_wait(row.time_s - last_s))
            self.habits.add(row.user, int(self.items.length[number]), wait)
            self.alike.engage(self._users.setdefault(row.user, len(self._users)), number)
        if row.positive and row.item not in self.neighbours.recent(row.user):
            self.neighbours.engage(row.user, row.item, row.time_s)
            times_s = self._recent_s.setdefault(row.user, [])
            times_s.append(row.time_s)
            del times_s[: len(times_s) - len(self.neighbours.recent(row.user))]


def _wait(seconds: Any) -> Any:
    """The logarithm of a time since something, at most that of a month."""
    return np.minimum(np.log1p(seconds), 15.0)


def as_it_goes(
    rows: Sequence[Row], asked: Iterable[int], without: Sequence[str] = (), rate: float = 0.05
) -> tuple[list[Answer], NextItem]:
    """Each row is asked for where it is a positive new to its user, and then learnt.

    `asked` are the numbers of the rows whose answers count; the blend learns from all others too.
    """
    model = NextItem(len(rows), without, rate)
    counted = set(asked)
    answers = []
    for number, row in enumerate(rows):
        model.items.advance(row.time_s)
        known = model.items.number.get(row.item)
        is_new = known is None or known not in model.seen.get(row.user, ())
        if row.positive and is_new and (number >= _WARM_ROWS or number in counted):
            hit, hit_popular = model.ask(row)
            if number in counted:
                answers.append(Answer(row.user, number, hit, hit_popular))
        model.learn(row)
    return answers, model


def once(rows: Sequence[Row], learnt: int, without: Sequence[str] = ()) -> list[tuple[str, float]]:
    """Recall of 20 items a user, told after so many rows, over the user's later new positives.

    One value for each user who was known by then and has such.
    """
    _, model = as_it_goes(rows[:learnt], (), without)
    now_s = rows[learnt - 1].time_s
    later: dict[str, set[str]] = {}
    for row in rows[learnt:]:
        number = model.items.number.get(row.item)
        if row.positive and row.user in model.seen and number not in model.seen[row.user]:
            later.setdefault(row.user, set()).add(row.item)
    return [
        (user, len(wanted.intersection(model.best(user, now_s))) / len(wanted))
        for user, wanted in sorted(later.items())
    ]
