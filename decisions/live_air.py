"""What is on air in the live rooms, as a slate asks for it: by tag, and by product.

Judge: `decisions.column`, which looks at one room, and tests/decisions/naive_trusted.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.on_air import OnAir
from features.vector import View, focus

_FEW_TAGS = 8
"""Tags of a user that are looked up one by one; more are in one pass over the rooms."""


class LiveAir:
    """What is on air in the live rooms, by place, aligned with `Content.live`."""

    def __init__(self, air: OnAir, numbers: NDArray[np.intp]) -> None:
        self._tag_number = air.tag_number
        tags, self._share = air.tags.take(numbers, 1), air.share.take(numbers)
        self._rows = list(tags)
        self.cut = air.cut
        self.products = air.products
        """What is on air in each room, by number; None where nothing is."""
        self._numbers, self._rooms_with = numbers, air.rooms_with
        self._rivals: dict[str, list[int]] = {}
        self.presented = air.presented
        """The tags of each room's product on air, by number; none where nothing is."""
        # By tag where it is: the places of each stand together.
        every = tags.ravel()
        small = every.astype(np.uint16) if len(air.tag_number) < 1 << 16 else every
        order = small.argsort(kind="stable")
        self._places = order % max(len(numbers), 1)
        self._shares = self._share.take(self._places)
        ends = np.bincount(every, minlength=len(air.tag_number) + 1).cumsum()
        self._ends: list[int] = ends.tolist()

    def rivals(self, product: str) -> list[int]:
        """The places of the rooms that present a product, where it is more than one."""
        if self._rooms_with.get(product, 0) < 2:
            return []
        found = self._rivals.get(product)
        if found is None:
            numbers = enumerate(self._numbers.tolist())
            found = [place for place, number in numbers if self.products[number] == product]
            self._rivals[product] = found
        return found if len(found) > 1 else []

    def presenting(self, tag: str) -> NDArray[np.intp]:
        """The places of rooms with this tag on air, but for those in `cut`."""
        number = self._tag_number.get(tag)
        if number is None:
            return self._places[:0]
        return self._places[self._ends[number - 1] : self._ends[number]]

    def add(self, score: NDArray[np.float64], view: View, worth: float, half: float) -> None:
        """Add to each room's score what is on air there, where the strongest tag adds `worth`."""
        number_of, ends, most = self._tag_number.get, self._ends, view.most
        found = []
        for tag, weights in view.weights.items():
            number = number_of(tag)
            # A number may be left of what was on air once: it must not tell which way to add.
            if number is not None and weights[3] > 0 and ends[number - 1] < ends[number]:
                found.append((number, worth * focus(weights[3], most, half)))
        if len(found) <= _FEW_TAGS:
            places, shares = self._places, self._shares
            for number, value in found:
                span = slice(ends[number - 1], ends[number])
                score[places[span]] += shares[span] * value
            return
        by_tag: NDArray[np.float64] = np.zeros(len(self._tag_number) + 1)
        for number, value in found:
            by_tag[number] = value
        for row in self._rows:
            score += by_tag.take(row, mode="wrap") * self._share
