"""How near each room is to the rooms that a user engaged with last, by the audience they share.

Two features are sums over a user's recent rooms k, each with a prior weight p and a value v
(`features.recent`), and over the table's nearest neighbours of each, with similarity s:

    neighbour_match(c)      Σ p v s                    item-item collaborative filtering
    neighbour_attention(c)  Σ a v s,  a ∝ p exp(β s)   attention with the candidate c as the query

each saturating as x / (|x| + half); after Sarwar and others (WWW 2001) and Zhou and others (Deep
Interest Network, KDD 2018). A room that is no neighbour has s = 0, so a pass over the neighbours
gives both for every room at once. A third, `neighbour_users`, is that of `features.alike`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.content import Content
from features.neighbour_table import NeighbourTable
from features.recent import RecentSettings

Recent = Sequence[tuple[str, float, float]]
Vector = NDArray[np.float64]


class Near:
    """A table of neighbours over the rooms of a content.

    Time: O(recent * neighbours + rooms) a call. Sums run over the recent rooms in their order,
    room by room, so that a room's value does not depend on the others. Judge: `naive` in
    tests/features/test_near.py.
    """

    def __init__(self, content: Content, table: NeighbourTable, settings: RecentSettings) -> None:
        self.names = settings.near_names
        """Of the features, in their order; the last where users alike are told of too."""
        self.stamp_s = table.stamp_s
        self._halves = settings.match_half, settings.attention_half
        self._number = content.number
        self._rooms = rooms = len(content.ids)
        number_of = [*(content.number.get(room_id, rooms) for room_id in table.ids), rooms]
        to_number = np.array(number_of, np.intp)
        width = table.places.shape[1]
        # The last row is that of a room without neighbours, the last number that of no room.
        self._places = np.full((rooms + 1, max(width, 1)), rooms, np.intp)
        self._similar = np.zeros((rooms + 1, max(width, 1)))
        known = np.flatnonzero(to_number[:-1] < rooms)
        self._places[to_number[known], :width] = to_number[table.places[known]]
        self._similar[to_number[known], :width] = table.similar[known]
        gained = np.expm1(settings.sharpness * self._similar)
        self._gained = gained
        self._weighed = self._similar * (gained + 1.0)
        self._alike = table.alike(settings) if settings.users else None
        ids = table.panel.ids if settings.users else ()
        in_panel = [content.number.get(room_id, rooms) for room_id in ids]
        self._in_panel, self._held = np.array(in_panel, np.intp), frozenset(in_panel)

    def __call__(self, recent: Recent, person: str = "") -> tuple[Vector, ...]:
        """The features for every room by number, and behind the last for one that nobody knows."""
        pair = self._of_rooms(recent)
        return (*pair, self._of_users(recent, person)) if self.has_users else pair

    def at(self, number: int, recent: Recent, person: str) -> tuple[float, ...]:
        """The features for one room; users alike are not looked for where nobody had it yet."""
        match, attention = self._of_rooms(recent)
        pair = float(match[number]), float(attention[number])
        if not self.has_users:
            return pair
        return *pair, float(self._of_users(recent, person)[number] if number in self._held else 0.0)

    @property
    def has_users(self) -> bool:
        """Whether the last feature is that of users alike."""
        return self._alike is not None

    def _of_users(self, recent: Recent, person: str) -> Vector:
        made = np.zeros(self._rooms + 1)
        values = None if self._alike is None else self._alike(recent, person)
        if values is not None:
            made[self._in_panel] = values
            made[-1] = 0.0
        return made

    def _of_rooms(self, recent: Recent) -> tuple[Vector, Vector]:
        rows, prior, value = self._rows(recent)
        count = self._rooms + 1
        places = self._places.take(rows, 0).ravel()
        valued = prior * value

        def total(parts: Vector) -> Vector:
            return np.bincount(places, parts.ravel(), count).astype(np.float64, copy=False)

        match = total(self._similar.take(rows, 0) * valued)
        attention = total(self._weighed.take(rows, 0) * valued)
        attention /= total(self._gained.take(rows, 0) * prior) + sum(p for _, p, _ in recent)
        match[-1] = attention[-1] = 0.0
        match_half, attention_half = self._halves
        match /= np.abs(match) + match_half
        attention /= np.abs(attention) + attention_half
        return match, attention

    def _rows(self, recent: Recent) -> tuple[list[int], Vector, Vector]:
        get, unknown = self._number.get, self._rooms
        rows = [get(room_id, unknown) for room_id, _, _ in recent]
        prior = np.array([[weight] for _, weight, _ in recent])
        value = np.array([[worth] for _, _, worth in recent])
        return rows, prior, value

    def attended(self, recent: Recent) -> NDArray[np.intp]:
        """For every room by number which of the recent rooms is weighed most; -1 for none."""
        rows, prior, value = self._rows(recent)
        weighed = (self._weighed.take(rows, 0) * (prior * value)).ravel()
        order = np.argsort(weighed, kind="stable")
        order = order[weighed[order] > 0.0]
        found = np.full(self._rooms + 1, -1, np.intp)
        width = self._places.shape[1]
        # Of several values for one room the last stays: the largest, and of equal ones the older.
        found[self._places.take(rows, 0).ravel()[order]] = order // width
        return found
