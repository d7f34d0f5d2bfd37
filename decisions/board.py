"""The live rooms as DECIDE scores them: what does not depend on the user, summed up beforehand.

A board is made once for each pair of scene and weights and shared by all users scored with it.
Columns are added one after another, never by a matrix product, so that a score does not depend
on how many rooms stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from decisions.fits import Fits
from decisions.live_air import LiveAir
from decisions.optimism import optimism_of
from decisions.settings import SlateSettings
from decisions.text import json_text
from features.content import NO_TAG, Content
from features.scene import Scene
from features.vector import ROOM_NAMES, SEGMENT_NAMES, USER_NAMES, View
from models.table import WeightsTable

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """An item's source, and its reason as JSON: a list of the code and its arguments.

    Those that are made often are kept, and looked up as the objects that they are.
    """

    source: str
    reason: str


_BASE_REASONS = {
    "room_click_rate": '["click_rate"]',
    "room_impressions": '["popular_room"]',
    "room_heat": '["rising_room"]',
    "room_freshness": '["fresh_room"]',
    "room_tag_click_rate": '["popular_room"]',
}
_NO_REASON = '["newcomer"]'
BASE_WHYS = [
    *(Why("popular", _BASE_REASONS.get(name, _NO_REASON)) for name in ROOM_NAMES),
    Why("popular", _NO_REASON),
]
"""What speaks for a room to anyone, by the column of its vector; that nothing does comes last."""
_IMPRESSIONS = ROOM_NAMES.index("room_impressions")
_TEXTS_MAX = 100_000
"""What is made of the ids of rooms and of tags is kept for so many of each."""


class Board:
    """`base[i]` is the score of live room `numbers[i]` for a user of whom nothing is known."""

    def __init__(
        self,
        scene: Scene,
        table: WeightsTable,
        settings: SlateSettings,
        fits: Fits | None = None,
    ) -> None:
        content = scene.content
        self.content = content
        self.second = table.second
        self.stamp_s = scene.stamp_s
        self.numbers = content.live
        coefficients = table.rank.coef.tolist()
        self.width = scene.matrix.shape[1]
        self.air = None if scene.air is None else LiveAir(scene.air, self.numbers)
        self.intercept = table.rank.intercept
        self.room_coefficients = coefficients[: self.width]
        near = self.width + len(USER_NAMES)
        self.user_coefficients = coefficients[self.width : near]
        self.near = scene.near
        self._near_asked: tuple[Sequence[object], tuple[Vector, Vector | None] | None] = ((), None)
        self.near_coefficients = (
            coefficients[near : near + len(self.near.names)] if self.near else []
        )
        self.segments = scene.segments
        last = near + len(self.near_coefficients)
        self._segment_coefficients = coefficients[last : last + len(SEGMENT_NAMES)]
        self._by_segment: dict[int, NDArray[np.float64]] = {}
        self._fits = fits
        self._fit_worth = 0.0 if fits is None else coefficients[-1]
        self._fit_asked: tuple[View | None, NDArray[np.float64] | None] = (None, None)
        columns = np.ascontiguousarray(scene.matrix.take(self.numbers, 0).T)
        base = np.full(len(self.numbers), self.intercept)
        for column, coefficient in zip(columns, self.room_coefficients, strict=True):
            if coefficient:
                base += column * coefficient
        self.base: NDArray[np.float64] = base
        self.reason_min = settings.reason_min
        self.whys = _whys(columns, self.room_coefficients, settings.reason_min)
        """For each room which of `BASE_WHYS` speaks most for it."""
        boosts = newcomer_boosts(scene, self.numbers, settings)
        self.boosts = boosts if boosts.any() else None
        """How much more each room's tags count for its rank, where there is any newcomer."""
        self.optimism = optimism_of(scene, settings)
        """What exploration adds to each room's utility, in logits."""

    def near_values(self, view: View, person: str) -> tuple[Vector, Vector | None] | None:
        """What nearness to the user's recent rooms adds to each room, and of that users alike.

        None where it adds nothing. Negative coefficients count too: it is the learner that says
        what nearness is worth.
        """
        if self.near is None or not view.recent or not any(self.near_coefficients):
            return None
        if self._near_asked[0] is view.recent:
            return self._near_asked[1]
        total = part = np.zeros(len(self.numbers))
        found = self.near(view.recent, person)
        for values, coefficient in zip(found, self.near_coefficients, strict=True):
            part = values.take(self.numbers) * coefficient
            total += part
        # The slate asks once to score and once to explain; a view's list never changes.
        self._near_asked = view.recent, (total, part if self.near.has_users else None)
        return self._near_asked[1]

    def segment_values(self, view: View) -> NDArray[np.float64] | None:
        """What the user's segments add to each room; None where they add nothing."""
        if self.segments is None or not view.segments or not any(self._segment_coefficients):
            return None
        total: NDArray[np.float64] | None = None
        for number in self.segments.known(view.segments):
            column = self._by_segment.get(number)
            if column is None:
                column = np.zeros(len(self.numbers))
                lifts = self.segments.of(number)
                for values, coefficient in zip(lifts, self._segment_coefficients, strict=True):
                    column += values.take(self.numbers) * coefficient
                # As many as there are segments, at most.
                self._by_segment[number] = column
            total = column if total is None else total + column
        return total

    def fit_values(self, view: View) -> NDArray[np.float64] | None:
        """What learnt factors add to each room; None where they add nothing."""
        if self._fits is None or not self._fit_worth:
            return None
        if self._fit_asked[0] is not view:
            self._fit_asked = (view, self._fits(view, self._fit_worth))
        return self._fit_asked[1]


class LiveRooms:
    """What a content says of its live rooms, aligned with `Content.live`; shared by all boards."""

    def __init__(self, content: Content) -> None:
        live, on = content.live, content.is_live.tolist()
        self.count = len(live)
        self.numbers: list[int] = live.tolist()
        """Of the rooms in the content."""
        self.ids = list(compress(content.ids, on))
        self.place = dict(zip(self.ids, range(self.count), strict=True))
        self.tags = [np.ascontiguousarray(row[live]) for row in content.tags]
        self.tags = [row for row in self.tags if (row != NO_TAG).any()]
        padded = zip(*(row.tolist() for row in self.tags), strict=True)
        # `NO_TAG`, with which rows are filled up, is 0.
        self.tag_numbers = [tuple(filter(None, row)) for row in padded] or [()] * self.count
        """Each room's tags, as they are numbered by `tag_number`."""
        self.tag_number = content.tag_number
        self.tag_count = len(content.tag_number) + 1
        self.tag_share = content.tag_share[live]
        self.zeros: NDArray[np.float64] = np.zeros(self.count)
        slots = range(len(content.attribute_names))
        self.attributes = [np.ascontiguousarray(content.attributes[live, slot]) for slot in slots]
        self.unscored_tags = {
            self.place[room_id]: tags
            for room_id, tags in content.unscored_tags.items()
            if room_id in self.place
        }
        self.hosts = content.host[live]
        self.host_numbers: list[int] = self.hosts.tolist()
        self.rooms_a_host = int(np.bincount(self.hosts).max()) if self.count else 0
        """How many of them one host has, at most."""
        self.host_names = content.host_names
        self.rooms_of_host = content.rooms_of_host
        prices = content.log_price[live]
        self.log_price = np.where(np.isnan(prices), np.inf, prices)
        self.log_prices: list[float] = self.log_price.tolist()
        self.openings = list(map(_opening, self.ids))
        self.tag_whys = dict(
            zip(content.tag_number, map(_tag_why, content.tag_number), strict=True)
        )

    def places_of(self, host: str) -> list[int]:
        """The places of a host's rooms."""
        place, rooms = self.place, self.rooms_of_host.get(host, ())
        return [place[room_id] for room_id in rooms if room_id in place]


@lru_cache(_TEXTS_MAX)
def _opening(room_id: str) -> str:
    """How a room's item begins."""
    return f'{{"room_id":{json_text(room_id)},"score":'


@lru_cache(_TEXTS_MAX)
def _tag_why(tag: str) -> Why:
    """Source and reason of a room that has a tag which the user likes."""
    return Why("match", f'["tag_match",{json_text(tag)}]')


def newcomer_boosts(
    scene: Scene, numbers: NDArray[np.intp], settings: SlateSettings
) -> NDArray[np.float64]:
    """How much more the tags of these rooms count, for how new and how little shown each is.

    A room without a past has neither clicks nor heat to rank by: until it has, its tags speak for
    these too. It fades in a line with time, and with impressions as `room_impressions` grows.
    """
    age_s = np.maximum(scene.stamp_s - scene.content.start_s.take(numbers), 0.0)
    left = np.maximum(1.0 - age_s / max(settings.newcomer_s, 1), 0.0)
    boosts: NDArray[np.float64] = settings.newcomer_boost * left
    boosts *= 1.0 - scene.matrix[:, _IMPRESSIONS].take(numbers)
    return boosts


def _whys(columns: NDArray[np.float64], coefficients: list[float], reason_min: float) -> bytes:
    """For each room which of `BASE_WHYS` is the strongest thing that speaks for it to anyone."""
    best = np.full(columns.shape[1], reason_min)
    which = np.full(columns.shape[1], len(ROOM_NAMES), np.uint8)
    for column, name in enumerate(ROOM_NAMES):
        if name in _BASE_REASONS:
            part = columns[column] * coefficients[column]
            np.putmask(which, part > best, column)
            np.maximum(best, part, out=best)
    return which.tobytes()
