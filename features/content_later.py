"""The content as of a later catalogue event, made of an earlier one's parts.

Catalogues change by single events, and thousands of rooms would be read anew for each. What such
an event does not touch is taken over as it is. Time: some copies of arrays and dicts over the
rooms. Judge: `Content` built anew, in `tests/features/test_content_later.py`; only the numbers of
hosts and tags may differ, and nobody sees those.
"""

from __future__ import annotations

import copy
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from events import kinds
from features.catalogue import ANY_TIME, Catalogue
from features.content import (
    NO_TAG,
    Content,
    host_name,
    is_live,
    log_price,
    scored_tags,
    start_s,
    told_of,
)

FEW = 64
"""So many changes are few, however few rooms there are."""
_LISTS = ("rooms", "room_tags", "host_ids", "log_prices")
_ARRAYS = ("is_live", "start_s", "log_price", "host", "tags", "tag_share", "told", "ranks")


def content_later(base: Content, catalogue: Catalogue, seq: int) -> Content | None:
    """As `Content(catalogue, seq, base.settings)`; None where it is to be built anew.

    That is where much has changed, and where in all as many rooms have as there are: no tag or
    host that nobody has any more keeps its number for ever.
    """
    if not base.rooms or catalogue.content_seq(catalogue.passed) > base.seq:
        return None  # what has changed since is forgotten
    rooms = dict.fromkeys(catalogue.left(base.seq, seq))
    products: set[str] = set()
    hosts: set[str] = set()
    for entry in catalogue.since(base.seq, seq):
        event = entry.event
        if isinstance(event, kinds.Room):
            rooms[event.room_id] = None
        elif isinstance(event, kinds.Product):
            products.add(event.product_id)
        elif isinstance(event, kinds.Host):
            hosts.add(event.host_id)
            if catalogue.settings.host_attributes:
                rooms.update(dict.fromkeys(base.rooms_of_host.get(event.host_id, ())))
    made = copy.copy(base)
    made.seq = seq
    made.changes += len(rooms) + len(products) + len(hosts)
    if made.changes > max(len(base.rooms), FEW):
        return None
    if rooms or catalogue.attributes(seq) != base.attribute_names:
        _change_rooms(made, base, catalogue, list(rooms))
    if products:
        _change_prices(made, catalogue, products)
    if not hosts.isdisjoint(made.host_names):
        told = {host: host_name(catalogue, host, seq) for host in hosts if host in made.host_names}
        made.host_names = {**made.host_names, **told}
    return made


def _change_prices(made: Content, catalogue: Catalogue, products: set[str]) -> None:
    """Work out what rooms with these products cost."""
    made.log_prices, made.log_price = list(made.log_prices), made.log_price.copy()
    for number, room in enumerate(made.rooms):
        if not products.isdisjoint(room.products):
            made.log_prices[number] = made.log_price[number] = log_price(catalogue, room, made.seq)


def _change_rooms(made: Content, base: Content, catalogue: Catalogue, names: Sequence[str]) -> None:
    """Take out, put in and describe anew the rooms of these names."""
    found = {name: catalogue.room(name, ANY_TIME, made.seq) for name in names}
    now = [room for room in found.values() if room is not None]
    before = [name for name in names if name in base.number]
    _move(
        made,
        sorted(base.number[name] for name in before if found[name] is None),
        sorted(room.room_id for room in now if room.room_id not in base.number),
    )
    made.attribute_names = catalogue.attributes(made.seq)
    made.rooms_of_host, made.unscored_tags = dict(made.rooms_of_host), dict(made.unscored_tags)
    for name in before:
        number = base.number[name]
        _leave_host(made, base.host_ids[number], name)
        made.unscored_tags.pop(name, None)
    anew = [made.number[room.room_id] for room in now]
    made.told[:, anew], made.ranks[:, anew] = np.nan, 0
    for name in before:
        _uncount(made, base.told[:, base.number[name]])
    for room in now:
        number = made.number[room.room_id]
        made.rooms[number] = room
        made.is_live[number] = is_live(room)
        made.start_s[number] = start_s(room)
        made.log_prices[number] = made.log_price[number] = log_price(catalogue, room, made.seq)
        _set_host(made, number, room, catalogue)
        _set_tags(made, number, room)
        _count(made, number, told_of(catalogue, room, made.attribute_names, made.seq))
    made.live = made.is_live.nonzero()[0]
    made.rank()


def _move(made: Content, gone: list[int], new: list[str]) -> None:
    """Number the rooms without those gone and with new ones, whose values are anyone's yet.

    Lists and arrays are copies from here on.
    """
    for name in _LISTS:
        setattr(made, name, list(getattr(made, name)))
    source = np.arange(len(made.ids))
    if gone or new:
        ids = list(made.ids)
        for number in reversed(gone):
            for column in (ids, *(getattr(made, name) for name in _LISTS)):
                del column[number]
        numbers = []
        for room_id in new:
            number = bisect_left(ids, room_id)
            numbers.append(number)
            ids.insert(number, room_id)
            for name in _LISTS:
                getattr(made, name).insert(number, None)
        is_new = np.zeros(len(ids), np.bool_)
        is_new[numbers] = True
        kept, source = np.delete(source, gone), np.zeros(len(ids), np.intp)
        source[~is_new] = kept
        made.ids, made.number = ids, dict(zip(ids, range(len(ids)), strict=True))
        made.places = made.places.later(source, numbers)
    for name in _ARRAYS:
        setattr(made, name, getattr(made, name).take(source, -1))


def _leave_host(made: Content, host_id: str, room_id: str) -> None:
    left = [name for name in made.rooms_of_host[host_id] if name != room_id]
    if left:
        made.rooms_of_host[host_id] = left
    else:
        del made.rooms_of_host[host_id]


def _set_host(made: Content, number: int, room: kinds.Room, catalogue: Catalogue) -> None:
    host_id = made.host_ids[number] = room.host_id
    if host_id not in made.host_number:
        made.host_number = {**made.host_number, host_id: len(made.host_number)}
    if host_id not in made.host_names:
        name = host_name(catalogue, host_id, made.seq)
        made.host_names = {**made.host_names, host_id: name}
    made.host[number] = made.host_number[host_id]
    made.rooms_of_host[host_id] = [*made.rooms_of_host.get(host_id, ()), room.room_id]


def _set_tags(made: Content, number: int, room: kinds.Room) -> None:
    tags = made.room_tags[number] = scored_tags(room, made.settings)
    new = [tag for tag in tags if tag not in made.tag_number]
    if new:
        numbers = range(len(made.tag_number) + 1, len(made.tag_number) + len(new) + 1)
        made.tag_number = {**made.tag_number, **dict(zip(new, numbers, strict=True))}
    missing = len(tags) - len(made.tags)
    if missing > 0:
        made.tags = np.pad(made.tags, ((0, missing), (0, 0)), constant_values=NO_TAG)
    made.tags[:, number] = NO_TAG
    made.tags[: len(tags), number] = [made.tag_number[tag] for tag in tags]
    made.tag_share[number] = 1.0 / max(len(tags), 1)
    unscored = frozenset(room.tags).difference(tags)
    if unscored:
        made.unscored_tags[room.room_id] = unscored


def _uncount(made: Content, values: NDArray[np.float64]) -> None:
    """A room that told these values, one a slot, counts no longer in the ranks of others."""
    column = values[:, None]
    made.ranks -= 2 * (made.told > column) + (made.told == column)


def _count(made: Content, number: int, values: list[float]) -> None:
    """The room tells these values: it counts in the ranks of others, and gets its own."""
    made.told[:, number] = values
    column = made.told[:, number, None]
    above, alike = made.told > column, made.told == column
    made.ranks += 2 * above + alike
    made.ranks[:, number] = (2 * (made.told < column) + alike).sum(axis=1)
