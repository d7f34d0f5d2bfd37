"""Impressions as they looked: the vectors that are kept until their labels come."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

from events import kinds
from features.scene import Scene
from features.user import OpenList
from features.vector import USER_NAMES, VectorSettings, View, user_part


class Looks:
    """Makes vectors of float32: the room's part, the user's, the position, and the click rate."""

    def __init__(self, settings: VectorSettings) -> None:
        self._settings = settings
        self._pack = struct.Struct(f"<{len(USER_NAMES) + 2}f").pack

    def __call__(
        self,
        shown: Sequence[kinds.Impression],
        view: View,
        scene: Scene,
        lists: Sequence[OpenList],
        own: OpenList,
    ) -> tuple[list[str], bytes]:
        """The rooms shown and their vectors, one after another; `own` is their list."""
        content, width = scene.content, scene.row_bytes
        settings, pack = self._settings, self._pack
        names: list[str] = []
        vectors: list[bytes] = []
        for event in shown:
            name: str = event.room_id  # type: ignore[assignment]
            number = content.number.get(name)
            if number is None:
                row, rate = bytes(width), scene.default_rate
                part = user_part(view, (), "", math.nan, (), 0, settings)
            else:
                name, rate = content.ids[number], scene.click_rates[number]
                row = scene.rows[number * width : (number + 1) * width]
                part = user_part(
                    view,
                    content.room_tags[number],
                    content.host_ids[number],
                    content.log_prices[number],
                    content.attribute_rows[number],
                    _times_shown(lists, name, own) if len(lists) > 1 else 0,
                    settings,
                )
            names.append(name)
            vectors.append(row + pack(*part, 1.0 / (1.0 + event.position), rate))
        return names, b"".join(vectors)


def _times_shown(lists: Sequence[OpenList], room_id: str, beside: OpenList) -> int:
    """How often the room stands untouched in the user's other open lists."""
    times = 0
    for listed in lists:
        if listed is not beside and room_id in listed.rooms:
            times += not listed.flags[listed.rooms.index(room_id)]
    return times
