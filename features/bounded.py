"""Dictionaries of what can be made again: they hold so many entries at most."""

from __future__ import annotations

from typing import Any


def make_room(kept: dict[Any, Any], entries_max: int) -> None:
    """Drop the entries that have stood longest, so that one more may come."""
    while len(kept) >= entries_max:
        del kept[next(iter(kept))]
