"""What the push policy knows of rooms, hosts and products."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from decisions.push.settings import DAY_MS


class RoomInfo(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A room as of now: whose it is, when it starts, and its line-up in order."""

    room_id: str
    host_id: str
    title: str
    status: Literal["scheduled", "live", "ended"]
    start_time_ms: int
    tags: tuple[str, ...] = ()
    products: tuple[str, ...] = ()


class Broadcast(msgspec.Struct, array_like=True, gc=False):
    """One going-live of a room.

    `occasion_ms` names it (its planned start where that is within a day, so that a re-run
    finds the same name; else when it went live); `began_ms` is when it went live, as far
    as is known; `product_id` is on air, if any.
    """

    occasion_ms: int
    began_ms: int

    def occasion_at(self, at_ms: int) -> int:
        """The occasion that counts then: a room that never ends begins a new one every day."""
        return self.occasion_ms + max(0, at_ms - self.occasion_ms) // DAY_MS * DAY_MS


class Names(Protocol):
    """What hosts and products are called; None where that is not known."""

    def host(self, host_id: str) -> str | None:
        """A host's name."""

    def product(self, product_id: str) -> str | None:
        """A product's title."""

    def product_tags(self, product_id: str) -> Sequence[str]:
        """A product's tags; none where it is not known."""


class NameBook:
    """Names as they were last told; beyond `most` of a kind the one told first is dropped."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._hosts: dict[str, str] = {}
        self._products: dict[str, str] = {}

    def host(self, host_id: str) -> str | None:
        """A host's name, None where it is not known."""
        return self._hosts.get(host_id)

    def product(self, product_id: str) -> str | None:
        """A product's title, None where it is not known."""
        return self._products.get(product_id)

    def product_tags(self, product_id: str) -> Sequence[str]:
        """None are told."""
        return ()

    def tell_host(self, host_id: str, name: str) -> None:
        """A host is now called so."""
        self._put(self._hosts, host_id, name)

    def tell_product(self, product_id: str, title: str) -> None:
        """A product is now called so."""
        self._put(self._products, product_id, title)

    def _put(self, names: dict[str, str], key: str, name: str) -> None:
        names[key] = name
        if len(names) > self._most:
            del names[next(iter(names))]
