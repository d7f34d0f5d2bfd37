"""The catalogue's events as DECIDE needs them, worked out once a process for all its shards."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from decisions.push.facts import RoomInfo
from events import kinds
from features.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class RoomChange:
    """A room as it was told and as it is now, and whether it goes live with that."""

    seq: int
    clock_ms: int
    old: RoomInfo | None
    new: RoomInfo
    starts: bool


@dataclass(frozen=True, slots=True)
class OnAirChange:
    """Another product than before is on air in a room."""

    seq: int
    clock_ms: int
    room_id: str
    product_id: str


Change = RoomChange | OnAirChange


class Digest:
    """Changes in log order; names of hosts and products as of a position in it."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._changes: list[Change] = []
        self._seqs: list[int] = []
        self._seq = 0
        self._rooms: dict[str, RoomInfo] = {}
        self._on_air: dict[str, str | None] = {}

    def since(self, seq: int, upto: int) -> list[Change]:
        """The changes by events numbered above `seq`, up to `upto`."""
        self.take_up()
        return self._changes[bisect_right(self._seqs, seq) : bisect_right(self._seqs, upto)]

    def forget_before(self, seq: int) -> None:
        """Drop the changes by events up to `seq`, which every shard has passed."""
        place = bisect_right(self._seqs, seq)
        del self._changes[:place], self._seqs[:place]
        if len(self._rooms) > _ROOMS_SLACK + 2 * len(self.catalogue.rooms):
            known = self.catalogue.rooms
            self._rooms = {name: room for name, room in self._rooms.items() if name in known}
            self._on_air = {name: shown for name, shown in self._on_air.items() if name in known}

    def rooms_at(self, seq: int) -> list[RoomInfo]:
        """The rooms as they were told up to an event, in the order of their last change."""
        newest: dict[str, RoomInfo] = {}
        for change in self.since(0, seq):
            if isinstance(change, RoomChange):
                newest.pop(change.new.room_id, None)
                newest[change.new.room_id] = change.new
        return list(newest.values())

    def take_up(self) -> None:
        """Work out what the catalogue has been told since the last time."""
        if self._seq == self.catalogue.seq:
            return
        for entry in self.catalogue.since(self._seq, self.catalogue.seq):
            event = entry.event
            change: Change | None = None
            if isinstance(event, kinds.Room):
                old, new = self._rooms.get(event.room_id), _room_info(event)
                starts = new.status == "live" and (old is None or old.status != "live")
                change = RoomChange(entry.seq, entry.clock_ms, old, new, starts)
                self._rooms[event.room_id] = new
            elif isinstance(event, kinds.OnAir):
                before = self._on_air.get(event.room_id)
                self._on_air[event.room_id] = event.product_id
                if event.product_id is not None and event.product_id != before:
                    change = OnAirChange(entry.seq, entry.clock_ms, event.room_id, event.product_id)
            if change is not None:
                self._changes.append(change)
                self._seqs.append(entry.seq)
        self._seq = self.catalogue.seq


class NamesAt:
    """What hosts and products were called as of one shard's place in the log."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.seq = 0

    def host(self, host_id: str) -> str | None:
        """A host's name."""
        host = self.catalogue.host(host_id, _ANY_TIME, self.seq)
        return host.name if host is not None else None

    def product(self, product_id: str) -> str | None:
        """A product's title."""
        product = self.catalogue.product(product_id, _ANY_TIME, self.seq)
        return product.title if product is not None else None

    def product_tags(self, product_id: str) -> Sequence[str]:
        """A product's tags."""
        product = self.catalogue.product(product_id, _ANY_TIME, self.seq)
        return product.tags if product is not None else ()


_ANY_TIME = 1 << 62
_ROOMS_SLACK = 1000


def _room_info(room: kinds.Room) -> RoomInfo:
    return RoomInfo(
        room.room_id,
        room.host_id,
        room.title,
        room.status,
        room.start_time_ms,
        tuple(room.tags),
        tuple(room.products),
    )
