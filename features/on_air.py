"""What each room is about at a second: the tags of the product on air there, as arrays.

Where nothing is on air yet the room's own tags stand for it.

It is read as of the beginning of a second of event time, so that it changes once a second however
many events tell of it, and is made of an earlier one by the events between. Judge: `on_air` made
anew, in `tests/features/test_on_air.py`; only the numbers of tags may differ.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable

import numpy as np

from events import kinds
from features.catalogue import ANY_TIME, Catalogue
from features.content import NO_TAG, Content

FEW = 64
"""So many changes are few, however few rooms there are."""


class OnAir:
    """Arrays over the n rooms of a content: `tags` is [tags a product, n], `share` 1 over a count.

    `room_tags` are the tags by room, `presented` those of them that are a product's, `products`
    what is on air, `rooms_with` in how many rooms each product is; `cut` has by room a product's
    tags beyond the limit, which are not scored.
    Nothing is changed once made.
    """

    def __init__(self, content: Content, catalogue: Catalogue, seq: int) -> None:
        count = len(content.ids)
        self.content, self.seq, self.changes = content, seq, 0
        self.products: list[str | None] = [None] * count
        self.rooms_with: dict[str, int] = {}
        self.room_tags: list[list[str]] = [[]] * count
        self.presented: list[list[str]] = [[]] * count
        self.cut: dict[str, frozenset[str]] = {}
        self.tag_number: dict[str, int] = {}
        self.tags = np.full((0, count), NO_TAG, np.intp)
        self.share = np.ones(count)
        _tell(self, catalogue, content.ids)


def on_air(base: OnAir | None, content: Content, catalogue: Catalogue, seq: int) -> OnAir:
    """As `OnAir(content, catalogue, seq)`, made of an earlier one where there is one that will do.

    One will not do where events since are forgotten, or where in all as many rooms have changed as
    there are: no tag that nobody presents any more keeps its number for ever.
    """
    if base is None or catalogue.passed > base.seq:
        return OnAir(content, catalogue, seq)
    changed = dict.fromkeys(catalogue.left(base.seq, seq))
    products: set[str] = set()
    for entry in catalogue.since(base.seq, seq):
        event = entry.event
        if isinstance(event, kinds.Room | kinds.OnAir):
            changed[event.room_id] = None
        elif isinstance(event, kinds.Product):
            products.add(event.product_id)
    if products:
        for name, product_id in zip(base.content.ids, base.products, strict=True):
            if product_id in products:
                changed[name] = None
    made = copy.copy(base)
    made.content, made.seq, made.changes = content, seq, base.changes + len(changed)
    if made.changes > max(len(content.ids), FEW):
        return OnAir(content, catalogue, seq)
    if content.ids is not base.content.ids:
        _move(made, base)
        changed.update(
            dict.fromkeys(name for name in content.ids if name not in base.content.number)
        )
    names = [name for name in changed if name in content.number]
    if names:
        made.products, made.room_tags = list(made.products), list(made.room_tags)
        made.presented, made.rooms_with = list(made.presented), dict(made.rooms_with)
        made.tags, made.share = made.tags.copy(), made.share.copy()
        _tell(made, catalogue, names)
    return made


def _move(made: OnAir, base: OnAir) -> None:
    """Number the rooms as the content does; those that are new present nothing yet."""
    unknown = len(base.content.ids)
    source = [base.content.number.get(name, unknown) for name in made.content.ids]
    products, room_tags = [*base.products, None], [*base.room_tags, []]
    presented = [*base.presented, []]
    made.products = [products[number] for number in source]
    made.rooms_with = dict(Counter(one for one in made.products if one is not None))
    made.room_tags = [room_tags[number] for number in source]
    made.presented = [presented[number] for number in source]
    made.tags = np.pad(base.tags, ((0, 0), (0, 1)), constant_values=NO_TAG).take(source, 1)
    made.share = np.append(base.share, 1.0).take(source)


def _count(rooms_with: dict[str, int], product_id: str | None, more: int) -> None:
    if product_id is not None:
        rooms = rooms_with.pop(product_id, 0) + more
        if rooms:
            rooms_with[product_id] = rooms


def _tell(made: OnAir, catalogue: Catalogue, names: Iterable[str]) -> None:
    """Look up what these rooms present; lists and arrays are the object's own."""
    number_of, tags_max = made.tag_number, made.content.settings.tags_max
    for name in names:
        number = made.content.number[name]
        shown = catalogue.shown(name, ANY_TIME, made.seq)
        product_id = None if shown is None else shown.product_id
        product = None if product_id is None else catalogue.product(product_id, ANY_TIME, made.seq)
        if name in made.cut or (product is not None and len(product.tags) > tags_max):
            beyond = frozenset(product.tags if product is not None else ())
            made.cut = {room: tags for room, tags in made.cut.items() if room != name}
            if len(beyond) > tags_max:
                made.cut[name] = beyond
        told = product or catalogue.room(name, ANY_TIME, made.seq)
        tags = [] if told is None else list(dict.fromkeys(told.tags))[:tags_max]
        new = [tag for tag in tags if tag not in number_of]
        if new:
            numbers = range(len(number_of) + 1, len(number_of) + len(new) + 1)
            number_of = made.tag_number = {**number_of, **dict(zip(new, numbers, strict=True))}
        missing = len(tags) - len(made.tags)
        if missing > 0:
            made.tags = np.pad(made.tags, ((0, missing), (0, 0)), constant_values=NO_TAG)
        _count(made.rooms_with, made.products[number], -1)
        _count(made.rooms_with, product_id, 1)
        made.products[number], made.room_tags[number] = product_id, tags
        made.presented[number] = [] if product is None else tags
        made.tags[:, number] = NO_TAG
        made.tags[: len(tags), number] = [number_of[tag] for tag in tags]
        made.share[number] = 1.0 / max(len(tags), 1)
