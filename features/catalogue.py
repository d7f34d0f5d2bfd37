"""The catalogue by time and log position: what was known of rooms, hosts and products when.

Every catalogue event of the log has a sequence number, in log order. A look-up names the event
time and the number of catalogue events that came before the asking row, so that its answer does
not depend on what else has been read since.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from events import kinds
from events.setting import setting
from features.attributes import new_attributes
from features.tag_search import TagSearch

CatalogueEvent = kinds.Host | kinds.Room | kinds.Product | kinds.OnAir
T = TypeVar("T", kinds.Host, kinds.Room, kinds.Product, kinds.OnAir)
ANY_TIME = 1 << 62


@dataclass(frozen=True)
class CatalogueSettings:
    """What is kept of the catalogue."""

    versions_max: int = setting(
        8, "versions an item", "Late events look back by seconds, so a few old versions do."
    )
    ended_rooms_max: int = setting(
        20_000, "rooms", "Ended rooms still name the tags of late events; the oldest are forgotten."
    )
    attributes: int = setting(
        8,
        "slots",
        "Numeric room attributes get a slot each, in the order in which they were told.",
        least=1,
    )
    host_attributes: bool = setting(
        False, "yes/no", "On, a host's numbers count for each room that tells none of that name."
    )
    search_tag_length_max: int = setting(
        40, "characters", "Longer tags are not looked for in searches."
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One catalogue event: its number in log order, and the log's clock at its row."""

    seq: int
    clock_ms: int
    event: CatalogueEvent


class _Versions(Generic[T]):
    """The versions of one item by event time; a look-up sees the last few of its place."""

    __slots__ = ("entries", "versions_max")

    def __init__(self, versions_max: int) -> None:
        self.entries: list[tuple[int, int, T]] = []
        self.versions_max = versions_max

    def put(self, seq: int, event: T) -> bool:
        """Add a version; whether there are now more than a look-up sees."""
        entry = (event.event_time_ms, seq, event)
        self.entries.insert(bisect_right(self.entries, entry[:2], key=lambda e: e[:2]), entry)
        return len(self.entries) > self.versions_max

    def at(self, time_ms: int, seq: int, since: int = 0) -> T | None:
        """The newest version not after `time_ms` among `since` to `seq`, else the oldest."""
        oldest, left = None, self.versions_max
        for event_time_ms, own_seq, event in reversed(self.entries):
            if since <= own_seq <= seq:
                if event_time_ms <= time_ms:
                    return event
                oldest = event
                left -= 1
                if not left:
                    break
        return oldest

    def forget_before(self, seq: int) -> bool:
        """Drop what no look-up from `seq` on sees; whether all that is left may be seen."""
        passed = [own_seq for _, own_seq, _ in self.entries if own_seq <= seq]
        gone = frozenset(passed[: -self.versions_max])
        if gone:
            self.entries = [entry for entry in self.entries if entry[1] not in gone]
        return len(self.entries) <= self.versions_max

    def begin_at(self, seq: int) -> None:
        """Drop the versions before this one."""
        self.entries = [entry for entry in self.entries if entry[1] >= seq]


class Catalogue:
    """All known rooms, hosts, products and what is on air; `seq` is the last event applied."""

    def __init__(self, settings: CatalogueSettings) -> None:
        self.settings = settings
        self.seq = 0
        self.entries: list[Entry] = []
        self.rooms: dict[str, _Versions[kinds.Room]] = {}
        self.products: dict[str, _Versions[kinds.Product]] = {}
        self.hosts: dict[str, _Versions[kinds.Host]] = {}
        self.on_air: dict[str, _Versions[kinds.OnAir]] = {}
        self.first_on_air = ANY_TIME
        """The first event that told what is on air anywhere."""
        self._ended: dict[str, int] = {}
        self._lives: dict[str, list[int]] = {}
        self._content_seqs: list[int] = []
        self._crowded: dict[tuple[type, str], _Versions[Any]] = {}
        self._left: list[tuple[int, str]] = []
        self.passed = 0
        """The last event up to which what nobody can see any more has been dropped."""
        self._attributes: dict[str, int] = {}
        self._search = TagSearch(settings.search_tag_length_max)

    def apply(self, entry: Entry) -> None:
        """Take the next event; one already applied is passed over, so sending twice is harmless."""
        if entry.seq <= self.seq:
            return
        self.seq = entry.seq
        self.entries.append(entry)
        event = entry.event
        if isinstance(event, kinds.OnAir):
            self.first_on_air = min(self.first_on_air, entry.seq)
            self._put(self.on_air, event.room_id, entry.seq, event)
            self._search.learn(entry.seq, [event.point] if event.point else [])
            return
        self._content_seqs.append(entry.seq)
        slots, of_hosts = self.settings.attributes, self.settings.host_attributes
        for name in new_attributes(event, self._attributes, slots, of_hosts):
            self._attributes[name] = entry.seq
        if isinstance(event, kinds.Room):
            self._count_ended(event, entry.seq)
            self._put(self.rooms, event.room_id, entry.seq, event)
        elif isinstance(event, kinds.Product):
            self._put(self.products, event.product_id, entry.seq, event)
        else:
            self._put(self.hosts, event.host_id, entry.seq, event)
        self._search.learn(entry.seq, event.tags or [])

    def _put(self, items: dict[str, _Versions[T]], name: str, seq: int, event: T) -> None:
        versions = items.get(name)
        if versions is None:
            versions = items[name] = _Versions(self.settings.versions_max)
        if versions.put(seq, event):
            self._crowded[type(event), name] = versions

    def forget_before(self, clock_ms: int) -> int:
        """Drop what no row at this clock or later can see; the number of the last event passed."""
        seq = self.seq_at(clock_ms, self.seq)
        for room_id, lives in list(self._lives.items()):
            passed = bisect_right(lives, seq)
            if passed % 2 and passed == len(lives):
                del self._lives[room_id], self.rooms[room_id]
                self.on_air.pop(room_id, None)
            elif passed > 1:
                begun = lives[passed // 2 * 2 - 1]
                self.rooms[room_id].begin_at(begun)
                if room_id in self.on_air:
                    self.on_air[room_id].begin_at(begun)
                del lives[: passed // 2 * 2]
                if not lives:
                    del self._lives[room_id]
        for key, versions in list(self._crowded.items()):
            if versions.forget_before(seq):
                del self._crowded[key]
        # The last one passed says where the others went on from.
        del self.entries[: bisect_left(self.entries, seq, key=lambda entry: entry.seq)]
        del self._content_seqs[: max(0, bisect_right(self._content_seqs, seq) - 1)]
        self._left = [left for left in self._left if left[0] > seq]
        self.passed = seq
        return seq

    def _count_ended(self, event: kinds.Room, seq: int) -> None:
        """Beyond the limit, the room that ended first is unknown from this event on.

        Told of again, it begins a new life, which knows nothing of the old one. `_lives` has the
        events that end and begin them, in turn.
        """
        lives = self._lives.get(event.room_id)
        if lives is not None and len(lives) % 2:
            lives.append(seq)
        self._ended.pop(event.room_id, None)
        if event.status == "ended":
            self._ended[event.room_id] = seq
            if len(self._ended) > self.settings.ended_rooms_max:
                oldest = next(iter(self._ended))
                del self._ended[oldest]
                self._lives.setdefault(oldest, []).append(seq)
                self._left.append((seq, oldest))

    def known_rooms(self, seq: int) -> list[kinds.Room]:
        """All rooms as last told up to an event, in the order in which they were first told."""
        found = []
        for room_id in self.rooms:
            room = self.room(room_id, ANY_TIME, seq)
            if room is not None:
                found.append(room)
        return found

    def attributes(self, seq: int) -> list[str]:
        """The names of numeric attributes by slot; a slot keeps its name for ever."""
        return [name for name, since in self._attributes.items() if since <= seq]

    def content_seq(self, seq: int) -> int:
        """The number of the last event up to `seq` that changed a room, product or host."""
        place = bisect_right(self._content_seqs, seq)
        return self._content_seqs[place - 1] if place else 0

    def since(self, seq: int, upto: int) -> list[Entry]:
        """The events numbered above `seq`, up to `upto`."""
        start = bisect_right(self.entries, seq, key=lambda entry: entry.seq)
        stop = bisect_right(self.entries, upto, key=lambda entry: entry.seq)
        return self.entries[start:stop]

    def left(self, seq: int, upto: int) -> list[str]:
        """The rooms that became unknown by the events numbered above `seq`, up to `upto`."""
        return [room_id for own_seq, room_id in self._left if seq < own_seq <= upto]

    def seq_at(self, clock_ms: int, upto: int) -> int:
        """The number of the last event whose row's clock is before `clock_ms`, at most `upto`.

        What falls due at a clock fires before the row that brings it, and before all events that
        share it.
        """
        place = bisect_left(self.entries, clock_ms, key=lambda entry: entry.clock_ms)
        return min(self.entries[place - 1].seq if place else 0, upto)

    def room(self, room_id: str, time_ms: int, seq: int) -> kinds.Room | None:
        """The room as known then, or None."""
        versions = self.rooms.get(room_id)
        since = self._life(room_id, seq)
        return versions.at(time_ms, seq, since) if versions and since is not None else None

    def _life(self, room_id: str, seq: int) -> int | None:
        """The event with which the life of a room began that it has at another; None for none."""
        lives = self._lives.get(room_id)
        if lives is None:
            return 0
        passed = bisect_right(lives, seq)
        if passed % 2:
            return None
        return lives[passed - 1] if passed else 0

    def product(self, product_id: str, time_ms: int, seq: int) -> kinds.Product | None:
        """The product as known then, or None."""
        versions = self.products.get(product_id)
        return versions.at(time_ms, seq) if versions else None

    def host(self, host_id: str, time_ms: int, seq: int) -> kinds.Host | None:
        """The host as known then, or None."""
        versions = self.hosts.get(host_id)
        return versions.at(time_ms, seq) if versions else None

    def shown(self, room_id: str, time_ms: int, seq: int) -> kinds.OnAir | None:
        """What was on air in the room then: None before the first such event."""
        versions = self.on_air.get(room_id)
        since = self._life(room_id, seq)
        found = versions.at(time_ms, seq, since) if versions and since is not None else None
        return found if found and found.event_time_ms <= time_ms else None

    def room_tags(self, room_id: str, time_ms: int, seq: int) -> list[str] | None:
        """The tags of the room, of the product on air, and the point made; None if unknown."""
        room = self.room(room_id, time_ms, seq)
        if room is None:
            return None
        if room_id not in self.on_air:
            return room.tags
        shown = self.shown(room_id, time_ms, seq)
        if shown is None:
            return room.tags
        tags = list(room.tags)
        if shown.product_id is not None:
            product = self.product(shown.product_id, time_ms, seq)
            if product is not None:
                tags += product.tags
        if shown.point is not None:
            tags.append(shown.point)
        return list(dict.fromkeys(tags))

    def query_tags(self, query: str, seq: int) -> list[str]:
        """The tags known by then that a search contains."""
        return self._search.tags_in(query, seq)
