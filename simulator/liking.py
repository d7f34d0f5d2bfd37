"""How much a room speaks to a viewer: the one place where taste becomes behaviour."""

from __future__ import annotations

from simulator.cast import Product, Room, Viewer

_INDIFFERENT = 0.04  # what is left where nothing matches
_FOLLOWING = 0.35
_SEEN_ALREADY = 0.3


def interest(viewer: Viewer, room: Room) -> float:
    """The viewer's taste for the room as it is now: 0 is none, 1 much, up to about 2."""
    get = viewer.tastes.now.get
    found = 0.0
    for tag in room.appeal:
        found += get(tag, 0.0)
    if viewer.followed and room.host in viewer.followed:
        found += _FOLLOWING
    return found


def attraction(viewer: Viewer, room: Room) -> float:
    """The pull of the room's cover in a list, position left aside; 0 or more."""
    pull = (_INDIFFERENT + interest(viewer, room)) * room.hook
    if room in viewer.recent:
        pull *= _SEEN_ALREADY
    return pull * price_fit(viewer, room.host.price_level)


def price_fit(viewer: Viewer, price_level: float) -> float:
    """1.1 where prices are what the viewer pays, less where they are above, a little if below."""
    above = price_level - viewer.price_level
    return 1.1 - (0.8 * above if above > 0.0 else -0.25 * above)


def satisfaction(viewer: Viewer, room: Room) -> float:
    """What the viewer finds inside: taste and the host, not the cover; 0 to about 2."""
    return (0.1 + interest(viewer, room)) * (0.4 + 0.8 * room.host.trust)


def wanting(viewer: Viewer, product: Product, price_level: float) -> float:
    """How much the viewer wants a product; 0 or more."""
    get = viewer.tastes.now.get
    found = 0.1
    for tag in product.tags:
        found += get(tag, 0.0)
    return found * price_fit(viewer, price_level)
