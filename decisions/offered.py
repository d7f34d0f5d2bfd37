"""Items that fit a user's tags, best first: an inverted index is asked for strong tags alone.

What an item is worth is what a room's tags are to the slate: the mean over its tags of what each
adds. So items with the same tags are worth the same, and are reckoned and ranked as one group.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from features.grouped import Group, Grouped

_NO_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Taste:
    """A user's tags: what each adds (logits), for the strongest for and against, in that order.

    `strong` are those for; `turn` says where among equals the user begins, so that equals are
    shown equally often.
    """

    own: Mapping[str, float]
    strong: Sequence[str]
    muted: frozenset[str]
    turn: int

    def worth(self, tags: Collection[str]) -> float:
        """What an item with these tags is worth; 0 without any."""
        total = 0.0
        for tag, value in self.own.items():
            if tag in tags:
                total += value
        return total * (1.0 / len(tags)) if tags else 0.0

    def strongest(self, tags: Collection[str]) -> str | None:
        """Of the user's strong tags the first that is among these."""
        for tag in self.strong:
            if tag in tags:
                return tag
        return None


def taste_of(
    own: Mapping[str, float], muted: Sequence[str], turn: int, least: float, tags_max: int
) -> Taste:
    """A user's tags that add more than `least`, or take as much away, at most so many of each."""
    fors = sorted([(-value, tag) for tag, value in own.items() if value > least])[:tags_max]
    against = sorted([(value, tag) for tag, value in own.items() if value < -least])[:tags_max]
    weighed = {tag: -value for value, tag in fors}
    strong = list(weighed)
    for value, tag in against:
        weighed[tag] = value
    return Taste(weighed, strong, frozenset(muted), turn)


@dataclass(slots=True)
class Wanted:
    """A list in the making, of at most `count` items: `found` has id, worth and tag of each.

    `left_out` are passed over, and those that `may` forbids.
    """

    count: int
    left_out: Collection[str]
    may: Callable[[str], bool] | None = None
    found: list[tuple[str, float, str]] = field(default_factory=list)

    def take(self, names: Iterable[str], worth: float, tag: str, most: int) -> int:
        """Take so many items that are worth the same, as far as there are; how many it took."""
        left_out, may, found = self.left_out, self.may, self.found
        most = min(most, self.count - len(found))
        taken = 0
        for name in names:
            if taken == most:
                break
            if name not in left_out and (may is None or may(name)):
                found.append((name, worth, tag))
                taken += 1
        return taken


def fill(taste: Taste, index: Grouped, wanted: Mapping[str, Wanted], alike_max: int) -> None:
    """Fill the lists, by letter, with what fits best, at first so many with the same tags.

    Of equal ones those that are on now come first. Time: that of adding up as many numbers as
    there are groups with these tags, and of one pass over all groups.
    """
    left = {letter: want for letter, want in wanted.items() if want.count}
    runs: list[tuple[float, list[Group]]] = []
    for worth, alike in _ranked(taste, index):
        told = [group for group in alike if group.letter in left]
        if taste.muted:
            told = [group for group in told if taste.muted.isdisjoint(group.tags)]
        if told:
            runs.append((worth, told))
            _take(taste, index, left, worth, told, alike_max)
            if not left:
                return
    for want in left.values():
        want.left_out = {*want.left_out, *(name for name, _, _ in want.found)}
    unfilled = list(left.values())
    for worth, told in runs:
        _take(taste, index, left, worth, told, _NO_LIMIT)
    for want in unfilled:
        want.found.sort(key=lambda one: -one[1])


def _take(
    taste: Taste,
    index: Grouped,
    left: dict[str, Wanted],
    worth: float,
    alike: list[Group],
    most: int,
) -> None:
    """Take of groups that are worth the same; a list that is full leaves `left`."""
    held = [most] * len(alike)
    for is_on in (True, False):
        for place, group in enumerate(alike):
            want = left.get(group.letter)
            on = index.on.get(group.key)
            if want is None or (is_on and not on) or not held[place]:
                continue
            names: Iterable[str] = from_turn(on if is_on and on else group.ids, taste.turn)
            if on and not is_on:
                names = (name for name in names if (group.letter, name) not in index.where)
            tag = taste.strongest(group.tags)
            if tag is not None:
                held[place] -= want.take(names, worth, tag, held[place])
                if len(want.found) == want.count:
                    del left[group.letter]


def _ranked(taste: Taste, index: Grouped) -> Iterator[tuple[float, list[Group]]]:
    """The groups that are worth something to the user, best first, equals together."""
    parts = [(index.of_tag[tag], value) for tag, value in taste.own.items() if tag in index.of_tag]
    if not parts or not taste.strong:
        return
    numbers = np.concatenate([numbers for numbers, _ in parts])
    values = np.repeat([value for _, value in parts], [len(numbers) for numbers, _ in parts])
    total = np.bincount(numbers, values, len(index.share))
    (found,) = (total > 0.0).nonzero()
    worth = total.take(found) * index.share.take(found)
    order = (-worth).argsort(kind="stable")
    by_number, last = index.by_number, -1.0
    alike: list[Group] = []
    ranked = zip(worth.take(order).tolist(), found.take(order).tolist(), strict=True)
    for value, number in ranked:
        group = by_number[number]
        assert group is not None
        if value != last and alike:
            yield last, sorted(alike, key=_key) if len(alike) > 1 else alike
            alike = []
        last = value
        alike.append(group)
    if alike:
        yield last, sorted(alike, key=_key)


def _key(group: Group) -> tuple[str, str, tuple[str, ...]]:
    return group.key


def from_turn(names: tuple[str, ...], turn: int) -> tuple[str, ...]:
    """The names, begun at a user's turn and gone round."""
    start = turn % len(names)
    return names[start:] + names[:start] if start else names
