"""The lists beside the slate as they hold now, without what has begun, ended or been called off."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from sinks.stored import Reason, decoded, reasons_of

ON_NOW: Final = frozenset({"on_air_now", "live_now"})
"""Reasons that hold as long as the room does that the item is on in."""


class Offer(msgspec.Struct, frozen=True, gc=False):
    """A room to come, a product or a host, by its id; its reasons, the weightiest first.

    `room_id` is the live room that a product or host is on in. `start_time_ms` is a room's, as it
    is planned now.
    """

    id: str
    score: float
    room_id: str | None
    start_time_ms: int | None
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class MoreView:
    """What is offered to a user beside live rooms at `now_ms`, each list best first."""

    user_id: str
    now_ms: int
    previews: list[Offer]
    products: list[Offer]
    hosts: list[Offer]
    version: int


class _Place(msgspec.Struct, frozen=True, gc=False):
    score: float
    reasons: list[int] = []
    room_id: str | None = None
    product_id: str = ""
    host_id: str = ""
    start_time_ms: int | None = None


class More(msgspec.Struct, frozen=True, gc=False):
    """The value as it is stored."""

    v: int = 0
    version: int = 0
    reasons: list[list[Any]] = []
    previews: list[_Place] = []
    products: list[_Place] = []
    hosts: list[_Place] = []


_NONE: Final = More()
_DECODER: Final = msgspec.json.Decoder(More)


def more_of(key: str, body: bytes | None) -> More:
    """A user's lists; empty where nothing is stored."""
    return _NONE if body is None else decoded(_DECODER, key, body)


def view_of(
    user_id: str,
    now_ms: int,
    more: More,
    live: Container[str],
    rooms: Mapping[str, Mapping[str, Any]],
) -> MoreView:
    """The lists as they hold with these rooms live, and what is told of the rooms to come."""
    legend = reasons_of(more.reasons)

    def announced(places: Iterable[_Place]) -> Iterable[Offer]:
        for place in places:
            name = place.room_id or ""
            told = rooms.get(name) or {}
            if name not in live and told.get("status", "scheduled") == "scheduled":
                start_ms = told.get("start_time_ms", place.start_time_ms)
                reasons = tuple(legend[number] for number in place.reasons)
                yield Offer(name, place.score, None, start_ms, reasons)

    def offered(places: Iterable[_Place]) -> Iterable[Offer]:
        for place in places:
            reasons = [legend[number] for number in place.reasons]
            room_id = place.room_id
            if room_id not in live:
                room_id = None
                reasons = [reason for reason in reasons if reason.code not in ON_NOW]
            name = place.product_id or place.host_id
            yield Offer(name, place.score, room_id, None, tuple(reasons))

    return MoreView(
        user_id,
        now_ms,
        list(announced(more.previews)),
        list(offered(more.products)),
        list(offered(more.hosts)),
        more.version,
    )
