"""All known rooms as arrays: tags, hosts, prices and attributes, as of one catalogue event.

Rooms are numbered in the order of their ids, so that every process that has read as far gives a
room the same number, also one that was restarted. Numbers never leave a process; ids do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from events import kinds
from events.setting import setting
from features.catalogue import Catalogue, is_number

_ANY_TIME = 1 << 62


@dataclass(frozen=True)
class ContentSettings:
    """How rooms are described to the models."""

    tags_max: int = setting(32, "tags a room", "A room with more is scored by its first ones.")


class Content:
    """Arrays over n rooms: `tags` is [tags a room, n], `tag_share` 1 over a room's tag count."""

    def __init__(self, catalogue: Catalogue, seq: int, settings: ContentSettings) -> None:
        self.seq = seq
        rooms = sorted(catalogue.known_rooms(seq), key=lambda room: room.room_id)
        self.rooms: list[kinds.Room] = rooms
        self.ids = [room.room_id for room in rooms]
        self.number = {room_id: number for number, room_id in enumerate(self.ids)}
        self.live: NDArray[np.intp] = np.array(
            [number for number, room in enumerate(rooms) if room.status == "live"], np.intp
        )
        self._aligned_ids: list[str] | None = None
        self._aligned_count = 0
        self._alignment: tuple[NDArray[np.intp], NDArray[np.intp]] | None = None
        self.start_s = np.array([room.start_time_ms // 1000 for room in rooms], np.float64)
        self.log_price = np.array([self._price(catalogue, room, seq) for room in rooms])
        self.log_prices: list[float] = self.log_price.tolist()
        self._hosts(rooms)
        hosts = {host: catalogue.host(host, _ANY_TIME, seq) for host in self.host_number}
        self.host_names = {
            host_id: host.name if host is not None and host.name else host_id
            for host_id, host in hosts.items()
        }
        self._tags(rooms, settings.tags_max)
        self._attributes(rooms, catalogue.attributes(seq), catalogue.settings.attributes)

    def aligned_with(self, ids: list[str], count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Own room numbers and the places of the same rooms among the first `count` of `ids`.

        A publisher only ever appends to its list of ids, so what was worked out before holds.
        """
        if self._aligned_ids is not ids:
            self._aligned_ids, self._aligned_count, self._alignment = ids, 0, None
            self._own: list[int] = []
            self._theirs: list[int] = []
        for place in range(self._aligned_count, count):
            number = self.number.get(ids[place])
            if number is not None:
                self._own.append(number)
                self._theirs.append(place)
        if count > self._aligned_count or self._alignment is None:
            self._aligned_count = count
            self._alignment = (np.array(self._own, np.intp), np.array(self._theirs, np.intp))
        own, theirs = self._alignment
        if count < self._aligned_count:
            kept = theirs < count
            return own[kept], theirs[kept]
        return own, theirs

    @staticmethod
    def _price(catalogue: Catalogue, room: kinds.Room, seq: int) -> float:
        """The mean log price of the room's products; NaN where none is known."""
        found = [catalogue.product(name, _ANY_TIME, seq) for name in room.products]
        logs = [math.log(product.price) for product in found if product and product.price > 0]
        return sum(logs) / len(logs) if logs else math.nan

    def _hosts(self, rooms: list[kinds.Room]) -> None:
        self.host_ids = [room.host_id for room in rooms]
        self.host_number: dict[str, int] = {}
        for room in rooms:
            self.host_number.setdefault(room.host_id, len(self.host_number))
        self.host = np.array([self.host_number[room.host_id] for room in rooms], np.intp)

    def _tags(self, rooms: list[kinds.Room], tags_max: int) -> None:
        """Number the tags; the number behind the last one stands for no tag."""
        self.tag_number: dict[str, int] = {}
        self.room_tags = [list(dict.fromkeys(room.tags))[:tags_max] for room in rooms]
        for tags in self.room_tags:
            for tag in tags:
                self.tag_number.setdefault(tag, len(self.tag_number))
        width = max(map(len, self.room_tags), default=0)
        self.tags = np.full((width, len(rooms)), len(self.tag_number), np.intp)
        for number, tags in enumerate(self.room_tags):
            self.tags[: len(tags), number] = [self.tag_number[tag] for tag in tags]
        self.tag_share = 1.0 / np.maximum(
            np.array([len(tags) for tags in self.room_tags], np.float64), 1.0
        )

    def _attributes(self, rooms: list[kinds.Room], names: list[str], slots: int) -> None:
        """Numeric attributes as their rank among the rooms that have them, from -0.5 to 0.5."""
        self.attribute_names = names
        self.attributes = np.zeros((len(rooms), slots))
        for slot, name in enumerate(names):
            told = [(room.attributes or {}).get(name) for room in rooms]
            values = np.array(
                [float(value) if is_number(value) else math.nan for value in told]  # type: ignore[arg-type]
            )
            known = ~np.isnan(values)
            ordered = np.sort(values[known])
            below = np.searchsorted(ordered, values[known], "left")
            upto = np.searchsorted(ordered, values[known], "right")
            self.attributes[known, slot] = (below + upto) / (2 * len(ordered)) - 0.5
        self.attribute_rows: list[list[float]] = self.attributes[:, : len(names)].tolist()
