"""What may be offered beside live rooms: products, hosts, rooms to come, and which are on now.

It is read as of every tenth second of event time, so that it changes no more often however many
events tell of it, and is made of an earlier one by the events between. Judge: `storefront` made
anew, in tests/features/test_storefront.py.
"""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Generic, TypeVar

from events import kinds
from features.bounded import make_room
from features.catalogue import ANY_TIME, Catalogue
from features.grouped import HOST, PRODUCT, ROOM, Grouped, Item, Key

_KEPT_MAX = 64
"""Shards run a few seconds apart; more are made again."""
_STEP_S = 10
"""Lists are renewed by the minute: what they show need not be as new as what they follow."""


T = TypeVar("T", str, Item)


class Storefront:
    """The catalogue as of its event `seq`; nothing of it is changed once it is made.

    `offers` are hosts, products and scheduled rooms; hosts are on in their live rooms, products in
    the live rooms that show them. Rooms are groups of their own, the soonest first. `sold_in` has
    for products all rooms that name them, `to_come` for hosts their scheduled rooms.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.offers = Grouped()
        self.rooms: dict[str, kinds.Room] = {}
        self.shown: dict[str, str] = {}
        self.sold_in: dict[str, frozenset[str]] = {}
        self.to_come: dict[str, frozenset[str]] = {}
        self.titles: dict[str, str] = {}
        self.names: dict[str, str] = {}


class _Changed(Generic[T]):
    """Sets by name: those that change are copies."""

    def __init__(self, before: Mapping[T, Iterable[str]]) -> None:
        self._before: Mapping[T, Iterable[str]] = before
        self.now: dict[T, set[str]] = {}

    def of(self, name: T) -> set[str]:
        """A name's own set."""
        if name not in self.now:
            self.now[name] = set(self._before.get(name, ()))
        return self.now[name]

    def told(self, before: dict[T, frozenset[str]]) -> dict[T, frozenset[str]]:
        """What was before, with what has changed."""
        if not self.now:
            return before
        made = dict(before)
        for name, held in self.now.items():
            if held:
                made[name] = frozenset(held)
            else:
                made.pop(name, None)
        return made


def storefront(
    base: Storefront, catalogue: Catalogue, seq: int, changed: Iterable[Item]
) -> Storefront:
    """As of the catalogue's event `seq`, made of an earlier one, of which these items changed."""
    names: dict[str, dict[str, None]] = {ROOM: {}, PRODUCT: {}, HOST: {}}
    for letter, name in changed:
        names[letter][name] = None
    made = copy.copy(base)
    made.seq = seq
    keys = {
        **_tell_products(made, catalogue, names[PRODUCT]),
        **_tell_hosts(made, catalogue, names[HOST]),
    }
    on = _Changed(base.offers.where)
    if names[ROOM]:
        keys.update(_tell_rooms(made, base, catalogue, names[ROOM], on))
    made.offers = base.offers.later(keys, on.now)
    return made


def everything(catalogue: Catalogue) -> Iterator[Item]:
    """All items of a catalogue."""
    for letter, names in (
        (ROOM, catalogue.rooms),
        (ROOM, catalogue.on_air),
        (PRODUCT, catalogue.products),
        (HOST, catalogue.hosts),
    ):
        for name in names:
            yield letter, name


def changes(catalogue: Catalogue, seq: int, upto: int) -> list[tuple[int, Item]]:
    """By the events numbered above `seq`, up to `upto`, what changed, with the number of each."""
    found: list[tuple[int, Item]] = []
    for entry in catalogue.since(seq, upto):
        event = entry.event
        if isinstance(event, kinds.Room | kinds.OnAir):
            found.append((entry.seq, (ROOM, event.room_id)))
            # A room that ended may have been the last that was remembered of another.
            found += [
                (entry.seq, (ROOM, name)) for name in catalogue.left(entry.seq - 1, entry.seq)
            ]
        elif isinstance(event, kinds.Product):
            found.append((entry.seq, (PRODUCT, event.product_id)))
        else:
            found.append((entry.seq, (HOST, event.host_id)))
    return found


def _tell_rooms(
    made: Storefront,
    base: Storefront,
    catalogue: Catalogue,
    names: Iterable[str],
    on: _Changed[Item],
) -> dict[Item, Key | None]:
    """Rooms as they are now, what they show, and who is live."""
    made.rooms, made.shown = dict(base.rooms), dict(base.shown)
    sold, to_come = _Changed(base.sold_in), _Changed(base.to_come)
    keys: dict[Item, Key | None] = {}
    for name in names:
        before, room = base.rooms.get(name), catalogue.room(name, ANY_TIME, made.seq)
        if before is not None:
            _leave(before, base.shown.get(name), on)
        if before is not None and before is not room:
            to_come.of(before.host_id).discard(name)
            for product_id in before.products:
                sold.of(product_id).discard(name)
        on_air = catalogue.shown(name, ANY_TIME, made.seq)
        made.rooms.pop(name, None)
        made.shown.pop(name, None)
        keys[ROOM, name] = None
        if room is None:
            continue
        made.rooms[name] = room
        if on_air is not None and on_air.product_id is not None:
            made.shown[name] = on_air.product_id
        if room.status == "live":
            on.of((HOST, room.host_id)).add(name)
            if name in made.shown:
                on.of((PRODUCT, made.shown[name])).add(name)
        elif room.status == "scheduled":
            keys[ROOM, name] = ROOM, f"{room.start_time_ms:015}/{name}", _tags(room.tags)
        if before is not room:
            for product_id in room.products:
                sold.of(product_id).add(name)
            if room.status == "scheduled":
                to_come.of(room.host_id).add(name)
    made.sold_in, made.to_come = sold.told(base.sold_in), to_come.told(base.to_come)
    return keys


def _leave(room: kinds.Room, shown: str | None, on: _Changed[Item]) -> None:
    """The room is not live any more, as far as is known yet."""
    if room.status == "live":
        on.of((HOST, room.host_id)).discard(room.room_id)
        if shown is not None:
            on.of((PRODUCT, shown)).discard(room.room_id)


def _tell_products(
    made: Storefront, catalogue: Catalogue, names: Iterable[str]
) -> dict[Item, Key | None]:
    found = {name: catalogue.product(name, ANY_TIME, made.seq) for name in names}
    if found:
        titles = {name: product.title for name, product in found.items() if product}
        made.titles = {**made.titles, **titles}
    return {
        (PRODUCT, name): (PRODUCT, product.category, _tags(product.tags)) if product else None
        for name, product in found.items()
    }


def _tell_hosts(
    made: Storefront, catalogue: Catalogue, names: Iterable[str]
) -> dict[Item, Key | None]:
    found = {name: catalogue.host(name, ANY_TIME, made.seq) for name in names}
    if found:
        told = {name: host.name if host else None for name, host in found.items()}
        made.names = {name: told for name, told in {**made.names, **told}.items() if told}
    return {
        (HOST, name): (HOST, "", _tags(host.tags)) if host else None for name, host in found.items()
    }


def _tags(tags: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(sorted(set(tags or ())))


class Storefronts:
    """The storefronts of one process, made on demand from its catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._made: dict[int, Storefront] = {}
        self._as_of: dict[int, int] = {}
        self._changes: list[tuple[int, Item]] = []
        self._noted = 0

    def at(self, second: int) -> Storefront:
        """What was known when the ten seconds of a row began; all rows of these get the same."""
        second -= second % _STEP_S
        as_of = self._as_of.get(second)
        if as_of is None:
            as_of = self._catalogue.seq_at(second * 1000, self._catalogue.seq)
            make_room(self._as_of, _KEPT_MAX)
            self._as_of[second] = as_of
        found = self._made.get(as_of)
        if found is None:
            found = self._make(as_of)
            make_room(self._made, _KEPT_MAX)
            self._made[as_of] = found
        return found

    def _make(self, seq: int) -> Storefront:
        self._note()
        base = max((held for held in self._made if held < seq), default=None)
        if base is None:
            return storefront(Storefront(), self._catalogue, seq, everything(self._catalogue))
        begin = bisect_right(self._changes, base, key=itemgetter(0))
        end = bisect_right(self._changes, seq, key=itemgetter(0))
        changed = (item for _, item in self._changes[begin:end])
        return storefront(self._made[base], self._catalogue, seq, changed)

    def _note(self) -> None:
        """Note what has changed, before the catalogue forgets it."""
        self._changes += changes(self._catalogue, self._noted, self._catalogue.seq)
        self._noted = self._catalogue.seq

    def forget_before(self, second: int) -> int:
        """Drop those that no row at this second or later asks for, but for the last of them.

        To be called before the catalogue forgets as much: later ones are made of that one. The
        catalogue is to keep what is seen from the second that is returned on: where some shards
        run far ahead, what was made for these may have taken the place of that one.
        """
        last = self.at(second).seq
        self._note()
        self._made = {seq: held for seq, held in self._made.items() if seq >= last}
        self._as_of = {at: seq for at, seq in self._as_of.items() if at > second - _STEP_S}
        del self._changes[: bisect_right(self._changes, last, key=itemgetter(0))]
        return second - second % _STEP_S
