"""How well whole lists are ordered: NDCG@10, hit@10 and reciprocal rank, ranker beside ranker."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from models.bootstrap import paired_bootstrap
from models.scorer import Vector

CUT = 10
# The rank behind the last one that counts gains nothing.
_GAIN = np.array([*(1.0 / math.log2(rank + 2) for rank in range(CUT)), 0.0])
_IDEAL = np.array([sum(_GAIN[:n].tolist()) for n in range(CUT + 1)])
_RANK_MAX = 1 << 32
Whole = npt.NDArray[np.int64]


def engaged_ranks(scores: Vector, engaged: Whole, ties: Vector, sizes: Whole) -> Whole:
    """Ranks, 0 first, that each ranker gives the engaged items of lists laid end to end.

    Scores have shape (rankers, items), higher is better; equal scores go by `ties`, lower first,
    then by index. `sizes` are the lists' lengths, so that many lists cost hardly more than one.
    The result has shape (rankers, engaged items).
    """
    items = np.arange(len(ties))
    place = np.empty(len(ties), dtype=np.int64)
    place[np.lexsort((items, ties))] = items
    yes = np.flatnonzero(engaged == 1)
    of = np.repeat(np.arange(len(sizes)), sizes)[yes]
    # Each engaged item beside all items of its own list.
    beside = sizes[of]
    begins = np.cumsum(beside) - beside
    mine = np.repeat(yes, beside)
    other = np.arange(len(mine)) + np.repeat((np.cumsum(sizes) - sizes)[of] - begins, beside)
    ours, theirs = scores[:, mine], scores[:, other]
    ahead = (theirs > ours) | ((theirs == ours) & (place[other] < place[mine]))
    ranks: Whole = np.add.reduceat(ahead.astype(np.int64), begins, axis=1)
    return ranks


def list_metrics(ranks: Whole, counts: Whole) -> Vector:
    """NDCG@10, hit@10 and reciprocal rank of each list: shape (lists, rankers, 3).

    `ranks` are as of `engaged_ranks`, `counts` how many of them belong to each list, at least
    one. Gain is binary, the discount log2 of rank + 1, the ideal has the list's own number of
    engaged items (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002).

    >>> list_metrics(np.array([[0], [1]]), np.array([1])).round(2).tolist()
    [[[1.0, 1.0, 1.0], [0.63, 1.0, 0.5]]]
    """
    begins = np.cumsum(counts) - counts
    # Gains are added from the first rank on, as the ideal's are: a perfect list has 1 exactly.
    offset = np.repeat(np.arange(len(counts)), counts) * _RANK_MAX
    ordered = np.sort(ranks + offset, axis=1) - offset
    gained = np.add.reduceat(_GAIN[np.minimum(ordered, CUT)], begins, axis=1)
    first = ordered[:, begins]
    figures = np.stack(
        (gained / _IDEAL[np.minimum(counts, CUT)], first < CUT, 1.0 / (first + 1.0)), axis=2
    )
    return figures.transpose(1, 0, 2)


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
        # A row as its bytes: a snapshot has them in one go.
        self._tail: deque[bytes] = deque(maxlen=last)

    def update(self, scores: Vector, engaged: Whole, ties: Vector, sizes: Whole) -> None:
        """Judges lists, each with an engaged item; see `engaged_ranks` for the shapes."""
        ranks = engaged_ranks(scores, engaged, ties, sizes)
        counts = np.add.reduceat((engaged == 1).astype(np.int64), np.cumsum(sizes) - sizes)
        figures = list_metrics(ranks, counts)
        for one in figures:
            self._sums += one
        self._tail.extend(row.tobytes() for row in figures[:, :, 0].astype("<f8"))
        self.lists += len(sizes)

    def tail(self, ranker: str) -> Vector:
        """NDCG@10 of each of the newest lists, oldest first."""
        return self._rows(b"".join(self._tail))[:, self.rankers.index(ranker)]

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
        tail = b"".join(self._tail)
        return RankingState(list(self.rankers), self.lists, self._sums.tolist(), tail)

    def restore(self, state: RankingState) -> None:
        """Continues a snapshot of the same rankers; a shorter tail keeps the newest that fit."""
        self.lists = state.lists
        self._sums[:] = state.sums
        self._tail.clear()
        self._tail.extend(row.tobytes() for row in self._rows(state.tail))

    def _rows(self, tail: bytes) -> Vector:
        return np.frombuffer(tail, dtype="<f8").reshape(-1, len(self.rankers))
