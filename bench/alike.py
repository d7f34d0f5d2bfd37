"""User-user neighbours over all that was ever engaged with: each user against all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.alike import nearest, shares

_PRIOR = 5.0
"""Items that a user counts as having more, so that who has few is not near by one alone."""


class Alike:
    """Users by the items that they engaged with, both given as numbers from 0 on.

    Who is near, and how near, is as in the flow (`features.alike`); an item's value is the share of
    the nearness that those who have it have. Order: as told. Time: what the user's items' audiences
    and the near users have, added up, and a pass over the users. Judged by dense matrices.
    """

    def __init__(self, near_max: int = 100) -> None:
        self._near_max = near_max
        self._items: list[list[int]] = []
        self._audience: list[list[int]] = []

    def engage(self, user: int, item: int) -> None:
        """The user has engaged with the item; a second time counts nothing."""
        while len(self._items) <= user:
            self._items.append([])
        while len(self._audience) <= item:
            self._audience.append([])
        if user not in self._audience[item]:
            self._items[user].append(item)
            self._audience[item].append(user)

    def near(self, user: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The nearest others and how near each is."""
        own = self._items[user] if user < len(self._items) else []
        audiences = [self._audience[item] for item in own]
        sizes = np.array([len(audience) for audience in audiences], np.intp)
        others = np.array([other for audience in audiences for other in audience], np.intp)
        shared = np.bincount(others, np.repeat(shares(sizes), sizes), len(self._items))
        if user < len(shared):
            shared[user] = 0.0
        counts = np.array([len(held) for held in self._items], np.intp)
        return nearest(shared.astype(np.float64, copy=False), counts, _PRIOR, self._near_max)

    def values(self, user: int, items: int) -> NDArray[np.float64]:
        """For each item by number, the share of the nearness to others that those who have it have.

        All 0 for a user who shares nothing with anyone.
        """
        others, nearness = self.near(user)
        if not len(others):
            return np.zeros(items)
        theirs = [self._items[other] for other in others]
        weights = np.repeat(nearness, [len(held) for held in theirs])
        total = np.bincount(np.concatenate([np.array(held) for held in theirs]), weights, items)
        shares_of: NDArray[np.float64] = total / nearness.sum()
        return shares_of
