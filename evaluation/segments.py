"""Kinds of users that a policy may serve unequally: new and old, light and heavy."""

from __future__ import annotations

import numpy as np

from evaluation.arrays import Flags, Ints

SEGMENTS = ("new", "old", "light", "heavy")
_NEW_LISTS = 3
_HEAVY_SHARE = 0.2


def segments_of(user: Ints, users: int) -> dict[str, Flags]:
    """Which lists, in order of time, belong to each segment.

    A list is of a new user if it is one of the first three that the log holds of them, else of an
    old one. Heavy users are the fifth with the most lists in the whole log, ties shared out by
    index; the others are light. The division is for the report alone: no policy knows it.
    """
    order = np.argsort(user, kind="stable")
    first = np.searchsorted(user[order], user[order])
    nth = np.empty(len(user), dtype=np.int64)
    nth[order] = np.arange(len(user)) - first
    count = np.bincount(user, minlength=users)
    heavy = np.zeros(users, dtype=bool)
    active = int((count > 0).sum())
    heavy[np.argsort(-count, kind="stable")[: max(1, round(active * _HEAVY_SHARE))]] = True
    return {
        "new": nth < _NEW_LISTS,
        "old": nth >= _NEW_LISTS,
        "light": ~heavy[user],
        "heavy": heavy[user],
    }
