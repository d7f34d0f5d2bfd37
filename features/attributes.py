"""Numeric attributes of rooms, and of hosts where asked for: who names a slot, what it holds."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import islice

from events import kinds

Named = Mapping[str, float | str | list[str]]


def new_attributes(event: object, known: Collection[str], slots: int, of_hosts: bool) -> list[str]:
    """The event's numeric attributes that are not known yet, as far as there are slots for them.

    A host's count where those of hosts are asked for, nobody else's but a room's ever.
    """
    if not isinstance(event, (kinds.Room, kinds.Host) if of_hosts else kinds.Room):
        return []
    found = (
        name
        for name, value in sorted((event.attributes or {}).items())
        if is_number(value) and name not in known
    )
    return list(islice(found, slots - len(known)))


def told_values(names: Sequence[str], slots: int, room: Named, host: Named) -> list[float]:
    """A number a slot: the room's, else the host's; NaN where neither tells one of that name."""
    values = [math.nan] * slots
    for slot, name in enumerate(names):
        value = room.get(name)
        if not is_number(value):
            value = host.get(name)
        if is_number(value):
            values[slot] = float(value)  # type: ignore[arg-type]
    return values


def is_number(value: object) -> bool:
    """Whether an attribute's value counts as a quantity."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
