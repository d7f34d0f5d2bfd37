"""What a policy would put into each slot of a logged list, and how well a simple model knows it.

The policy takes the best room that is not above, and with the settings' share of exploration one
drawn from the rest of its pool by its chances: DECIDE's own rule before variety among hosts and
tags.
"""

from __future__ import annotations

import numpy as np

from evaluation.arrays import Flags, Floats, Ints
from evaluation.journal import Lists
from evaluation.offpolicy import Slots

_SLOT_GROUPS = np.array([0, 1, 2, 3, 4, 4, 5, 5, 5, 5, 6])
_SCORE_BINS = 10
_PRIOR = 20.0  # imagined decisions at the overall rate, for a cell that hardly any fall into
_FOLDS = 2


def slots_of(lists: Lists, explore_share: float) -> Slots | None:
    """The decisions of all lists whose every slot has a propensity; None where there is none.

    The pool of a list is as large as its `best`; as in DECIDE, a slate explores only where as many
    rooms are left in the pool as it has slots.
    """
    count = len(lists)
    owner, slot = lists.list_of, lists.slot
    usable = np.bincount(owner, (lists.propensity <= 0.0) | (lists.rank < 0), count) == 0
    kept = usable[owner] & (np.diff(lists.start) > 0)[owner]
    if not kept.any():
        return None
    depth = int(slot[kept].max()) + 1
    rows = np.flatnonzero(usable & (np.diff(lists.start) > 0))
    place_of = np.full(count, -1)
    place_of[rows] = np.arange(len(rows))
    # [lists, slots]: the rank of what was logged there; -1 where the list has ended.
    rank = np.full((len(rows), depth), -1, dtype=np.int64)
    rank[place_of[owner[kept]], slot[kept]] = lists.rank[kept]
    pool = np.isfinite(lists.best[rows]).sum(axis=1)
    served = (lists.slate[rows] >= 0).sum(axis=1)
    share = np.where(pool >= 2 * served, explore_share, 0.0)
    chances = lists.chances[rows]
    target, best = _targets(rank, pool, share, chances)
    modelled, expected = _model(lists, rows, rank, best, pool, share)
    inside = rank >= 0
    at = np.nonzero(inside)
    propensity = np.ones(rank.shape)
    reward = np.zeros(rank.shape)
    propensity[place_of[owner[kept]], slot[kept]] = lists.propensity[kept]
    reward[place_of[owner[kept]], slot[kept]] = lists.engaged[kept]
    return Slots(
        lists.user[rows][at[0]],
        at[0].astype(np.int64),
        propensity[inside],
        reward[inside],
        target[inside],
        modelled[inside],
        expected[inside],
    )


def _targets(rank: Ints, pool: Ints, share: Floats, chances: Floats) -> tuple[Floats, Ints]:
    """Probability of the logged action in each slot, and the rank of the best room left there."""
    target = np.zeros(rank.shape)
    best = np.zeros(rank.shape, dtype=np.int64)
    for slot in range(rank.shape[1]):
        above, own = rank[:, :slot], rank[:, slot]
        best[:, slot] = _first_free(above)
        drawn_share = _explored(above, best[:, slot], pool, share)
        drawn = (own >= 0) & (own < pool) & (own != best[:, slot])
        free = _free(above, best[:, slot], pool, chances)
        rest = np.maximum(free.sum(axis=1), 1e-12)
        lines = np.arange(len(own))
        chance = free[lines, np.clip(own, 0, max(free.shape[1] - 1, 0))]
        target[:, slot] = np.where(
            own == best[:, slot], 1.0 - drawn_share, drawn * drawn_share * chance / rest
        )
    return target, best


def _free(above: Ints, first: Ints, pool: Ints, chances: Floats) -> Floats:
    """The chances of the pool's rooms, [lists, pool], 0 for those above and for the best one."""
    width = chances.shape[1]
    free = chances * (np.arange(width) < pool[:, None])
    lines = np.arange(len(free))
    for taken in (*above.T, first):
        held = (taken >= 0) & (taken < width)
        free[lines[held], taken[held]] = 0.0
    return free


def _first_free(above: Ints) -> Ints:
    """The lowest rank that is not above."""
    free = np.zeros(len(above), dtype=np.int64)
    for place in np.sort(above, axis=1).T:
        free += place == free
    return free


def _left(above: Ints, pool: Ints) -> Ints:
    """How many of the pool are not above."""
    taken: Ints = ((above >= 0) & (above < pool[:, None])).sum(axis=1)
    left: Ints = pool - taken
    return left


def _explored(above: Ints, best: Ints, pool: Ints, share: Floats) -> Floats:
    """The share of exploration, 0 where nothing is left to draw from."""
    return np.where((_left(above, pool) > 1) & (best < pool), share, 0.0)


def _model(
    lists: Lists,
    rows: Ints,
    rank: Ints,
    best: Ints,
    pool: Ints,
    share: Floats,
) -> tuple[Floats, Floats]:
    """Modelled reward of the logged action and its mean over the policy's, [lists, slots].

    The model is the mean reward by the policy's score and by slot, fitted on the other half of
    the users, so that no user is judged by a model that has seen them.
    """
    owner = np.searchsorted(rows, lists.list_of)
    owner = np.minimum(owner, len(rows) - 1)
    kept = rows[owner] == lists.list_of
    score = np.full(rank.shape, -np.inf)
    reward = np.zeros(rank.shape)
    at = (owner[kept], lists.slot[kept])
    score[at] = np.where(np.isnan(lists.score[kept]), -np.inf, lists.score[kept])
    reward[at] = lists.engaged[kept]
    inside = rank >= 0
    edges = _edges(score[inside & np.isfinite(score)])
    bins = np.searchsorted(edges, score, side="right")
    best_scores = np.where(np.isnan(lists.best[rows]), -np.inf, lists.best[rows])
    pool_bins = np.searchsorted(edges, best_scores, side="right")
    group = _SLOT_GROUPS[np.minimum(np.arange(rank.shape[1]), len(_SLOT_GROUPS) - 1)]
    group = np.broadcast_to(group, rank.shape)
    fold = lists.user[rows] % _FOLDS
    modelled = np.zeros(rank.shape)
    expected = np.zeros(rank.shape)
    for one in range(_FOLDS):
        table = _table(bins, group, reward, inside & (fold != one)[:, None], len(edges) + 1)
        mine = fold == one
        modelled[mine] = table[bins[mine], group[mine]]
        expected[mine] = _expected(
            *(table, rank[mine], best[mine], pool_bins[mine], pool[mine], share[mine]),
            lists.chances[rows][mine],
        )
    return modelled, expected


def _edges(scores: Floats) -> Floats:
    if len(scores) == 0:
        return np.zeros(0)
    edges: Floats = np.unique(np.quantile(scores, np.arange(1, _SCORE_BINS) / _SCORE_BINS))
    return edges


def _table(bins: Ints, group: Ints, reward: Floats, used: Flags, rows: int) -> Floats:
    """Mean reward a cell, [score bins, slot groups], drawn towards the slot group's mean."""
    columns = int(_SLOT_GROUPS.max()) + 1
    cell = bins[used] * columns + group[used]
    seen = np.bincount(cell, minlength=rows * columns).reshape(rows, columns)
    won = np.bincount(cell, reward[used], rows * columns).reshape(rows, columns)
    overall = (won.sum() + 1.0) / (seen.sum() + 10.0)
    base = (won.sum(axis=0) + _PRIOR * overall) / (seen.sum(axis=0) + _PRIOR)
    table: Floats = (won + _PRIOR * base) / (seen + _PRIOR)
    return table


def _expected(
    table: Floats, rank: Ints, best: Ints, bins: Ints, pool: Ints, share: Floats, chances: Floats
) -> Floats:
    """Mean modelled reward of what the policy takes, [lists, slots]."""
    expected = np.zeros(rank.shape)
    width = bins.shape[1]
    lines = np.arange(len(rank))
    for slot in range(rank.shape[1]):
        group = _SLOT_GROUPS[min(slot, len(_SLOT_GROUPS) - 1)]
        worth = table[bins, group]
        first = best[:, slot]
        own = worth[lines, np.minimum(first, width - 1)]
        free = _free(rank[:, :slot], first, pool, chances)
        mean = (worth * free).sum(axis=1) / np.maximum(free.sum(axis=1), 1e-12)
        drawn = _explored(rank[:, :slot], first, pool, share)
        expected[:, slot] = (1.0 - drawn) * own + drawn * mean
    return expected
