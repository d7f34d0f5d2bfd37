"""What is known of a KuaiRand impression, as numbers, and a learner that goes row by row.

Every row is described and scored before its label is given. The settings were chosen on the first
25,096 rows (three fifths).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.kuairand_rows import Row
from bench.rates import Rate, logit
from models.bayes import BayesianLogistic

GROUPS = {
    "user": ("u_long", "u_long_now", "u_click", "u_click_now", "u_like", "u_like_now", "u_rows"),
    "item": ("i_long", "i_click", "i_rows", "i_age", "i_by_duration"),
    "duration": ("d_long", "d_long_now", "d_log", "d_log2", "d_user", "d_user_now", "d_base"),
    "residual": ("u_residual", "i_residual"),
    "cold": (
        "c_new",
        "c_long",
        "c_duration",
        "c_user",
        "c_user_click",
        "c_user_now",
        "c_user_like",
    ),
    "pace": ("gap", "gap_long"),
}
"""Groups of features, each an ablation."""
NAMES = tuple(name for names in GROUPS.values() for name in names)
BENT = (
    *("i_long", "d_base", "i_click", "u_long", "u_click", "d_long", "d_log", "u_click_now", "gap"),
    *("i_age", "u_rows", "i_rows", "u_like", "c_user_click", "c_user", "c_duration"),
)
"""Features that also count by a line of straight pieces."""
KNOTS = np.array([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
_DURATIONS_S = (0.001, 5, 7, 9, 11, 13, 16, 20, 30, 45, 60, 90, 120, 180, 300)
_COARSE_S = (0.001, 13, 45)
_QUARTER_HOUR_S, _DAY_S = 900.0, 86_400.0


class Known:
    """All that was seen so far, and the numbers made of it."""

    def __init__(self) -> None:
        self._overall = Rate()
        self._user = {kind: (Rate(), Rate(_QUARTER_HOUR_S)) for kind in ("long", "click", "like")}
        self._item = {kind: Rate() for kind in ("long", "click")}
        self._duration, self._duration_now = Rate(), Rate(_DAY_S)
        self._by_user, self._by_user_now = Rate(), Rate(_DAY_S)
        self._item_fit, self._user_left, self._item_left = Rate(), Rate(), Rate()
        self._cold, self._cold_duration, self._cold_user = Rate(3 * _DAY_S), Rate(), Rate()
        self._cold_click, self._cold_click_now = Rate(_DAY_S), Rate(1800.0)
        self._cold_like = Rate(_DAY_S)
        self._last_s: dict[str, float] = {}
        self._first_s: dict[str, float] = {}

    def __call__(self, row: Row) -> list[float]:
        """The values of NAMES."""
        user, item, now_s, duration_s = row[:4]
        overall = {
            kind: self._overall.value(kind, now_s, 0.5, 5.0) for kind in ("long", "click", "like")
        }
        long = overall["long"]
        bin_, coarse = _place(duration_s, _DURATIONS_S), _place(duration_s, _COARSE_S)
        own = {}
        for kind, (ever, now) in self._user.items():
            own[kind] = ever.value(user, now_s, overall[kind], 3.0)
            own[kind + "_now"] = logit(now.value(user, now_s, own[kind], 2.0)) - logit(own[kind])
        rows_of_user = self._user["long"][0].counts(user, now_s)[1]
        rows_of_item = self._item["long"].counts(item, now_s)[1]
        by_duration = self._duration.value(bin_, now_s, long, 20.0)
        base = logit(own["long"]) + logit(by_duration) - logit(long)
        likely = 1.0 / (1.0 + math.exp(-base))
        new = item not in self._first_s
        log_s = math.log1p(duration_s) / 3.0 - 0.8 if duration_s else 0.0
        gap_s = now_s - self._last_s.get(user, now_s)
        fit = self._by_user.value((user, coarse), now_s, likely, 3.0)
        left, count = self._user_left.counts(user, now_s)
        item_left, item_count = self._item_left.counts(item, now_s)
        return [
            *(logit(own["long"]), own["long_now"], logit(own["click"]), own["click_now"]),
            *(logit(own["like"]), own["like_now"], rows_of_user / (rows_of_user + 20.0)),
            logit(self._item["long"].value(item, now_s, long, 5.0)) - logit(long),
            logit(self._item["click"].value(item, now_s, overall["click"], 5.0))
            - logit(overall["click"]),
            rows_of_item / (rows_of_item + 5.0),
            0.0 if new else math.log1p(now_s - self._first_s[item]) / 10.0 - 0.8,
            logit(self._item_fit.value(item, now_s, by_duration, 4.0)) - logit(by_duration),
            logit(by_duration),
            logit(self._duration_now.value(bin_, now_s, by_duration, 30.0)),
            log_s,
            log_s * log_s,
            logit(fit) - base,
            logit(self._by_user_now.value((user, coarse), now_s, fit, 2.0)) - base,
            base,
            left / (count + 3.0),
            item_left / (item_count + 3.0),
            float(new),
            _leaning(self._cold, min(rows_of_item, 3.0), now_s, 20.0, 0.46),
            _leaning(self._cold_duration, (bin_, new), now_s, 10.0, 0.46),
            _leaning(self._cold_user, (user, new), now_s, 3.0, 0.46),
            _leaning(self._cold_click, (user, new), now_s, 3.0, 0.65),
            _leaning(self._cold_click_now, (user, new), now_s, 3.0, 0.65),
            _leaning(self._cold_like, (user, new), now_s, 3.0, 0.8),
            math.log1p(gap_s) / 8.0 - 0.6 if user in self._last_s else 0.0,
            float(gap_s > 1800.0),
        ]

    def learn(self, row: Row, values: Sequence[float]) -> None:
        """Take in what came of a row that had these values."""
        user, item, now_s, duration_s = row[:4]
        new = item not in self._first_s
        bin_, coarse = _place(duration_s, _DURATIONS_S), _place(duration_s, _COARSE_S)
        told = {"long": row.long_view, "click": row.clicked, "like": row.liked}
        rows_of_item = self._item["long"].counts(item, now_s)[1]
        value = dict(zip(NAMES, values, strict=True))
        for kind, hit in told.items():
            self._overall.add(kind, now_s, hit)
            for rate in self._user[kind]:
                rate.add(user, now_s, hit)
            if kind in self._item:
                self._item[kind].add(item, now_s, hit)
        for rate, key in (
            (self._duration, bin_),
            (self._duration_now, bin_),
            (self._by_user, (user, coarse)),
            (self._by_user_now, (user, coarse)),
            (self._item_fit, item),
            (self._cold, min(rows_of_item, 3.0)),
            (self._cold_duration, (bin_, new)),
            (self._cold_user, (user, new)),
        ):
            rate.add(key, now_s, row.long_view)
        self._cold_click.add((user, new), now_s, row.clicked)
        self._cold_click_now.add((user, new), now_s, row.clicked)
        self._cold_like.add((user, new), now_s, row.liked)
        self._user_left.add(user, now_s, row.long_view - _chance(value["d_long"]))
        self._item_left.add(item, now_s, row.long_view - _chance(value["d_base"]))
        self._last_s[user] = now_s
        self._first_s.setdefault(item, now_s)


def _place(value: float, edges: Sequence[float]) -> int:
    return sum(value >= edge for edge in edges)


def _leaning(rate: Rate, key: object, now_s: float, prior: float, usual: float) -> float:
    """How far a rate lies above what is usual, drawn towards it."""
    hits, trials = rate.counts(key, now_s)  # type: ignore[arg-type]
    return (hits - usual * trials) / (trials + prior)


def _chance(logit_: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit_))


class Scaler:
    """Values less their running mean, over their running spread, cut at 4."""

    def __init__(self, size: int) -> None:
        self._count = 1.0
        self._mean = np.zeros(size)
        self._squares = np.ones(size)

    def __call__(self, values: Sequence[float]) -> NDArray[np.float64]:
        """The values scaled by all rows before; then they count themselves."""
        row = np.array(values)
        scaled = (row - self._mean) / np.sqrt(self._squares / self._count + 1e-6)
        self._count += 1.0
        apart = row - self._mean
        self._mean += apart / self._count
        self._squares += apart * (row - self._mean)
        cut: NDArray[np.float64] = np.clip(scaled, -4.0, 4.0)
        return cut


def bent(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each value by its distance to the two knots around it: a line of straight pieces."""
    cut = np.clip(values, KNOTS[0], KNOTS[-1])
    left = np.clip(np.searchsorted(KNOTS, cut, "right") - 1, 0, len(KNOTS) - 2)
    share = (cut - KNOTS[left]) / (KNOTS[left + 1] - KNOTS[left])
    pieces = np.zeros((len(values), len(KNOTS)))
    rows = np.arange(len(values))
    pieces[rows, left] = 1.0 - share
    pieces[rows, left + 1] = share
    return pieces.ravel()


def described(rows: Sequence[Row]) -> NDArray[np.float64]:
    """The scaled values of every row, shape (rows, NAMES), from rows before it alone."""
    known, scale = Known(), Scaler(len(NAMES))
    made = np.empty((len(rows), len(NAMES)))
    for number, row in enumerate(rows):
        values = known(row)
        made[number] = scale(values)
        known.learn(row, values)
    return made


def progressive_logits(
    rows: Sequence[Row],
    table: NDArray[np.float64],
    without: Sequence[str] = (),
    bends: bool = True,
    splits: bool = True,
    learner: str = "bayes",
    variance: float = 0.01,
    forgetting: float = 1e-4,
) -> NDArray[np.float64]:
    """Each row's score before its label is learnt; `without` names groups that are left out."""
    from river import linear_model

    from models.optimizers import build_optimizer

    left_out = {name for group in without for name in GROUPS[group]}
    kept = [place for place, name in enumerate(NAMES) if name not in left_out]
    curved = [NAMES.index(name) for name in BENT if name not in left_out]
    new = NAMES.index("c_new")
    is_new = table[:, new] > 0.0
    width = len(kept) * (2 if splits else 1) + (len(curved) * len(KNOTS) if bends else 0)
    model = BayesianLogistic(variance, forgetting=forgetting)
    plain = linear_model.LogisticRegression(build_optimizer("adagrad", 0.02), intercept_lr=0.02)
    names = [f"{place}" for place in range(width)]
    model.start(dict.fromkeys(names, 0.0), 0.0)
    places = np.arange(width + 1)
    scores = np.empty(len(rows))
    for number, row in enumerate(rows):
        parts = [np.ones(1), table[number, kept]]
        if splits:
            parts.append(table[number, kept] * is_new[number])
        if bends:
            parts.append(bent(table[number, curved]))
        values = np.concatenate(parts)
        if learner == "bayes":
            scores[number] = model.score_values(values)
            model.learn_values(places, values, row.long_view)
        else:
            named = dict(zip(names, values[1:].tolist(), strict=True))
            scores[number] = plain._raw_dot_one(named)
            plain.learn_one(named, row.long_view)
    return scores
