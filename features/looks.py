"""Impressions as they looked: the vectors that are kept until their labels come."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

import numpy as np

from events import kinds
from features.scene import Scene
from features.user import OpenList
from features.vector import (
    SEGMENT_NAMES,
    USER_NAMES,
    VectorSettings,
    View,
    tells_rooms_apart,
    user_part,
)

_POSITION = -2
_SEGMENTS = _POSITION - len(SEGMENT_NAMES)
_PARTS = struct.Struct(f"<{len(USER_NAMES)}f")
"""A user's part: numbers of Python's, one by one into an array, would cost several times this."""


class Looks:
    """Makes vectors of float32: the room's part, the user's, the position, and the click rate."""

    def __init__(self, settings: VectorSettings) -> None:
        self._settings = settings

    def __call__(
        self,
        shown: Sequence[kinds.Impression],
        person: str,
        view: View,
        scene: Scene,
        lists: Sequence[OpenList],
        own: OpenList,
    ) -> tuple[list[str], bytes]:
        """The rooms shown to someone and their vectors, one after another; `own` is their list."""
        if not shown:  # the list is full
            return [], b""
        content = scene.content
        number_of, unknown = content.number.get, len(content.ids)
        # The catalogue's own texts, where it has them, so that lists hold no copies.
        numbers = [number_of(event.room_id, unknown) for event in shown]  # type: ignore[arg-type]
        names: list[str] = [
            event.room_id if number == unknown else content.ids[number]  # type: ignore[misc]
            for event, number in zip(shown, numbers, strict=True)
        ]
        vectors = scene.looks.take(numbers, 0)
        end = _POSITION
        if scene.segments is not None:
            end = _SEGMENTS
            lifts = scene.segments(view.segments) if view.segments else None
            if lifts is not None:
                vectors[:, _SEGMENTS:_POSITION] = lifts.take(numbers, 1).T
        if scene.near is not None:
            end -= len(scene.near.names)
            if view.recent:
                for column, values in enumerate(scene.near(view.recent, person), end):
                    vectors[:, column] = values.take(numbers)
        own_part = slice(end - len(USER_NAMES), end)
        if len(lists) > 1 or tells_rooms_apart(view):
            others, pack = [listed for listed in lists if listed is not own], _PARTS.pack
            parts = [pack(*self._part(view, scene, number, others)) for number in numbers]
            packed = np.frombuffer(b"".join(parts), "<f4")
            vectors[:, own_part] = packed.reshape(len(numbers), len(USER_NAMES))
        else:
            vectors[:, own_part] = self._part(view, scene, unknown, ())
        vectors[:, _POSITION] = [1.0 / (1.0 + event.position) for event in shown]
        return names, vectors.tobytes()

    def _part(
        self, view: View, scene: Scene, number: int, others: Sequence[OpenList]
    ) -> tuple[float, ...]:
        """The user's part for a room; `others` are the lists that are open beside its own."""
        content, air = scene.content, scene.air
        if number == len(content.ids):
            return user_part(view, (), (), "", math.nan, (), 0, self._settings)
        return user_part(
            view,
            content.room_tags[number],
            air.room_tags[number] if air is not None else (),
            content.host_ids[number],
            content.log_prices[number],
            content.attribute_row(number),
            _times_shown(others, content.ids[number]) if others else 0,
            self._settings,
        )


def _times_shown(lists: Sequence[OpenList], room_id: str) -> int:
    """How often the room stands untouched in the lists."""
    times = 0
    for listed in lists:
        if room_id in listed.rooms:
            times += not listed.flags[listed.rooms.index(room_id)]
    return times
