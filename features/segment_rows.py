"""Which segments users belong to, by what their records say, and what SEGMENTS hears of events."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from events import kinds
from events.fields import ID_BYTES_MAX
from events.setting import setting

SHOWN, CLICKED, TOLD, ERASED, REFUSED, ALLOWED = range(6)

SegmentRow = tuple[int, int, int, str, tuple[str, ...]]
"""A code above, the log's clock and event time in ms, user, then the room or what the user told."""


@dataclass(frozen=True)
class SegmentSettings:
    """By what users are sorted, how fast a segment's past fades, and how much of it is held."""

    attributes: Mapping[str, float] = setting(
        {},
        "width by attribute",
        "Of users' records; numbers are put into bands so wide, 0: each by itself. None: off.",
    )
    publish_s: int = setting(
        60, "s of event time", "A table is made this often; what a crowd likes changes slowly.",
        least=1,
    )  # fmt: skip
    half_life_s: float = setting(
        86_400.0, "s", "What a crowd likes is learnt over days, each counting half of the next.",
        least=1,
    )  # fmt: skip
    prior: float = setting(
        3.0, "clicks", "A segment's clicks on a room, host or tag count in full after so many.",
        least=0.001,
    )  # fmt: skip
    user_max: int = setting(
        8, "segments a user", "A list costs one pass over the rooms for each.", least=1
    )
    segments_max: int = setting(
        64, "segments", "The first ones; users of others are served as if they had none.", least=1
    )
    rooms_max: int = setting(
        20_000, "rooms", "Beyond it the rooms with the fewest impressions are dropped.", least=1
    )
    users_max: int = setting(
        1_000_000, "users", "Whose records are known; those told longest ago leave first.", least=1
    )

    @property
    def on(self) -> bool:
        """Whether any attribute is asked for."""
        return bool(self.attributes)


def segments_of(
    attributes: Mapping[str, float | str | Sequence[str]], settings: SegmentSettings
) -> list[str]:
    """The segments of a user with these attributes, by name.

    >>> asked = SegmentSettings(attributes={"city": 0.0, "age": 10.0})
    >>> segments_of({"age": 34, "city": "杭州", "shoe": 38}, asked)
    ['age=30', 'city=杭州']
    """
    found = []
    for name, width in sorted(settings.attributes.items()):
        value = attributes.get(name)
        if value is None:
            continue
        if isinstance(value, (str, int, float)):
            found.append(f"{name}={_text(value, width)}")
        else:
            found += [f"{name}={one}" for one in dict.fromkeys(value)]
    return [one for one in found if len(one.encode()) <= ID_BYTES_MAX][: settings.user_max]


def _text(value: str | float, width: float) -> str:
    if isinstance(value, str):
        return value
    return f"{math.floor(value / width) * width:g}" if width > 0.0 else f"{value:g}"


def segment_rows(
    events: Sequence[kinds.Event], clocks: Sequence[int], settings: SegmentSettings
) -> list[SegmentRow]:
    """What the publisher needs of some rows: of events that name their user."""
    made: list[SegmentRow] = []
    for event, clock_ms in zip(events, clocks, strict=True):
        user: str | None = getattr(event, "user_id", None)
        if user is None:
            continue
        time_ms = event.event_time_ms
        if isinstance(event, kinds.Impression | kinds.Click):
            if event.room_id is not None:
                code = SHOWN if isinstance(event, kinds.Impression) else CLICKED
                made.append((code, clock_ms, time_ms, user, (event.room_id,)))
        elif isinstance(event, kinds.Erase):
            made.append((ERASED, clock_ms, time_ms, user, ()))
        elif isinstance(event, kinds.User):
            if event.consent is not None and event.consent.profiling is not None:
                code = ALLOWED if event.consent.profiling else REFUSED
                made.append((code, clock_ms, time_ms, user, ()))
            if event.attributes is not None:
                told = tuple(segments_of(event.attributes, settings))
                made.append((TOLD, clock_ms, time_ms, user, told))
    return made
