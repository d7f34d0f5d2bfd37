"""Users alike: who engaged of late with the same rooms, and with what else.

Two users are near by the rooms that they share, each by one over the logarithm of its audience
(Adamic and Adar, Social Networks 25, 2003), squared, over how many the other has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from features.recent import RecentSettings

Vector = NDArray[np.float64]


def shares(audiences: NDArray[np.intp]) -> Vector:
    """What each item counts where two users share it, by how many have it."""
    made: Vector = 1.0 / np.log(2.0 + audiences)
    return made


def nearest(
    shared: Vector, counts: NDArray[np.intp], prior: float, most: int
) -> tuple[NDArray[np.intp], Vector]:
    """The numbers of the nearest users, ascending, and how near each is; only who shares anything.

    `shared` is what each user shares, `counts` how many items each has. Of users equally near
    those of the lower numbers are taken.
    """
    nearness: Vector = shared * shared
    nearness /= counts + prior
    [found] = (nearness > 0.0).nonzero()
    if len(found) > most:
        values = nearness.take(found)
        ordered = values.copy()
        ordered.partition(len(found) - most)
        least = ordered[len(found) - most]
        nearer, ties = found[values > least], found[values == least]
        found = np.concatenate([nearer, ties[: most - len(nearer)]])
        found.sort()
    return found, nearness.take(found)


class Alike:
    """The users of a panel by their rooms, and what those of them have who are near to a user.

    Time: what the audiences of the user's rooms and the near users have, added up, and a pass over
    the panel. Judge: dense matrices in tests/features/test_alike.py.
    """

    def __init__(self, panel: Panel, settings: RecentSettings) -> None:
        self._panel = panel
        self._prior, self._most = settings.alike_prior, settings.alike_max
        self._rooms = rooms = len(panel.ids)
        self._number = {room_id: number for number, room_id in enumerate(panel.ids)}
        self._counts = (panel.rows < rooms).sum(axis=1)
        held = panel.rows.ravel()
        ends = np.bincount(held, minlength=rooms + 1).cumsum()[:rooms]
        users = held.argsort(kind="stable") // panel.rows.shape[1]
        self._audiences = np.split(users, ends)[:rooms]
        sizes = np.diff(ends, prepend=0)
        self._shares, self._sizes = shares(sizes).tolist(), sizes.tolist()
        self._usual: Vector = sizes / max(len(panel.rows), 1)

    def __call__(self, recent: Sequence[tuple[str, float, float]], person: str) -> Vector | None:
        """For each room of the panel the share of those near who have it, less that of all users.

        In (-1, 1); None where nobody is near. Of the user's rooms those count of which something
        came, by how much and how long ago. The user's own row never counts, and of the rooms by
        which the others were found it says nothing, 0.
        """
        audiences, weights, sizes, own_rooms = [], [], [], []
        for room_id, prior, value in recent:
            number = self._number.get(room_id)
            if number is not None and value > 0.0:
                own_rooms.append(number)
                audiences.append(self._audiences[number])
                weights.append(self._shares[number] * prior * value)
                sizes.append(self._sizes[number])
        if not audiences:
            return None
        each = np.array(weights).repeat(sizes)
        shared: Vector = np.bincount(np.concatenate(audiences), each, len(self._counts)).astype(
            np.float64, copy=False
        )
        own = self._panel.row_of(person)
        if own >= 0:
            shared[own] = 0.0
        users, nearness = nearest(shared, self._counts, self._prior, self._most)
        if not len(users):
            return None
        rows = self._panel.rows.take(users, 0)
        total = np.bincount(rows.ravel(), nearness.repeat(rows.shape[1]), self._rooms + 1)[:-1]
        lift: Vector = total / np.add.reduce(nearness) - self._usual
        lift[own_rooms] = 0.0
        return lift
