"""What a logged event says about taste: its strength and the tags it points at, on plain dicts.

The comparisons (`bench.stock`, `bench.plain_loop`) are programs that somebody else could have
written, so they share nothing with liveloom but the contract's table of strengths, put here once
more for parsed JSON. What is on air in a room and a search's words are left out, which makes the
comparisons' work a little lighter than liveloom's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

CATALOGUE_KINDS = frozenset({"host", "room", "product", "on_air"})
USER_KINDS = frozenset({"user", "identity_link", "erase"})

_STRENGTHS: dict[str, float] = {
    "click": 1.0,
    "view": 0.5,
    "comment": 2.0,
    "reserve": 2.0,
    "join": 2.0,
    "share": 3.0,
    "follow": 3.0,
    "favourite": 3.0,
    "cart_add": 3.0,
    "gift": 4.0,
    "order": 6.0,
    "refund": -6.0,
    "dismiss": -4.0,
}

SIGNAL_KINDS = frozenset(_STRENGTHS) | {"like", "dwell"}
"""Kinds whose strength is not nought."""


def strength(event: Json) -> float:
    """What an event adds to each tag it points at; 0 for a kind that counts for nothing."""
    kind = event["kind"]
    if kind == "dwell":
        dwell_ms: int = event["dwell_ms"]
        visit_ms: int = event.get("visit_ms", dwell_ms)
        if event.get("left") and visit_ms < 5_000:
            return -1.0
        return min(dwell_ms / 30_000, 4.0)
    if kind == "like":
        count: int = event.get("count", 1)
        return min(0.5 * count, 1.5)
    return _STRENGTHS.get(kind, 0.0)


@dataclass
class Catalogue:
    """Rooms, hosts and products by id, each with its tags."""

    rooms: dict[str, Json] = field(default_factory=dict)
    hosts: dict[str, Json] = field(default_factory=dict)
    products: dict[str, Json] = field(default_factory=dict)

    def add(self, event: Json) -> None:
        """Keep the newest version of what a catalogue event describes."""
        if event["kind"] == "room":
            self.rooms[event["room_id"]] = event
        elif event["kind"] == "host":
            self.hosts[event["host_id"]] = event
        elif event["kind"] == "product":
            self.products[event["product_id"]] = event

    def tags(self, event: Json) -> Iterable[str]:
        """The tags an event points at: its product's, else its room's, else its host's."""
        known = (
            self.products.get(event.get("product_id", ""))
            or self.rooms.get(event.get("room_id", ""))
            or self.hosts.get(event.get("host_id", ""))
        )
        return (known.get("tags") or ()) if known else ()

    def live_rooms(self) -> list[Json]:
        """The rooms that are live, in the order in which they first came."""
        return [room for room in self.rooms.values() if room["status"] == "live"]
