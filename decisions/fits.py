"""How well live rooms go with a user by learnt factors: one product a user, over all rooms."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.content import Content
from features.sides import SideSettings, user_side
from features.vector import VectorSettings, View
from models.factor_table import FactorTable


class Fits:
    """The vectors of a content's live rooms, made once for a table of factors.

    Time: O(live rooms x factors) a user; rows are added one after another, so that a room's value
    does not depend on the others. Judge: `FactorTable.product`, by way of `decisions.column`.
    """

    def __init__(
        self,
        content: Content,
        factors: FactorTable,
        settings: SideSettings,
        vector: VectorSettings,
    ) -> None:
        self.factors = factors
        self._settings = settings
        self._vector = vector
        live, kinds = content.live, settings.room
        total = np.zeros((len(live), factors.factors))
        if "tags" in kinds and len(content.tags):
            # `NO_TAG`, with which rows are filled up, is 0.
            of_tag = self._vectors("tag ", ["", *content.tag_number])
            of_tag[0] = 0.0
            for row in content.tags:
                total += of_tag.take(row.take(live), 0)
            total *= content.tag_share.take(live)[:, None]
        if "hosts" in kinds:
            total += self._vectors("host ", content.host_number).take(content.host.take(live), 0)
        if "rooms" in kinds:
            total += self._vectors("room ", map(content.ids.__getitem__, live.tolist()))
        self._rooms = list(np.ascontiguousarray(total.T))
        """For each factor its number in each room."""

    def _vectors(self, kind: str, names: Iterable[str]) -> NDArray[np.float64]:
        """Those of the names on the room's side, one a row; 0 for names that are not known."""
        place, right = self.factors.place, self.factors.right
        numbers = np.array([place.get(kind + name, -1) for name in names], np.intp)
        vectors = np.zeros((len(numbers), self.factors.factors))
        known = numbers >= 0
        vectors[known] = right[numbers[known]]
        return vectors

    def user(self, view: View) -> NDArray[np.float64] | None:
        """The user's vector; None for one of whom nothing is known."""
        side = user_side(view, self._settings, self._vector)
        return self.factors.user(side) if side else None

    def __call__(self, view: View, worth: float) -> NDArray[np.float64] | None:
        """What the fit adds to each live room, where a product of 1 adds `worth`."""
        user = self.user(view)
        if user is None:
            return None
        first, *others = (user * worth).tolist()
        total: NDArray[np.float64] = self._rooms[0] * first
        part = np.empty_like(total)
        for row, number in zip(self._rooms[1:], others, strict=True):
            total += np.multiply(row, number, part)
        return total
