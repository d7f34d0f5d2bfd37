"""One room scored for many users, by the whole vector: who would have a room that starts."""

from __future__ import annotations

import numpy as np

from decisions.board import newcomer_boosts
from decisions.settings import SlateSettings
from features.rows import Wish
from features.scene import Scene
from features.sides import SideSettings, room_side, user_side
from features.vector import USER_NAMES, VectorSettings, user_part
from models.table import WeightsTable

_TAG_FEATURES = USER_NAMES.index("tag_focus") + 1


class Column:
    """The room of a number; mutes and rooms left aside. What is the room's alone is summed once."""

    def __init__(
        self,
        scene: Scene,
        table: WeightsTable,
        number: int,
        settings: SlateSettings,
        vector: VectorSettings,
        sides: SideSettings | None = None,
    ) -> None:
        content, row = scene.content, scene.matrix[number].tolist()
        coefficients = table.rank.coef.tolist()
        self._base = table.rank.intercept
        for value, coefficient in zip(row, coefficients, strict=False):
            self._base += value * coefficient
        self._coefficients = coefficients[len(row) :]
        [self._boost] = newcomer_boosts(scene, np.array([number]), settings).tolist()
        self._room_id = content.ids[number]
        self._room = (
            content.room_tags[number],
            scene.air.room_tags[number] if scene.air is not None else (),
            content.host_ids[number],
            content.log_prices[number],
            content.attribute_row(number),
        )
        self._number, self._near, self._segments = number, scene.near, scene.segments
        self._vector = vector
        self._sides, self._factors = sides, table.factors
        self._fit_worth = float(coefficients[-1])

    def score(self, wish: Wish) -> float:
        """The user's utility."""
        return self._score(self._part(wish)) + self._fit(wish)

    def rank(self, wish: Wish) -> float:
        """What the room is ranked by: the utility, and for a newcomer the tags' boost."""
        part = self._part(wish)
        total = self._score(part) + self._fit(wish)
        if self._boost:
            by_tags = zip(part[:_TAG_FEATURES], self._coefficients, strict=False)
            matched = sum(value * coefficient for value, coefficient in by_tags)
            total += self._boost * max(matched, 0.0)
        return total

    def _part(self, wish: Wish) -> tuple[float, ...]:
        shown = wish.shown.get(self._room_id, 0)
        part = user_part(wish.view, *self._room, shown, self._vector)
        near, recent = self._near, wish.view.recent
        if near is not None and recent:
            part = *part, *near.at(self._number, recent, wish.user_id)
        segments, own = self._segments, wish.view.segments
        lifts = segments(own) if segments is not None and own else None
        if lifts is None:
            return part
        if near is not None and not recent:
            part = *part, *([0.0] * len(near.names))
        return *part, *lifts[:, self._number].tolist()

    def _fit(self, wish: Wish) -> float:
        """What learnt factors add."""
        if self._factors is None or self._sides is None:
            return 0.0
        tags, _, host_id, _, _ = self._room
        theirs = room_side(tags, host_id, self._room_id, self._sides)
        own = user_side(wish.view, self._sides, self._vector)
        return self._fit_worth * self._factors.product(own, theirs)

    def _score(self, part: tuple[float, ...]) -> float:
        total = self._base
        for value, coefficient in zip(part, self._coefficients, strict=False):
            total += value * coefficient
        return total
