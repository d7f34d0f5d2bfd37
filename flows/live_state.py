"""What lies around a step's state in a live run: its clock, and what waits for that to begin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from events.envelope import seal, unseal
from features.rows import Rows
from flows.live_clock import PartTimes
from flows.live_messages import Arrival

_KIND = b"LLLV"
_VERSION = 1


class LiveState(msgspec.Struct, array_like=True):
    """A step's own state, its clock, what waits for the clock to begin, and words of its own."""

    inner: bytes
    times: bytes
    held: list[Any]
    words: list[str]


def seal_live(inner: bytes, times: bytes, held: list[Any], words: Iterable[str] = ()) -> bytes:
    """All of it as versioned bytes."""
    state = LiveState(inner, times, held, sorted(words))
    return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))


def unseal_live(packed: bytes | None) -> tuple[bytes | None, LiveState | None]:
    """The state of the recorded run's step, and what lies around it."""
    if packed is None:
        return None, None
    state = _STATE.decode(unseal(_KIND, _VERSION, packed, "a live step"))
    return state.inner, state


_STATE = msgspec.msgpack.Decoder(LiveState)


def stamped(arrival: Arrival, times: PartTimes, now_ms: int, seq: int) -> Rows:
    """The rows of an arrival, each with the clock here as of it, and a place in the catalogue."""
    rows = arrival.rows
    floor, ceiling = times.take(arrival.part, arrival.offset, arrival.clock_ms, now_ms)
    made = Rows(rows.shard, rows.round, times.clock_ms, seq)
    made.rows = [
        (event, person, number, key, max(floor, min(ceiling, clock_ms)), seq)
        for event, person, number, key, clock_ms, _ in rows.rows
    ]
    return made
