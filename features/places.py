"""Where each room stands among the ids of a publisher that only ever appends to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_NONE, _UNKNOWN = -1, -2


class Places:
    """The places of n rooms in the list of ids that was asked about last.

    Time: as many steps as ids have come since; a search among the ids for each room that is new.
    """

    def __init__(self, rooms: int) -> None:
        self._ids: list[str] | None = None
        self._count = 0
        self._places: NDArray[np.intp] = np.full(rooms, _NONE, np.intp)
        self._found: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None

    def later(self, source: NDArray[np.intp], new: Sequence[int]) -> Places:
        """Those of other rooms: room i was `source[i]` here, but for the new ones."""
        made = Places(0)
        made._ids, made._count = self._ids, self._count
        made._places = self._places.take(source)
        made._places[new] = _UNKNOWN if self._count else _NONE
        return made

    def among(
        self, rooms: Sequence[str], number: Mapping[str, int], ids: list[str], count: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The numbers of the rooms that stand among the first `count` of `ids`, and where.

        `rooms` are by number. What was worked out for the same list before holds.
        """
        if self._ids is not ids:
            self._ids, self._count, self._found = ids, 0, None
            self._places[:] = _NONE
        if self._found is None:
            for own in (self._places == _UNKNOWN).nonzero()[0].tolist():
                self._places[own] = _search(ids, rooms[own], self._count)
        if count > self._count or self._found is None:
            for place in range(self._count, count):
                own = number.get(ids[place])
                if own is not None:
                    self._places[own] = place
            self._count = max(count, self._count)
            (numbers,) = (self._places >= 0).nonzero()
            self._found = numbers, self._places[numbers]
        own_numbers, places = self._found
        if count < self._count:
            kept = places < count
            return own_numbers[kept], places[kept]
        return own_numbers, places


def _search(ids: list[str], room_id: str, count: int) -> int:
    try:
        return ids.index(room_id, 0, count)
    except ValueError:
        return _NONE
