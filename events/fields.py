"""The types of event fields, each with the range in which a value makes sense."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta

ID_BYTES_MAX = 128
"""Longest id, in bytes of UTF-8."""

TIME_MS_MIN = 946_684_800_000
"""2000-01-01T00:00:00Z, the earliest time an event may bear."""

TIME_MS_END = 4_133_980_800_000
"""2101-01-01T00:00:00Z, the first time past the last that an event may bear."""

_DAY_MS = 86_400_000

# An id is at most 128 bytes and a character at least one, so the count of characters is a
# bound that the parser can hold; `events.decode` counts the bytes where the two differ.
Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=ID_BYTES_MAX)]

# Tags are matched, muted and stored by name: they obey the same rule as ids.
Tag: TypeAlias = Id

TimeMs: TypeAlias = Annotated[int, Meta(ge=TIME_MS_MIN, lt=TIME_MS_END)]
PastMs: TypeAlias = Annotated[int, Meta(ge=0, lt=TIME_MS_END)]
# A visit longer than a year, or a list longer than a billion, is a unit mistaken.
DurationMs: TypeAlias = Annotated[int, Meta(ge=0, le=366 * _DAY_MS)]
Position: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Count: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000_000)]
# Sums of amounts stay exact to a hundredth far beyond a million events of this size.
Money: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
Rating: TypeAlias = Annotated[float, Meta(ge=0, le=5)]
Rate: TypeAlias = Annotated[float, Meta(gt=0, le=100)]
Propensity: TypeAlias = Annotated[float, Meta(gt=0, le=1)]
Fraction: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
TimeOfDay: TypeAlias = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]

Attributes: TypeAlias = dict[str, float | str | list[str]]
