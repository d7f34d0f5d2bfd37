"""What is held of one user: the ladder of tags, hosts, price band, hours, and open lists."""

from __future__ import annotations

import msgspec

from features.ladder import Ladder

DAY_MS = 86_400_000
CLICKED, ENGAGED, LEFT, STAYED, ORDERED, WATCHED = 1, 2, 4, 8, 16, 32


class OpenList(msgspec.Struct, array_like=True, gc=False):
    """An impression list that waits for its labels; `vectors` are float32 rows as shown.

    `sides` has, where factors are on, for each run of items that came together how many these are
    and the user's side as they were shown (`features.sides`).
    """

    request_id: str
    shown_ms: int
    close_ms: int
    rooms: list[str] = []
    positions: list[int] = []
    flags: list[int] = []
    vectors: bytes = b""
    exposed: bool = False
    orders: dict[str, str] = {}
    sides: list[tuple[int, list[tuple[str, float]]]] = []


class Awaiting(msgspec.Struct, array_like=True, gc=False):
    """A clicked room whose order may still come, or an order whose refund may."""

    room_id: str
    request_id: str
    position: int
    shown_ms: int
    until_ms: int
    vector: bytes
    order_id: str = ""


class User(msgspec.Struct, array_like=True, gc=False):
    """One user's state; times are event times in ms. Dicts keep the newest entry last.

    `strength` sums the signals and `expected` the click rates of what was shown, both fading;
    `exposure` has the latter by tag, `attributes_expected` by attribute, as `attributes_chosen`
    has the former. `hosts` are thousandths by host; `recent` has for each room that was engaged
    with last the thousandths of all signals and the time of the newest. `left_rooms` has when a
    room was left, one that the user had stayed in as if it had been earlier, so that it comes back
    sooner. `ordered` and `dismissed` have times by product, and by product or host
    (`features.more`). The lists beside the slate may be renewed from second `more_s` on, and were
    last made of so many signals. `segments` are named by what the user's record says.
    """

    base: int
    seen_ms: int
    ladder: Ladder
    signals: int = 0
    strength: float = 0.0
    expected: float = 0.0
    exposure: dict[str, float] = {}
    faded_ms: int = 0
    hosts: dict[str, int] = {}
    follows: dict[str, int] = {}
    muted_hosts: dict[str, int] = {}
    muted_tags: dict[str, int] = {}
    left_rooms: dict[str, int] = {}
    price_sum: float = 0.0
    price_count: int = 0
    hours: bytes = bytes(24)
    lists: list[OpenList] = []
    awaiting: list[Awaiting] = []
    slate_s: int = 0
    slate_due: bool = False
    profiling: bool = True
    timezone: str = ""
    attributes_chosen: list[float] = []
    attributes_expected: list[float] = []
    recent: dict[str, tuple[int, int]] = {}
    ordered: dict[str, int] = {}
    dismissed: dict[str, int] = {}
    more_s: int = 0
    more_signals: int = 0
    segments: list[str] = []

    def bump_hour(self, hour: int) -> None:
        """Count a signal in an hour of the day; all are halved when one is full."""
        counts = bytearray(self.hours)
        if counts[hour] == 255:
            counts = bytearray(count // 2 for count in counts)
        counts[hour] += 1
        self.hours = bytes(counts)


def new_user(time_ms: int) -> User:
    """A user at their first event: versions start at that UTC day, so they never fall back."""
    return User(base=time_ms - time_ms % DAY_MS, seen_ms=time_ms, ladder=Ladder())


def remember(kept: dict[str, int], key: str, value: int, entries_max: int) -> None:
    """Put an entry last; the oldest leaves beyond the cap."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > entries_max:
        del kept[next(iter(kept))]
