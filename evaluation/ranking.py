"""How high a ranking puts what was engaged with: NDCG, hit rate, recall and reciprocal rank.

Law: figures depend on the ranks of engaged items alone, and putting one higher lowers none.
Time: O(items). Judge: the definitions, list by list (tests/evaluation/test_ranking.py).
"""

from __future__ import annotations

import numpy as np

from evaluation.arrays import Flags, Floats, Ints, counts, totals
from evaluation.journal import Lists

CUTS = (1, 5, 10, 20)


def ranks_in_lists(lists: Lists, seed: int) -> Ints:
    """The rank, 0 first, of each item in its own list by the policy's score.

    Rooms without a score come last; ties are broken by lot, never by the shown order.
    """
    score = np.where(np.isnan(lists.score), -np.inf, lists.score)
    lot = np.random.default_rng(seed).random(len(score))
    order = np.lexsort((lot, -score, lists.list_of))
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = lists.slot
    return ranks


def figures(list_of: Ints, ranks: Ints, engaged: Flags, count: int) -> dict[str, Floats]:
    """Each figure of each of `count` lists; NaN where a list has no engaged item.

    Gain is binary, the discount log2(rank + 2), the ideal puts the list's own engaged items first
    (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002). `recall` is the share of engaged items within
    the cut, `hr` whether there is any (Deshpande and Karypis, ACM TOIS 22(1), 2004).
    """
    owner, rank = list_of[engaged], ranks[engaged]
    relevant = np.bincount(owner, minlength=count)
    some = relevant > 0
    deepest = max(CUTS)
    ideal = np.concatenate(([0.0], np.cumsum(1.0 / np.log2(np.arange(deepest) + 2.0))))
    found: dict[str, Floats] = {}
    for cut in CUTS:
        within = rank < cut
        gained = totals(owner[within], 1.0 / np.log2(rank[within] + 2.0), count)
        hits = counts(owner[within], count)
        found[f"ndcg@{cut}"] = _where(some, gained, ideal[np.minimum(relevant, cut)])
        found[f"hr@{cut}"] = _where(some, (hits > 0).astype(np.float64), np.ones(count))
        found[f"recall@{cut}"] = _where(some, hits, relevant.astype(np.float64))
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, owner, rank)
    found["mrr"] = _where(some, np.ones(count), first.astype(np.float64) + 1.0)
    return found


def _where(some: Flags, above: Floats, below: Floats) -> Floats:
    share: Floats = np.full(len(some), np.nan)
    np.divide(above, below, out=share, where=some)
    return share


def shown_figures(lists: Lists, ranks: Ints) -> dict[str, Floats]:
    """Figures over the lists as they were shown; a list of one item has none."""
    found = figures(lists.list_of, ranks, lists.engaged == 1, len(lists))
    single = np.diff(lists.start) < 2
    for values in found.values():
        values[single] = np.nan
    return found


def live_figures(lists: Lists) -> dict[str, Floats]:
    """Figures of the engaged items among all rooms that were live when the list was shown."""
    placed = (lists.engaged == 1) & (lists.rank >= 0)
    return figures(lists.list_of, lists.rank, placed, len(lists))
