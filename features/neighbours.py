"""Item-item neighbours from streaming co-engagement: who liked this of late also liked that.

Each engagement of a user with an item is paired with the user's last others; a pair counts the
more the closer the two follow each other, and fades. What is bounded: users, each one's recent
items, and each item's neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from events.envelope import seal, unseal
from events.setting import setting

_KIND = b"LLNB"
_VERSION = 1
_HALF_LIVES_MAX = 256.0


@dataclass(frozen=True)
class NeighbourSettings:
    """Whether neighbours are kept, what is paired, how it fades, and how much of it is held."""

    on: bool = setting(
        False, "yes/no", "On, rooms are also ranked by what the audience of a user's rooms liked."
    )
    users: bool = setting(
        False,
        "yes/no",
        "On too, by what users alike have liked: those who engaged with the same rooms of late.",
    )
    panel_max: int = setting(
        5_000,
        "users",
        "Those active last, with whom a user is compared; a list costs more by each.",
        least=1,
    )
    publish_s: int = setting(
        60,
        "s of event time",
        "A table is made this often; who watches what changes slowly.",
        least=1,
    )
    similar_max: int = setting(
        32,
        "neighbours an item",
        "The nearest ones, which a table has; a list costs more by each.",
        least=1,
    )
    strength_min: float = setting(
        1.0, "units", "A signal of an item that is at least so strong is an engagement."
    )
    half_life_s: float = setting(
        7 * 86_400.0, "s", "Who watches what together changes from week to week.", least=1
    )
    recent_max: int = setting(
        30, "items a user", "An engagement is paired with the last of them.", least=1
    )
    pair_exponent: float = setting(
        0.3, "exponent", "The k-th item before counts k to the minus this: nearer ones more."
    )
    neighbours_max: int = setting(
        512, "neighbours an item", "The weakest leave first, a quarter at once.", least=1
    )
    items_max: int = setting(
        20_000, "items", "Those longest without engagement leave first.", least=1
    )
    users_max: int = setting(
        200_000, "users", "Those longest without engagement leave first.", least=1
    )
    prior: float = setting(
        2.0, "engagements", "An item counts as engaged so much more often, lest one pair be all."
    )


class _Item(msgspec.Struct, array_like=True, gc=False):
    """Engagements and pairs of an item, grown by the time since the landmark."""

    count: float = 0.0
    pairs: dict[str, float] = {}


class _State(msgspec.Struct, array_like=True):
    dropped: int
    landmark_s: float | None
    items: dict[str, _Item]
    users: dict[str, list[str]]


class Neighbours:
    """Decayed co-engagement counts and the similarity made of them.

    `similar(a, b)` is the pairs' weight over the root of both engagement counts, each with a
    prior. Nothing is touched to make it fade: what is added later is added larger (forward decay;
    Cormode and others, ICDE 2009). Order: any, but for who is recent. Time: O(recent_max) an
    engagement. Space: O(items_max * neighbours_max + users_max * recent_max). Judged by sums over
    the whole past.
    """

    def __init__(self, settings: NeighbourSettings) -> None:
        self.settings = settings
        self.dropped = 0
        self._landmark_s: float | None = None
        self._items: dict[str, _Item] = {}
        self._users: dict[str, list[str]] = {}

    def engage(self, user: str, item: str, time_s: float) -> None:
        """The user engaged with the item; one that is among their recent ones counts not again."""
        settings = self.settings
        recent = self._users.pop(user, [])
        self._users[user] = recent
        if item in recent:
            return
        self._move_landmark(time_s)
        grown = self._grown(time_s)
        here = self._items[item] = self._items.pop(item) if item in self._items else _Item()
        here.count += grown
        for place, other in enumerate(reversed(recent)):
            weight = grown * (1.0 + place) ** -settings.pair_exponent
            here.pairs[other] = here.pairs.get(other, 0.0) + weight
            there = self._items.get(other)
            if there is not None:
                there.pairs[item] = there.pairs.get(item, 0.0) + weight
                self._trim(there)
        self._trim(here)
        recent.append(item)
        if len(recent) > settings.recent_max:
            del recent[0]
        if len(self._items) > settings.items_max:
            del self._items[next(iter(self._items))]
            self.dropped += 1
        if len(self._users) > settings.users_max:
            del self._users[next(iter(self._users))]
            self.dropped += 1

    def forget(self, user: str) -> None:
        """Let go of the user's recent items; pairs that came of them name nobody and stay."""
        self._users.pop(user, None)

    def items(self) -> list[str]:
        """Every item that is held, by name."""
        return sorted(self._items)

    def recent(self, user: str) -> list[str]:
        """The items that the user engaged with last, the newest at the end."""
        return self._users.get(user, [])

    def similar(self, item: str, time_s: float) -> dict[str, float]:
        """The similarity of each neighbour of an item, as of now."""
        here = self._items.get(item)
        if here is None:
            return {}
        fade, prior = 1.0 / self._grown(time_s), self.settings.prior
        own = here.count * fade + prior
        found = {}
        for other, weight in here.pairs.items():
            there = self._items.get(other)
            if there is not None:
                found[other] = weight * fade / math.sqrt(own * (there.count * fade + prior))
        return found

    def latest(self, most: int) -> Iterator[tuple[str, list[str]]]:
        """Of users with several recent items those who engaged last, the newest first."""
        named = ((user, items) for user, items in reversed(self._users.items()) if len(items) > 1)
        return islice(named, most)

    def _grown(self, time_s: float) -> float:
        """How much larger an engagement of this time is than one of the landmark's."""
        since_s = time_s - (time_s if self._landmark_s is None else self._landmark_s)
        return float(2.0 ** min(since_s / self.settings.half_life_s, 2 * _HALF_LIVES_MAX))

    def _move_landmark(self, time_s: float) -> None:
        """Begin anew where numbers would grow too large; it changes no answer."""
        if self._landmark_s is not None:
            half_lives = (time_s - self._landmark_s) / self.settings.half_life_s
            if half_lives <= _HALF_LIVES_MAX:
                return
            shrunk = 0.5**half_lives
            for item in self._items.values():
                item.count *= shrunk
                item.pairs = {other: weight * shrunk for other, weight in item.pairs.items()}
        self._landmark_s = time_s

    def _trim(self, here: _Item) -> None:
        """Drop the weakest pairs of an item that has too many."""
        if len(here.pairs) <= self.settings.neighbours_max:
            return
        keep = max(self.settings.neighbours_max * 3 // 4, 1)
        strongest = sorted(here.pairs.items(), key=lambda pair: (-pair[1], pair[0]))
        self.dropped += len(strongest) - keep
        here.pairs = dict(strongest[:keep])

    def snapshot(self) -> bytes:
        """The whole state as versioned bytes."""
        state = _State(self.dropped, self._landmark_s, self._items, self._users)
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot; StateError where it cannot be read."""
        state = msgspec.msgpack.decode(
            unseal(_KIND, _VERSION, packed, "item neighbours"), type=_State
        )
        self.dropped, self._landmark_s = state.dropped, state.landmark_s
        self._items, self._users = state.items, state.users
