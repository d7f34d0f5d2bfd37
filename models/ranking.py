"""How well whole lists are ordered: NDCG@10, hit@10 and reciprocal rank, ranker beside ranker."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np

from models.bootstrap import paired_bootstrap
from models.scorer import Vector

CUT = 10
_GAIN = tuple(1.0 / math.log2(rank + 2) for rank in range(CUT))
_IDEAL = tuple(sum(_GAIN[:n]) for n in range(CUT + 1))


def list_metrics(ranks: Sequence[int]) -> tuple[float, float, float]:
    """NDCG@10, hit@10 and reciprocal rank of one list from its engaged items' ranks, 0 first.

    Gain is binary, the discount log2 of rank + 1, the ideal has the list's own number of engaged
    items (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002).

    >>> list_metrics([0])
    (1.0, 1.0, 1.0)
    """
    gained = sum(_GAIN[rank] for rank in sorted(ranks) if rank < CUT)
    first = min(ranks)
    return gained / _IDEAL[min(len(ranks), CUT)], float(first < CUT), 1.0 / (first + 1)


def engaged_ranks(scores: Vector, engaged: Sequence[int], ties: Sequence[float]) -> list[list[int]]:
    """Ranks, 0 first, that each ranker gives the engaged items of one list.

    Scores have shape (rankers, items), higher is better; equal scores go by `ties`, lower first,
    then by index.
    """
    place = np.empty(len(ties), dtype=np.int64)
    place[np.lexsort((np.arange(len(ties)), np.asarray(ties)))] = np.arange(len(ties))
    yes = np.flatnonzero(np.asarray(engaged) == 1)
    mine = scores[:, yes, None]
    all_of = scores[:, None, :]
    ahead = (all_of > mine) | ((all_of == mine) & (place < place[yes, None]))
    ranks: list[list[int]] = ahead.sum(axis=2).tolist()
    return ranks


class RankingState(msgspec.Struct, array_like=True):
    """Figures at rest; `tail` is little-endian float64, lists x rankers, oldest first."""

    rankers: list[str]
    lists: int
    sums: list[list[float]]
    tail: bytes


class Ranking:
    """Figures of several rankers over the same lists: all of them, and the newest `last`.

    The first ranker is the one served, the others are baselines. Space: O(last x rankers).
    """

    def __init__(self, rankers: Sequence[str], last: int) -> None:
        self.rankers = tuple(rankers)
        self.lists = 0
        self._sums = np.zeros((len(self.rankers), 3))
        self._tail: deque[list[float]] = deque(maxlen=last)

    def update(self, scores: Vector, engaged: Sequence[int], ties: Sequence[float]) -> None:
        """Judges one list with an engaged item; see `engaged_ranks` for the shapes."""
        figures = np.array([list_metrics(r) for r in engaged_ranks(scores, engaged, ties)])
        self._sums += figures
        self._tail.append(figures[:, 0].tolist())
        self.lists += 1

    def tail(self, ranker: str) -> Vector:
        """NDCG@10 of each of the newest lists, oldest first."""
        column = self.rankers.index(ranker)
        return np.array([row[column] for row in self._tail])

    def figures(self, ranker: str) -> dict[str, object]:
        """A ranker's means over all lists, and its NDCG@10 over the newest as `last`."""
        sums = self._sums[self.rankers.index(ranker)].tolist()
        means = [total / self.lists if self.lists else None for total in sums]
        tail = self.tail(ranker)
        return {
            "lists": self.lists,
            "ndcg_at_10": means[0],
            "hit_at_10": means[1],
            "mrr": means[2],
            "last": {
                "lists": len(tail),
                "ndcg_at_10": float(tail.mean()) if len(tail) else None,
            },
        }

    def against(self, baseline: str, resamples: int, seed: int) -> dict[str, object] | None:
        """Paired bootstrap of the served ranker's NDCG@10 less a baseline's, newest lists."""
        ours = self.tail(self.rankers[0])
        if len(ours) == 0:
            return None
        found = paired_bootstrap(ours, self.tail(baseline), resamples, seed)
        return {"baseline": baseline, "lists": len(ours), "resamples": resamples, **found}

    def snapshot(self) -> RankingState:
        """The figures as plain values."""
        tail = np.array(self._tail).astype("<f8").tobytes()
        return RankingState(list(self.rankers), self.lists, self._sums.tolist(), tail)

    def restore(self, state: RankingState) -> None:
        """Continues a snapshot of the same rankers; a shorter tail keeps the newest that fit."""
        self.lists = state.lists
        self._sums[:] = state.sums
        self._tail.clear()
        held = np.frombuffer(state.tail, dtype="<f8").reshape(-1, len(self.rankers))
        self._tail.extend(held.tolist())
