"""What a clicked list says about its items: which were preferred to which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from events.hashing import hash64
from features.example import Example
from models.river_parts import optim
from models.scorer import Vector


class Descent(optim.losses.Log):
    """A loss of slope -1 everywhere, for a row that is itself the direction to step in.

    With it a River model takes the step of any loss whose descent is computed outside, here
    that of a whole list, and keeps River's optimizer, weights and importance weights.
    """

    def gradient(self, y_true: Any, y_pred: Any) -> Any:
        """The slope, whatever the prediction."""
        return -1.0


def listwise_descent(rows: Vector, engaged: Sequence[int], scores: Vector) -> Vector:
    """Descent of the list's softmax cross-entropy, shape (features,).

    The target is spread evenly over the engaged items (ListNet's top-one loss; Cao et al.,
    Learning to rank: from pairwise approach to listwise approach, ICML 2007). Rows have shape
    (items, features), scores (items,) in logits; at least one item is engaged.
    """
    grown = np.exp(scores - scores.max())
    wanted = np.array(engaged, dtype=np.float64)
    pull = wanted / wanted.sum() - grown / grown.sum()
    descent: Vector = (rows * pull[:, None]).sum(axis=0)
    return descent


def pairs(engaged: Sequence[int], pairs_max: int, offset: int) -> list[tuple[int, int]]:
    """At most `pairs_max` distinct (engaged, not engaged) index pairs, evenly spaced over all.

    `offset`, any whole number, says where to begin; the same one gives the same pairs.

    >>> pairs([1, 0, 0, 1], 2, 0)
    [(0, 1), (3, 1)]
    """
    yes = [i for i, label in enumerate(engaged) if label == 1]
    no = [i for i, label in enumerate(engaged) if label != 1]
    total = len(yes) * len(no)
    count = min(pairs_max, total)
    chosen = [(offset + i * total // count) % total for i in range(count)]
    return [(yes[k // len(no)], no[k % len(no)]) for k in chosen]


def clicked_lists(batch: Sequence[Example]) -> list[list[int]]:
    """Indices of each list in a batch that has an engaged item, in the order of the batch.

    A list's members share `due_ms`, `user_id` and `request_id`. A single item is no list, and
    an example without an engagement label (an order's) belongs to none.
    """
    lists: dict[tuple[int, str, str], list[int]] = {}
    for i, example in enumerate(batch):
        if example.engaged < 0:
            continue
        key = (example.due_ms, example.user_id, example.request_id)
        lists.setdefault(key, []).append(i)
    return [
        members
        for members in lists.values()
        if len(members) > 1 and any(batch[i].engaged == 1 for i in members)
    ]


def pairs_of(members: Sequence[Example], pairs_max: int) -> list[tuple[int, int]]:
    """`pairs` of a list, begun where a hash of its first impression says."""
    return pairs([e.engaged for e in members], pairs_max, hash64(members[0].event_id))
