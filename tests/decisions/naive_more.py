"""The lists beside the slate by a look at everything: the judge of the fast ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from decisions.board import Board
from events.hashing import hash64
from features.grouped import HOST, PRODUCT, ROOM
from features.more import MoreSettings
from features.rows import Wish
from features.storefront import Storefront
from features.vector import USER_NAMES

Told = list[tuple[str, float]]
"""Ids with what each is worth."""


class Naive:
    """All lists of one user."""

    def __init__(
        self, settings: MoreSettings, wish: Wish, own: dict[str, float], board: Board,
        shop: Storefront, reserved: Sequence[str], at_ms: int,
    ) -> None:  # fmt: skip
        self.settings, self.wish, self.shop = settings, wish, shop
        self.reserved, self.at_ms = reserved, at_ms
        least, most = board.reason_min, settings.tags_max
        fors = sorted((-value, tag) for tag, value in own.items() if value > least)
        against = sorted((value, tag) for tag, value in own.items() if value < -least)
        self.weights = [(tag, -value) for value, tag in fors[:most]]
        self.weights += [(tag, value) for value, tag in against[:most]]
        self.least = least
        self.affinity = board.user_coefficients[USER_NAMES.index("host_affinity")]
        self.followed = board.user_coefficients[USER_NAMES.index("host_followed")]
        self.turn = hash64(wish.user_id)

    def worth(self, tags: Sequence[str]) -> float:
        total = 0.0
        for tag, value in self.weights:
            if tag in tags:
                total += value
        return total * (1.0 / len(tags)) if tags else 0.0

    def is_muted(self, tags: Sequence[str]) -> bool:
        return any(tag in self.wish.muted_tags for tag in tags)

    def sellers(self, product_id: str) -> set[str]:
        rooms = [r for r in self.shop.rooms.values() if product_id in r.products]
        names = self.shop.offers.at((PRODUCT, product_id))
        return {r.host_id for r in rooms} | {self.shop.rooms[name].host_id for name in names}

    def in_order(self, letter: str, may: Callable[[str], bool]) -> list[tuple[Any, str, float]]:
        """The items that fit, best first, each with its key."""
        offers, rows = self.shop.offers, []
        for (own_letter, name), key in offers.key_of.items():
            if own_letter != letter or self.is_muted(key[2]) or not may(name):
                continue
            worth = self.worth(key[2])
            if worth > 0.0:
                ids = offers.groups[key].ids
                on = [one for one in ids if offers.at((letter, one))]
                among = on if name in on else list(ids)
                steps = (among.index(name) - self.turn % len(among)) % len(among)
                rows.append(((-worth, name not in on, key, steps), name, worth))
        return sorted(rows)

    def fitting(self, letter: str, count: int, may: Callable[[str], bool]) -> Told:
        """At first so many with the same tags, then the best of the others."""
        picked: Told = []
        spare: Told = []
        held: dict[Any, int] = {}
        for (_, _, key, _), name, worth in self.in_order(letter, may):
            held[key] = held.get(key, 0) + 1
            (picked if held[key] <= self.settings.alike_max else spare).append((name, worth))
        return sorted((picked[:count] + spare)[:count], key=lambda one: -one[1])

    def products(self) -> list[str]:
        settings, wish = self.settings, self.wish
        ordered, dismissed = wish.ordered or [], wish.dismissed_products or []
        first: list[str] = []

        def may(name: str) -> bool:
            sellers = self.sellers(name)
            muted = bool(sellers) and sellers <= set(wish.muted_hosts)
            return not muted and name not in [*ordered, *dismissed, *first]

        offers = self.shop.offers
        for bought in ordered:
            _, category, tags = offers.key_of.get((PRODUCT, bought), ("", "", ()))
            rows = []
            for (letter, name), key in offers.key_of.items():
                both = {*tags} & {*key[2]}
                if letter == PRODUCT and both and not self.is_muted(key[2]) and may(name):
                    likeness = len(both) / len({*tags} | {*key[2]})
                    likeness *= 0.5 if key[1] == category else 1.0
                    ids = offers.groups[key].ids
                    steps = (ids.index(name) - self.turn % len(ids)) % len(ids)
                    rows.append((-likeness, key, not offers.at((letter, name)), steps, name))
            for *_, name in sorted(rows):
                if len(first) < min(settings.complements_max, settings.items_max) and may(name):
                    first.append(name)
        rest = self.fitting(PRODUCT, settings.items_max - len(first), may)
        return first + [name for name, _ in rest]

    def hosts(self) -> list[str]:
        settings, wish, offers = self.settings, self.wish, self.shop.offers
        gone = {*wish.muted_hosts, *(wish.dismissed_hosts or [])}
        if not settings.followed_hosts:
            gone |= set(wish.view.follows)
        known = wish.view.hosts
        rest = self.fitting(
            HOST, settings.items_max, lambda name: name not in gone and name not in known
        )
        rows = [(-worth, not offers.at((HOST, name)), name) for name, worth in rest]
        for name, trust in known.items():
            tags = offers.tags((HOST, name))
            worth = self.worth(tags) + trust * self.affinity
            if worth > self.least and name not in gone and not self.is_muted(tags):
                rows.append((-worth, not offers.at((HOST, name)), name))
        rows.sort(key=lambda row: row[:2])
        return [name for *_, name in rows[: settings.items_max]]

    def previews(self) -> list[str]:
        settings, wish, shop = self.settings, self.wish, self.shop
        view = wish.view

        def may(name: str) -> bool:
            room = shop.rooms[name]
            in_s = (room.start_time_ms - self.at_ms) / 1000
            soon = -settings.late_s <= in_s <= settings.horizon_s
            return soon and room.host_id not in wish.muted_hosts and name not in wish.seen_rooms

        def is_known(name: str) -> bool:
            host = shop.rooms[name].host_id
            return name in self.reserved or host in view.hosts or host in view.follows

        names = [name for letter, name in shop.offers.key_of if letter == ROOM]
        rest = self.fitting(ROOM, settings.items_max, lambda one: may(one) and not is_known(one))
        rows = [(True, -worth, shop.rooms[name].start_time_ms, name) for name, worth in rest]
        for name in filter(is_known, filter(may, names)):
            tags, host = shop.offers.tags((ROOM, name)), shop.rooms[name].host_id
            trust = view.hosts.get(host, 0.0) * self.affinity
            trust += self.followed if host in view.follows else 0.0
            worth, reserved = self.worth(tags) + trust, name in self.reserved
            if not self.is_muted(tags) and (reserved or worth > self.least):
                rows.append((not reserved, -worth, shop.rooms[name].start_time_ms, name))
        return [name for *_, name in sorted(rows)[: settings.items_max]]
