"""Quiet hours: which instants are quiet on a user's own clock, and when that ends."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE_MS = 60_000
DAY_MS = 86_400_000

Window = tuple[int, int]
"""Begin (included) and end (not included) in minutes of the local day; equal means none."""


def parse_clock(text: str) -> int | None:
    """`HH:MM` as a minute of the day, 0 to 1439 (`24:00` is 0), or None for anything else."""
    hours, colon, minutes = text.partition(":")
    if not colon or not (hours.isascii() and hours.isdigit() and len(hours) <= 2):
        return None
    if not (minutes.isascii() and minutes.isdigit() and len(minutes) == 2):
        return None
    minute = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or minute > 1440:
        return None
    return minute % 1440


@lru_cache(maxsize=2048)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def known_zone(name: str) -> bool:
    """Whether a text names a time zone of the IANA data base."""
    return _zone(name) is not None


@lru_cache(maxsize=16_384)
def _offset_ms(zone: str, minute: int) -> int:
    # Since the year 2000 every zone has changed its clocks on a whole minute.
    info = _zone(zone)
    if info is None:
        return 0
    offset = datetime.fromtimestamp(minute * 60, UTC).astimezone(info).utcoffset()
    return 0 if offset is None else round(offset.total_seconds() * 1000)


def is_quiet(zone: str, window: Window, at_ms: int) -> bool:
    """Whether an instant falls into the window on the local clock of a known zone."""
    begin, end = window
    minute = (at_ms + _offset_ms(zone, at_ms // MINUTE_MS)) // MINUTE_MS % 1440
    if begin <= end:
        return begin <= minute < end
    return minute >= begin or minute < end


def quiet_end_ms(zone: str, window: Window, at_ms: int) -> int:
    """The first instant from `at_ms` on that is not quiet (`at_ms` itself where it is not).

    Exact across a change of the clocks, as long as there is at most one in the stretch:
    an hour that is skipped ends the quiet early, one that comes twice is quiet twice.
    """
    if not is_quiet(zone, window, at_ms):
        return at_ms
    end_ms = _next_ms(zone, window[1], at_ms)
    before = _offset_ms(zone, at_ms // MINUTE_MS)
    if _offset_ms(zone, end_ms // MINUTE_MS) == before:
        return end_ms
    low, high = at_ms // MINUTE_MS, end_ms // MINUTE_MS
    while high - low > 1:
        middle = (low + high) // 2
        if _offset_ms(zone, middle) == before:
            low = middle
        else:
            high = middle
    change_ms = high * MINUTE_MS
    if not is_quiet(zone, window, change_ms):
        return change_ms
    return _next_ms(zone, window[1], change_ms)


def _next_ms(zone: str, minute: int, at_ms: int) -> int:
    """When the local clock next shows a minute if it keeps its present offset."""
    local_ms = at_ms + _offset_ms(zone, at_ms // MINUTE_MS)
    return at_ms + (minute * MINUTE_MS - local_ms) % DAY_MS
