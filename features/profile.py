"""What a signal tells of a user beside tags: hosts, prices, rooms left; and how it fades."""

from __future__ import annotations

import math
from collections.abc import Sequence

from events import kinds
from features.content import Content
from features.observed import ObserveSettings, Signal
from features.taste import add_all
from features.user import DAY_MS, User, remember

_EXPOSURE_MIN = 0.001


def note(
    user: User,
    event: Signal,
    host_id: str | None,
    thousandths: int,
    clock_ms: int,
    settings: ObserveSettings,
) -> None:
    """Credit the host, and keep follows, prices paid and rooms just left."""
    time_ms = event.event_time_ms
    if host_id is not None and thousandths:
        fade(user, clock_ms, settings.fade_half_life_days)
        total = user.hosts.get(host_id, 0) + thousandths
        remember(user.hosts, host_id, total, settings.hosts_max)
    if isinstance(event, kinds.Follow):
        remember(user.follows, event.host_id, time_ms, settings.follows_max)
    elif isinstance(event, kinds.Order):
        if event.amount > 0:
            user.price_sum += math.log(event.amount)
            user.price_count += 1
    elif isinstance(event, kinds.Dwell):
        if event.left:
            # Who stayed may well come back: the room counts as left earlier than it was.
            sooner_s = settings.left_cooldown_s - settings.stayed_cooldown_s
            left_ms = time_ms if thousandths < 0 else time_ms - 1000 * sooner_s
            remember(user.left_rooms, event.room_id, left_ms, settings.left_rooms_max)
    elif isinstance(event, kinds.Dismiss) and event.room_id is not None:
        remember(user.left_rooms, event.room_id, time_ms, settings.left_rooms_max)


def expose(
    user: User, rooms: Sequence[str], rates: Sequence[float], content: Content, tags_max: int
) -> None:
    """Count what a list showed, each room by its click rate, against its tags and attributes."""
    exposure, total = user.exposure, user.expected
    exposed, factors = exposure.get, []
    known: list[Sequence[float]] = []
    for room_id, rate in zip(rooms, rates, strict=True):
        total += rate
        number = content.number.get(room_id)
        if number is not None:
            for tag in content.room_tags[number]:
                exposure[tag] = exposed(tag, 0.0) + rate
            factors.append(rate)
            known.append(content.attribute_row(number))
    user.expected = total
    if content.attribute_names:
        user.attributes_expected = add_all(user.attributes_expected, known, factors)
    if len(exposure) > tags_max:
        least = sorted(exposure.items(), key=lambda item: (item[1], item[0]))
        for tag, _ in least[: len(exposure) - tags_max]:
            del exposure[tag]


def fade(user: User, clock_ms: int, half_life_days: float) -> None:
    """Once a day, let hosts and exposure fade by the days that have passed."""
    if not user.faded_ms:
        user.faded_ms = clock_ms
        return
    days = (clock_ms - user.faded_ms) // DAY_MS
    if days <= 0:
        return
    keep = 0.5 ** (days / half_life_days)
    user.hosts = {host: faded for host, value in user.hosts.items() if (faded := int(value * keep))}
    user.exposure = {
        tag: faded
        for tag, value in user.exposure.items()
        if (faded := value * keep) > _EXPOSURE_MIN
    }
    user.attributes_chosen = [value * keep for value in user.attributes_chosen]
    user.attributes_expected = [value * keep for value in user.attributes_expected]
    user.expected *= keep
    user.strength *= keep
    user.faded_ms += days * DAY_MS
