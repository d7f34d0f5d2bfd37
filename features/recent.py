"""The rooms that a user engaged with last: how much came of each, and how long ago."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import derived, setting
from features.user import User
from features.vector import NEAR_NAMES

_QUARTER_MS = 900_000


@dataclass(frozen=True)
class RecentSettings:
    """How many rooms of a user are attended to, and what each counts."""

    rooms_max: int = setting(
        10, "rooms a user", "A list costs more by each; older ones say less.", least=1
    )
    strength_half: float = setting(
        2.0,
        "units",
        "Two clicks, or a minute's stay, are half of what a room can say.",
        least=0.001,
    )
    place_exponent: float = setting(
        0.3, "exponent", "The k-th room before counts k to the minus this."
    )
    half_life_s: float = setting(
        259_200.0,
        "s",
        "Rooms of three days ago count half; steps of a quarter of an hour.",
        least=1,
    )
    sharpness: float = setting(
        10.0, "a unit of similarity", "How much more attention goes to the rooms that are nearer."
    )
    match_half: float = setting(
        0.5,
        "similarity",
        "Some near rooms are half as near as can be: a crowd of them is no more.",
        least=0.001,
    )
    attention_half: float = setting(
        0.1, "similarity", "The same of what attention makes of them, which is a mean.", least=0.001
    )
    alike_max: int = setting(
        100, "users", "The nearest users count; those who share less say less.", least=1
    )
    alike_prior: float = setting(
        5.0,
        "rooms",
        "A user counts as having so many more, lest one who has few be near by one alone.",
        least=0.001,
    )
    users: bool = derived(False, "Whether neighbours are kept of users too.")

    @property
    def near_names(self) -> tuple[str, ...]:
        """The features that come of them (`features.near`)."""
        return NEAR_NAMES if self.users else NEAR_NAMES[:-1]


def engage(user: User, room_id: str, thousandths: int, time_ms: int, rooms_max: int) -> None:
    """A signal of a room: it is the newest now; beyond the cap the oldest leaves."""
    strength, newest_ms = user.recent.pop(room_id, (0, time_ms))
    user.recent[room_id] = (strength + thousandths, max(newest_ms, time_ms))
    if len(user.recent) > rooms_max:
        del user.recent[next(iter(user.recent))]


def recent_of(user: User, time_ms: int, settings: RecentSettings) -> list[tuple[str, float, float]]:
    """For each room, newest first: its id, its prior weight in (0, 1], its value in (-1, 1).

    The value saturates with the strength of all that the user did there, so that a long stay
    says more than a passing like, and a quick leave speaks against. It is the same for all of a
    quarter of an hour.
    """
    made, half = [], settings.strength_half * 1000.0
    now = time_ms // _QUARTER_MS
    for place, (room_id, (strength, newest_ms)) in enumerate(reversed(user.recent.items())):
        ago_s = max(now - newest_ms // _QUARTER_MS, 0) * (_QUARTER_MS // 1000)
        weight = (1.0 + place) ** -settings.place_exponent * 0.5 ** (ago_s / settings.half_life_s)
        made.append((room_id, weight, strength / (abs(strength) + half)))
    return made
