"""The lists beside the slate: rooms to come, products and hosts, each item with its reasons.

They are ranked by what the slate's own weights make of the user's tags and of trust in hosts. What
is muted never comes, nor what was just dismissed or ordered; after an order some products that go
with it come first. Judge: tests/decisions/naive_more.py, which looks at everything.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping

import msgspec

from decisions.board import Board
from decisions.offered import Wanted, fill, from_turn, taste_of
from decisions.outputs import head
from events.hashing import hash64
from features.grouped import HOST, PRODUCT, ROOM
from features.more import MoreSettings
from features.rows import Wish
from features.storefront import Storefront
from features.vector import USER_NAMES

_AFFINITY, _FOLLOWED = USER_NAMES.index("host_affinity"), USER_NAMES.index("host_followed")
_ON_AIR, _LIVE, _RESERVED = ("on_air_now",), ("live_now",), ("reserved",)
_SAME_CATEGORY = 0.5
"""Another of the same category is wanted half as much as what goes with the one ordered."""
_encode = msgspec.json.Encoder().encode

Why = tuple[str, ...]
"""A reason: its code, then its arguments."""


class Preview(msgspec.Struct, gc=False):
    """A room that is announced."""

    room_id: str
    start_time_ms: int
    score: float
    reasons: list[int]


class ProductOffer(msgspec.Struct, gc=False, omit_defaults=True):
    """A product, and a live room that shows it just now."""

    product_id: str
    score: float
    room_id: str | None = None
    reasons: list[int] = []


class HostOffer(msgspec.Struct, gc=False, omit_defaults=True):
    """A host, and a room in which they are live."""

    host_id: str
    score: float
    room_id: str | None = None
    reasons: list[int] = []


class Lists(msgspec.Struct):
    """The value but for its head; items name their reasons by their places in `reasons`."""

    reasons: list[Why]
    previews: list[Preview]
    products: list[ProductOffer]
    hosts: list[HostOffer]


class MoreRanker:
    """Makes users' lists; holds no state of any user."""

    def __init__(self, settings: MoreSettings) -> None:
        self.settings = settings

    def value(
        self,
        wish: Wish,
        own: Mapping[str, float],
        board: Board,
        shop: Storefront,
        reserved: Collection[str],
        version: int,
        at_ms: int,
    ) -> bytes:
        """The value of `more`; `own` are the user's `tag_values`, `reserved` their reservations."""
        lists = _Lists(self.settings, wish, own, board, shop, at_ms).made(reserved)
        return head(version, at_ms) + _encode(lists)[1:]


class _Lists:
    """One user's lists in the making."""

    def __init__(
        self,
        settings: MoreSettings,
        wish: Wish,
        own: Mapping[str, float],
        board: Board,
        shop: Storefront,
        at_ms: int,
    ) -> None:
        self._settings = settings
        self._wish = wish
        self._shop = shop
        self._at_ms = at_ms
        self._least = board.reason_min
        self._intercept = board.intercept
        self._affinity = board.user_coefficients[_AFFINITY]
        self._followed = board.user_coefficients[_FOLLOWED]
        self._muted = frozenset(wish.muted_hosts)
        turn = hash64(wish.user_id)
        self._taste = taste_of(own, wish.muted_tags, turn, self._least, settings.tags_max)
        self._reasons: dict[Why, int] = {}

    def made(self, reserved: Collection[str]) -> Lists:
        """All lists."""
        settings, wish, shop = self._settings, self._wish, self._shop
        count = settings.items_max
        products = self._complements() if wish.ordered else []
        gone: Collection[str] = wish.dismissed_products or ()
        if wish.ordered:
            gone = {*gone, *wish.ordered, *(offer.product_id for offer in products)}
        may = self._may_be_sold if self._muted else None
        hosts = {*self._muted, *(wish.dismissed_hosts or ()), *wish.view.hosts}
        if not settings.followed_hosts:
            hosts.update(wish.view.follows)
        wanted = {PRODUCT: Wanted(count - len(products), gone, may), HOST: Wanted(count, hosts)}
        known: dict[str, bool] = {}
        if shop.to_come:
            known = self._known_rooms(reserved)
            wanted[ROOM] = Wanted(count, known, self._may_be_announced)
        fill(self._taste, shop.offers, wanted, settings.alike_max)
        previews = self._previews(known, wanted[ROOM].found) if ROOM in wanted else []
        for name, worth, tag in wanted[PRODUCT].found:
            products.append(self._product(name, self._score(worth), ("tag_match", tag)))
        told_hosts = self._hosts(wanted[HOST].found)
        return Lists(list(self._reasons), previews, products, told_hosts)

    def _told(self, *whys: Why) -> list[int]:
        """The places of reasons among those of the value."""
        reasons = self._reasons
        return [reasons.setdefault(why, len(reasons)) for why in whys]

    def _score(self, worth: float) -> float:
        """What an item is worth to the user, as a room's utility is told: from 0 to 1."""
        return round(1.0 / (1.0 + math.exp(-self._intercept - worth)), 4)

    # Products.

    def _product(self, product_id: str, score: float, why: Why) -> ProductOffer:
        for room_id in self._shop.offers.at((PRODUCT, product_id)):
            if self._may_be_entered(room_id):
                return ProductOffer(product_id, score, room_id, self._told(why, _ON_AIR))
        return ProductOffer(product_id, score, None, self._told(why))

    def _may_be_entered(self, room_id: str) -> bool:
        """Whether neither the room's host nor any of its tags is muted."""
        room = self._shop.rooms[room_id]
        return room.host_id not in self._muted and self._taste.muted.isdisjoint(room.tags)

    def _may_be_sold(self, product_id: str) -> bool:
        """Whether nobody is known to sell it, or somebody whom the user has not muted."""
        shop = self._shop
        rooms = [*shop.sold_in.get(product_id, ()), *shop.offers.at((PRODUCT, product_id))]
        return not rooms or any(shop.rooms[name].host_id not in self._muted for name in rooms)

    def _complements(self) -> list[ProductOffer]:
        """The best of what goes with the products ordered."""
        settings, wish = self._settings, self._wish
        made: list[ProductOffer] = []
        ordered = wish.ordered or ()
        left_out = {*ordered, *(wish.dismissed_products or ())}
        for product_id in ordered:
            why = "goes_with", self._shop.titles.get(product_id, product_id)
            for likeness, name in self._near(product_id):
                if len(made) >= min(settings.complements_max, settings.items_max):
                    return made
                if name not in left_out and (not self._muted or self._may_be_sold(name)):
                    left_out.add(name)
                    made.append(self._product(name, round(likeness, 4), why))
        return made

    def _near(self, product_id: str) -> Iterator[tuple[float, str]]:
        """Products that share tags with one: the share of both ones' tags, less in its category."""
        index, turn = self._shop.offers, self._taste.turn
        key = index.key_of.get((PRODUCT, product_id))
        if key is None:
            return
        _, category, tags = key
        numbers = {number for tag in tags for number in index.of_tag[tag].tolist()}
        scored = []
        for group in (index.by_number[number] for number in numbers):
            assert group is not None
            if group.letter == PRODUCT and self._taste.muted.isdisjoint(group.tags):
                shared = len({*tags}.intersection(group.tags))
                likeness = shared / (len(tags) + len(group.tags) - shared)
                if group.key[1] == category:
                    likeness *= _SAME_CATEGORY
                scored.append((-likeness, group.key, group))
        for negative, _, group in sorted(scored, key=lambda one: one[:2]):
            names = from_turn(group.ids, turn)
            for name in sorted(names, key=lambda name: (PRODUCT, name) not in index.where):
                yield -negative, name

    # Hosts.

    def _hosts(self, matched: list[tuple[str, float, str]]) -> list[HostOffer]:
        """Those whom the user trusts among those whose tags fit."""
        settings, wish, index = self._settings, self._wish, self._shop.offers
        view = wish.view
        found: list[tuple[float, bool, str, Why]] = [
            (-worth, (HOST, name) not in index.where, name, ("tag_match", tag))
            for name, worth, tag in matched
        ]
        for name, trust in view.hosts.items():
            if (
                name in self._muted
                or name in (wish.dismissed_hosts or ())
                or (name in view.follows and not settings.followed_hosts)
            ):
                continue
            tags = index.tags((HOST, name))
            worth, why = self._trusted(name, tags, trust * self._affinity)
            if worth > self._least and self._taste.muted.isdisjoint(tags):
                found.append((-worth, (HOST, name) not in index.where, name, why))
        found.sort(key=lambda one: one[:2])
        return [
            self._host(name, self._score(-negative), why)
            for negative, _, name, why in found[: settings.items_max]
        ]

    def _trusted(self, host: str, tags: Collection[str], trust: float) -> tuple[float, Why]:
        """What tags and trust in a host are worth together, and which of them says more."""
        by_tags = self._taste.worth(tags)
        tag = self._taste.strongest(tags)
        if tag is not None and by_tags > trust:
            return by_tags + trust, ("tag_match", tag)
        return by_tags + trust, ("trusted_host", self._name(host))

    def _name(self, host: str) -> str:
        return self._shop.names.get(host, host)

    def _host(self, host_id: str, score: float, why: Why) -> HostOffer:
        for room_id in self._shop.offers.at((HOST, host_id)):
            if self._may_be_entered(room_id):
                return HostOffer(host_id, score, room_id, self._told(why, _LIVE))
        return HostOffer(host_id, score, None, self._told(why))

    # Rooms to come.

    def _may_be_announced(self, room_id: str) -> bool:
        settings, room = self._settings, self._shop.rooms[room_id]
        in_ms = room.start_time_ms - self._at_ms
        return (
            -1000 * settings.late_s <= in_ms <= 1000 * settings.horizon_s
            and room.host_id not in self._muted
            and room_id not in self._wish.seen_rooms
        )

    def _known_rooms(self, reserved: Collection[str]) -> dict[str, bool]:
        """Rooms to come that the user reserved, or of hosts known to them; whether reserved."""
        shop, view = self._shop, self._wish.view
        rooms = {name: True for name in reserved if (ROOM, name) in shop.offers.key_of}
        for host in {**view.hosts, **view.follows}:
            for name in shop.to_come.get(host, ()):
                rooms.setdefault(name, False)
        return rooms

    def _previews(
        self, known: Mapping[str, bool], matched: list[tuple[str, float, str]]
    ) -> list[Preview]:
        """The rooms that the user reserved, then those of hosts and tags that fit."""
        shop, view = self._shop, self._wish.view
        rooms = shop.rooms
        found: list[tuple[bool, float, int, str, Why]] = [
            (True, -worth, rooms[name].start_time_ms, name, ("tag_match", tag))
            for name, worth, tag in matched
        ]
        for name, is_reserved in known.items():
            tags, host = shop.offers.tags((ROOM, name)), rooms[name].host_id
            if not self._may_be_announced(name) or not self._taste.muted.isdisjoint(tags):
                continue
            trust = view.hosts.get(host, 0.0) * self._affinity
            if host in view.follows:
                trust += self._followed
            worth, why = self._trusted(host, tags, trust)
            if is_reserved:
                why = _RESERVED
            elif host in view.follows:
                why = "followed_host", self._name(host)
            if is_reserved or worth > self._least:
                found.append((not is_reserved, -worth, rooms[name].start_time_ms, name, why))
        found.sort()
        return [
            Preview(name, start_ms, self._score(-negative), self._told(why))
            for _, negative, start_ms, name, why in found[: self._settings.items_max]
        ]
