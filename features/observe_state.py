"""The stored layout of a shard of OBSERVE."""

from __future__ import annotations

import msgspec

from features.rows import RowEvent


class ObserveState(msgspec.Struct, array_like=True):
    """The stored layout of a shard."""

    counts: dict[str, int]
    join: tuple[int, int]
    clock_ms: int
    people: dict[str, bytes]
    seen: tuple[bytes, bytes]
    timers: list[tuple[int, int, str, str]]
    waiting: dict[str, RowEvent]
    rounds: list[bytes]
    parts: list[bytes]
    place: int
