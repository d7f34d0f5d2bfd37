"""Maximal marginal relevance: each place of a list goes to what is worth most beside those above.

    argmax over what is left of  utility(i) - diversity * max over those above of likeness(i, j)

where the likeness of two rooms is the Jaccard index of their tags, 0 where neither has any
(Carbonell and Goldstein, SIGIR 1998; there both terms are weighed, here utility is in logits as it
is). Judge: `naive` in tests/decisions/test_diversified.py. Time: O(pool² + count * pool).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def diversified(
    best: list[int],
    worth: NDArray[np.float64],
    tags_of: Sequence[Sequence[int]],
    diversity: float,
    count: int,
) -> list[int]:
    """The places of a pool, best first, so that the first `count` are varied; the rest follow.

    `worth` runs along with `best`, in logits, and `tags_of` has the tags of every place. Ties go
    to the room that stands first.
    """
    if diversity <= 0.0 or len(best) < 3:
        return best
    alike = _alike([tags_of[place] for place in best])
    left = worth.astype(np.float64)
    nearest = np.zeros(len(best))
    order: list[int] = []
    for _ in range(min(count, len(best))):
        taken = int(np.argmax(left - diversity * nearest))
        order.append(taken)
        left[taken] = -np.inf
        np.maximum(nearest, alike[taken], out=nearest)
    above = set(order)
    order += [place for place in range(len(best)) if place not in above]
    return [best[place] for place in order]


def _alike(tags: list[Sequence[int]]) -> NDArray[np.float64]:
    """The Jaccard index of each pair, [n, n]."""
    column = {tag: number for number, tag in enumerate({tag: None for own in tags for tag in own})}
    has = np.zeros((len(tags), max(len(column), 1)))
    for row, own in enumerate(tags):
        has[row, [column[tag] for tag in own]] = 1.0
    shared = has @ has.T
    sizes = has.sum(axis=1)
    either = sizes[:, None] + sizes[None, :] - shared
    alike: NDArray[np.float64] = shared / np.maximum(either, 1.0)
    return alike
