"""Items by their tags: those alike stand together, so what fits a user is found tag by tag."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping, Set

import numpy as np
from numpy.typing import NDArray

from events.hashing import hash64

HOST, PRODUCT, ROOM = "h", "p", "r"
Item = tuple[str, str]
"""One of the letters above, and an id."""
Key = tuple[str, str, tuple[str, ...]]
"""What the items of a group share: the letter, a sort (a category, say), all tags in order."""
Where = Mapping[Item, Set[str]]
"""For items the rooms in which they are on just now; none where they are not."""

_NO_NUMBERS: NDArray[np.intp] = np.zeros(0, np.intp)


class Group:
    """Items of one key; by the hashes of their ids, so that one shop's do not stand together."""

    __slots__ = ("ids", "key", "letter", "number", "tags")

    def __init__(self, key: Key, ids: Collection[str], number: int) -> None:
        self.key = key
        self.letter, _, self.tags = key
        self.ids = tuple(sorted(ids, key=lambda name: (hash64(name), name)))
        self.number = number


class Grouped:
    """An inverted index from tags to groups of items, and which of the items are on just now.

    `of_tag` has for a tag the numbers of its groups, `share` by number 1 over the count of tags.
    `where` has an item's rooms, `on` of a key the ids of those that are on, in the group's order.
    Nothing of it is changed once it is made. Time of `later`: copies of its dicts, and for each
    item that changes as long as its group and its tags' groups are many.
    """

    def __init__(self) -> None:
        self.key_of: dict[Item, Key] = {}
        self.groups: dict[Key, Group] = {}
        self.by_number: list[Group | None] = []
        self.share: NDArray[np.float64] = np.zeros(0)
        self.of_tag: dict[str, NDArray[np.intp]] = {}
        self.where: dict[Item, tuple[str, ...]] = {}
        self.on: dict[Key, tuple[str, ...]] = {}
        self._free: list[int] = []

    def later(self, told: Mapping[Item, Key | None], where: Where) -> Grouped:
        """The index with these items as they are told now; None for those that have gone."""
        told = {item: key for item, key in told.items() if self.key_of.get(item) != key}
        where = {item: rooms for item, rooms in where.items() if {*self.at(item)} != rooms}
        if not told and not where:
            return self
        made = copy.copy(self)
        made.where, made.on = dict(self.where), dict(self.on)
        for item, rooms in where.items():
            if rooms:
                made.where[item] = tuple(sorted(rooms))
            else:
                del made.where[item]
        touched = {self.key_of[item]: None for item in where if item in self.key_of}
        if told:
            touched.update(dict.fromkeys(made._regroup(told)))
        for key in touched:
            group = made.groups.get(key)
            ids = group.ids if group else ()
            made.on[key] = tuple(name for name in ids if (key[0], name) in made.where)
            if not made.on[key]:
                del made.on[key]
        return made

    def at(self, item: Item) -> tuple[str, ...]:
        """The rooms in which the item is on just now."""
        return self.where.get(item, ())

    def tags(self, item: Item) -> tuple[str, ...]:
        """The item's tags; none where it is unknown."""
        key = self.key_of.get(item)
        return () if key is None else key[2]

    def _regroup(self, told: Mapping[Item, Key | None]) -> list[Key]:
        """Put items into the groups of their new keys; the keys whose groups have changed."""
        self.key_of, self.groups = dict(self.key_of), dict(self.groups)
        members: dict[Key, set[str]] = {}

        def members_of(key: Key) -> set[str]:
            if key not in members:
                group = self.groups.get(key)
                members[key] = set(group.ids) if group else set()
            return members[key]

        for item, key in told.items():
            before = self.key_of.pop(item, None)
            if before is not None:
                members_of(before).discard(item[1])
            if key is not None:
                members_of(key).add(item[1])
                self.key_of[item] = key
        self.by_number, self._free = list(self.by_number), list(self._free)
        come: dict[str, list[int]] = {}
        gone: dict[str, list[int]] = {}
        for key, ids in members.items():
            before_group = self.groups.pop(key, None)
            if ids:
                number = before_group.number if before_group else self._number()
                self.groups[key] = self.by_number[number] = Group(key, ids, number)
                if before_group is None:
                    for tag in key[2]:
                        come.setdefault(tag, []).append(number)
            elif before_group is not None:
                self.by_number[before_group.number] = None
                self._free.append(before_group.number)
                for tag in key[2]:
                    gone.setdefault(tag, []).append(before_group.number)
        self._index(come, gone)
        missing = len(self.by_number) - len(self.share)
        self.share = np.append(self.share, np.ones(missing))
        for key in members:
            if key in self.groups and key[2]:
                self.share[self.groups[key].number] = 1.0 / len(key[2])
        return list(members)

    def _number(self) -> int:
        if self._free:
            return self._free.pop()
        self.by_number.append(None)
        return len(self.by_number) - 1

    def _index(self, come: Mapping[str, list[int]], gone: Mapping[str, list[int]]) -> None:
        self.of_tag = dict(self.of_tag)
        for tag in {**come, **gone}:
            kept = self.of_tag.pop(tag, _NO_NUMBERS)
            if tag in gone:
                kept = kept[~np.isin(kept, gone[tag])]
            kept = np.append(kept, np.array(come.get(tag, ()), np.intp))
            if len(kept):
                self.of_tag[tag] = kept
