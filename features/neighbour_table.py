"""The nearest neighbours of every item as arrays, stamped with the second that they hold."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray

from features.alike import Alike
from features.panel import NO_PANEL, Panel
from features.recent import RecentSettings

Packed = tuple[int, bytes, bytes, bytes, bytes]
"""Stamp, ids, places, similarities and panel."""


class NeighbourTable:
    """Items `ids`; `places[i, j]` is where the j-th neighbour of item i stands among them.

    `similar` runs along, in [0, 1] for all but rounding, nearest first. Where an item has fewer
    neighbours than others the place is the number of items, and the similarity 0. `panel` has the
    users of the same second, where they are asked for.
    """

    __slots__ = ("_alike", "ids", "panel", "places", "similar", "stamp_s")

    def __init__(
        self,
        stamp_s: int,
        ids: list[str],
        places: NDArray[np.int32],
        similar: NDArray[np.float64],
        panel: Panel = NO_PANEL,
    ) -> None:
        self.stamp_s = stamp_s
        self.ids = ids
        self.places = places
        self.similar = similar
        self.panel = panel
        self._alike: Alike | None = None

    def alike(self, settings: RecentSettings) -> Alike:
        """The panel as it is looked into: made once, by the settings of the first asking."""
        if self._alike is None:
            self._alike = Alike(self.panel, settings)
        return self._alike

    def pack(self) -> Packed:
        """Stamp, ids, arrays and panel, for another process or a snapshot."""
        ids, panel = msgspec.msgpack.encode(self.ids), self.panel.pack()
        return self.stamp_s, ids, self.places.tobytes(), self.similar.tobytes(), panel

    @classmethod
    def unpack(
        cls, stamp_s: int, ids: bytes, places: bytes, similar: bytes, panel: bytes = b""
    ) -> NeighbourTable:
        """The table of `pack`; without a panel, where none was packed."""
        names = msgspec.msgpack.decode(ids, type=list[str])
        shape = (len(names), -1) if names else (0, 0)
        return cls(
            stamp_s,
            names,
            np.frombuffer(places, np.int32).reshape(shape),
            np.frombuffer(similar).reshape(shape),
            Panel.unpack(panel) if panel else NO_PANEL,
        )


NO_NEIGHBOURS = NeighbourTable(-1, [], np.zeros((0, 0), np.int32), np.zeros((0, 0)))


def table_of(
    stamp_s: int, nearest: dict[str, list[tuple[str, float]]], panel: Panel = NO_PANEL
) -> NeighbourTable:
    """The table of each item's neighbours, which must be items themselves, nearest first."""
    ids = list(nearest)
    place = {item: number for number, item in enumerate(ids)}
    width = max(map(len, nearest.values()), default=0)
    places = np.full((len(ids), width), len(ids), np.int32)
    similar = np.zeros((len(ids), width))
    for row, found in enumerate(nearest.values()):
        places[row, : len(found)] = [place[item] for item, _ in found]
        similar[row, : len(found)] = [value for _, value in found]
    return NeighbourTable(stamp_s, ids, places, similar, panel)
