"""Which catalogue events have to be told again to one who starts anew."""

from __future__ import annotations

from collections.abc import Sequence

from events import kinds
from features.attributes import new_attributes
from features.catalogue import CatalogueSettings, Entry


def needed(entries: Sequence[Entry], settings: CatalogueSettings) -> list[Entry]:
    """Of the events so far, in log order, those that look-ups from here on depend on.

    These are an item's last told version and its newest ones by event time, and the event that
    first named a tag or a numeric attribute; of the rooms that have ended, the last ones.
    """
    items: dict[tuple[type, str], list[Entry]] = {}
    ended: dict[str, int] = {}
    gone: dict[str, int] = {}
    begun: dict[str, int] = {}
    tags: set[str] = set()
    attributes: set[str] = set()
    seqs: set[int] = set()
    for entry in entries:
        event = entry.event
        if isinstance(event, (kinds.Room, kinds.OnAir)):
            name = event.room_id
        else:
            name = event.product_id if isinstance(event, kinds.Product) else event.host_id
        items.setdefault((type(event), name), []).append(entry)
        new = new_attributes(event, attributes, settings.attributes, settings.host_attributes)
        if new:
            attributes.update(new)
            seqs.add(entry.seq)
        if isinstance(event, kinds.Room):
            ended.pop(name, None)
            if gone.pop(name, None) is not None:
                begun[name] = entry.seq
            if event.status == "ended":
                ended[name] = entry.seq
                if len(ended) > settings.ended_rooms_max:
                    oldest = next(iter(ended))
                    gone[oldest] = ended.pop(oldest)
        named = [event.point] if isinstance(event, kinds.OnAir) else event.tags or []
        for tag in named:
            if tag is not None and tag not in tags:
                tags.add(tag)
                seqs.add(entry.seq)
    for name, seq in gone.items():
        versions = items.pop((kinds.Room, name))
        items.pop((kinds.OnAir, name), None)
        if any(entry.seq in seqs for entry in versions):
            # One that is sent again for what it named must not come back to life.
            seqs.add(seq)
    for (kind, name), versions in items.items():
        if name in begun and kind in (kinds.Room, kinds.OnAir):
            versions = [entry for entry in versions if entry.seq >= begun[name]]
            if not versions:
                continue
        seqs.add(versions[-1].seq)
        versions.sort(key=lambda entry: (entry.event.event_time_ms, entry.seq))
        seqs.update(entry.seq for entry in versions[-settings.versions_max :])
    return [entry for entry in entries if entry.seq in seqs]
