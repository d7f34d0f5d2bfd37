"""The lists beside a slate as they were made, and what users then did, for a backtest to join."""

from __future__ import annotations

import msgspec

from events import kinds
from events.kinds import Event


class Offered(msgspec.Struct, tag_field="row", tag="more"):
    """What one value of `more` offered, by ids, each list best first; `at_ms` is the clock."""

    at_ms: int
    user_id: str
    previews: list[str]
    products: list[str]
    hosts: list[str]


class Acted(msgspec.Struct, tag_field="row", tag="act"):
    """What a user did about something that a list might have offered.

    `sort` is the list's name; `at_ms` is the clock, by which a list and an act are put in order.
    """

    at_ms: int
    user_id: str
    sort: str
    name: str


class _Item(msgspec.Struct):
    room_id: str | None = None
    product_id: str | None = None
    host_id: str | None = None


class _Value(msgspec.Struct):
    previews: list[_Item]
    products: list[_Item]
    hosts: list[_Item]


_decode = msgspec.json.Decoder(_Value).decode
_encode = msgspec.json.Encoder().encode

_OF_PRODUCTS = kinds.Click | kinds.View | kinds.CartAdd | kinds.Order
_OF_ROOMS = kinds.Reserve | kinds.Attend


def offered_line(user_id: str, clock_ms: int, body: bytes) -> bytes:
    """A line for the value of `more` that was made at a clock."""
    value = _decode(body)
    return _encode(
        Offered(
            clock_ms,
            user_id,
            [item.room_id for item in value.previews if item.room_id is not None],
            [item.product_id for item in value.products if item.product_id is not None],
            [item.host_id for item in value.hosts if item.host_id is not None],
        )
    )


def acted_lines(user_id: str, clock_ms: int, event: Event) -> list[bytes]:
    """Lines for a follow, an order, a reservation and the like; none for other events.

    A product that is clicked, viewed, put in the cart or ordered in a room is an act about the
    product alone.
    """
    if isinstance(event, kinds.Follow):
        sort, name = "hosts", event.host_id
    elif isinstance(event, _OF_PRODUCTS) and event.product_id is not None:
        sort, name = "products", event.product_id
    elif isinstance(event, _OF_ROOMS) and event.room_id is not None:
        sort, name = "previews", event.room_id
    else:
        return []
    return [_encode(Acted(clock_ms, user_id, sort, name))]
