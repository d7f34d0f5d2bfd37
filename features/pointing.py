"""Which tags a signal points at, by the catalogue of its time and place in the log."""

from __future__ import annotations

from typing import Any

from events import kinds
from features.catalogue import Catalogue


def pointed_tags(catalogue: Catalogue, event: Any, seq: int) -> list[str] | None:
    """The tags of the product named; else of the room and what is on air there; else of the host;
    else the tag itself; for a search the tags that it contains. None when the item is unknown.
    """
    time_ms = event.event_time_ms
    if isinstance(event, kinds.Search):
        return catalogue.query_tags(event.query, seq)
    product_id = getattr(event, "product_id", None)
    if product_id is not None:
        product = catalogue.product(product_id, time_ms, seq)
        return None if product is None else product.tags
    room_id = getattr(event, "room_id", None)
    if room_id is not None:
        return catalogue.room_tags(room_id, time_ms, seq)
    host_id = getattr(event, "host_id", None)
    if host_id is not None:
        host = catalogue.host(host_id, time_ms, seq)
        return None if host is None else host.tags or []
    tag = getattr(event, "tag", None)
    return [] if tag is None else [tag]
