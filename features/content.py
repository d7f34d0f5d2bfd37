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
from features.attributes import told_values
from features.catalogue import ANY_TIME, Catalogue
from features.places import Places

NO_TAG = 0
"""The number that stands for no tag."""


@dataclass(frozen=True)
class ContentSettings:
    """How rooms are described to the models."""

    tags_max: int = setting(
        32, "tags a room", "A room with more is scored by its first ones.", least=1
    )


class Content:
    """Arrays over n rooms: `tags` is [tags a room, n], `tag_share` 1 over a room's tag count.

    Nothing of it is changed once it is made; `features.content_later` makes a later one of it.
    """

    def __init__(self, catalogue: Catalogue, seq: int, settings: ContentSettings) -> None:
        self.seq = seq
        self.settings = settings
        self.changes = 0
        """How many rooms have changed since all was built anew."""
        rooms = sorted(catalogue.known_rooms(seq), key=lambda room: room.room_id)
        self.rooms: list[kinds.Room] = rooms
        self.ids = [room.room_id for room in rooms]
        self.number = {room_id: number for number, room_id in enumerate(self.ids)}
        self.is_live: NDArray[np.bool_] = np.array([is_live(room) for room in rooms], np.bool_)
        self.live: NDArray[np.intp] = self.is_live.nonzero()[0]
        self.places = Places(len(rooms))
        self.start_s = np.array([start_s(room) for room in rooms], np.float64)
        self.log_prices = [log_price(catalogue, room, seq) for room in rooms]
        """The mean log price of each room's products; NaN where none is known."""
        self.log_price = np.array(self.log_prices, np.float64)
        self._hosts(catalogue)
        self._tags()
        self._attributes(catalogue)

    def _hosts(self, catalogue: Catalogue) -> None:
        self.host_ids = [room.host_id for room in self.rooms]
        self.host_number: dict[str, int] = {}
        self.rooms_of_host: dict[str, list[str]] = {}
        for room_id, host_id in zip(self.ids, self.host_ids, strict=True):
            self.host_number.setdefault(host_id, len(self.host_number))
            self.rooms_of_host.setdefault(host_id, []).append(room_id)
        self.host = np.array([self.host_number[host_id] for host_id in self.host_ids], np.intp)
        self.host_names = {host: host_name(catalogue, host, self.seq) for host in self.host_number}

    def _tags(self) -> None:
        """Number the tags from 1 on, and keep what is not scored."""
        self.tag_number: dict[str, int] = {}
        self.room_tags = [scored_tags(room, self.settings) for room in self.rooms]
        for tags in self.room_tags:
            for tag in tags:
                self.tag_number.setdefault(tag, len(self.tag_number) + 1)
        width = max(map(len, self.room_tags), default=0)
        self.tags = np.full((width, len(self.rooms)), NO_TAG, np.intp)
        for number, tags in enumerate(self.room_tags):
            self.tags[: len(tags), number] = [self.tag_number[tag] for tag in tags]
        self.tag_share = 1.0 / np.maximum(
            np.array([len(tags) for tags in self.room_tags], np.float64), 1.0
        )
        self.unscored_tags: dict[str, frozenset[str]] = {}
        for room, tags in zip(self.rooms, self.room_tags, strict=True):
            unscored = frozenset(room.tags).difference(tags)
            if unscored:
                self.unscored_tags[room.room_id] = unscored

    def _attributes(self, catalogue: Catalogue) -> None:
        self.attribute_names = catalogue.attributes(self.seq)
        slots = catalogue.settings.attributes
        told = [told_of(catalogue, room, self.attribute_names, self.seq) for room in self.rooms]
        self.told = np.array(told, np.float64).reshape(-1, slots).T.copy()
        """What each room has told, [slots, n], or its host for it; NaN where nobody."""
        self.ranks = np.zeros(self.told.shape, np.intp)
        """For each of these how many are smaller, and how many not larger, added up."""
        for slot, values in enumerate(self.told):
            known = ~np.isnan(values)
            ordered = np.sort(values[known])
            below = np.searchsorted(ordered, values[known], "left")
            upto = np.searchsorted(ordered, values[known], "right")
            self.ranks[slot, known] = below + upto
        self.rank()

    def rank(self) -> None:
        """Attributes, [n, slots]: ranks among the rooms that have them, from -0.5 to 0.5."""
        known = ~np.isnan(self.told)
        twice = 2 * known.sum(axis=1, keepdims=True)
        shares = self.ranks / np.maximum(twice, 1) - 0.5
        self.attributes: NDArray[np.float64] = np.where(known, shares, 0.0).T
        self._attribute_rows: list[list[float] | None] = [None] * len(self.rooms)

    def attribute_row(self, number: int) -> list[float]:
        """A room's attributes, one a name; not to be changed."""
        row = self._attribute_rows[number]
        if row is None:
            row = self.attributes[number, : len(self.attribute_names)].tolist()
            self._attribute_rows[number] = row
        return row


def is_live(room: kinds.Room) -> bool:
    """Whether the room is on."""
    return room.status == "live"


def start_s(room: kinds.Room) -> int:
    """When it starts, in seconds."""
    return room.start_time_ms // 1000


def scored_tags(room: kinds.Room, settings: ContentSettings) -> list[str]:
    """A room's tags as it is scored by them."""
    return list(dict.fromkeys(room.tags))[: settings.tags_max]


def log_price(catalogue: Catalogue, room: kinds.Room, seq: int) -> float:
    """The mean log price of the room's products; NaN where none is known."""
    found = [catalogue.product(name, ANY_TIME, seq) for name in room.products]
    logs = [math.log(product.price) for product in found if product and product.price > 0]
    return sum(logs) / len(logs) if logs else math.nan


def host_name(catalogue: Catalogue, host_id: str, seq: int) -> str:
    """What a host is called; by the id where nobody has said."""
    host = catalogue.host(host_id, ANY_TIME, seq)
    return host.name if host is not None and host.name else host_id


def told_of(catalogue: Catalogue, room: kinds.Room, names: list[str], seq: int) -> list[float]:
    """The room's numeric attributes by slot, else its host's where asked for; NaN for neither."""
    asked = catalogue.settings.host_attributes
    host = catalogue.host(room.host_id, ANY_TIME, seq) if asked else None
    of_host = (host.attributes if host is not None else None) or {}
    return told_values(names, catalogue.settings.attributes, room.attributes or {}, of_host)
