"""The rules of an event that a type alone cannot say: who, which of several fields, which zone.

A rule takes a decoded event and returns a `Fault` or None. Rules run for every event, so each
kind has one function that does no more than its kind needs.
"""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Callable
from typing import Any

from events.kinds import (
    KINDS,
    Click,
    Dismiss,
    Favourite,
    IdentityLink,
    Impression,
    Mute,
    PersonEvent,
    Unmute,
    User,
)
from events.letters import Fault, fit

Rule = Callable[[Any], Fault | None]

_NO_PERSON = Fault(
    "no_person", "user_id", "give `user_id`, or `device_id`, or `platform` and `nickname`"
)
_NO_DEVICE = Fault("no_person", "device_id", "give `device_id`, or `platform` and `nickname`")
_NO_ITEM = Fault("missing_field", "room_id", "give `room_id` or `product_id`")
_NO_TARGET = Fault(
    "missing_field", "room_id", "give one of `room_id`, `product_id`, `host_id` and `tag`"
)
_NO_MUTED = Fault("missing_field", "host_id", "give `host_id` or `tag`")


def _person(event: PersonEvent) -> Fault | None:
    if (
        event.user_id is None
        and event.device_id is None
        and (event.platform is None or event.nickname is None)
    ):
        return _NO_PERSON
    return None


def _item(event: Impression | Click | Favourite) -> Fault | None:
    if event.room_id is None and event.product_id is None:
        return _NO_ITEM
    if event.user_id is None:
        return _person(event)
    return None


def _dismiss(event: Dismiss) -> Fault | None:
    targets = {
        "room_id": event.room_id,
        "product_id": event.product_id,
        "host_id": event.host_id,
        "tag": event.tag,
    }
    given = [name for name, value in targets.items() if value is not None]
    if not given:
        return _NO_TARGET
    if len(given) > 1:
        names = " and ".join(f"`{name}`" for name in given)
        return Fault("conflicting_fields", given[1], f"one alone may be given, not {names}")
    return _person(event)


def _mute(event: Mute | Unmute) -> Fault | None:
    if event.host_id is None and event.tag is None:
        return _NO_MUTED
    return _person(event)


def _identity_link(event: IdentityLink) -> Fault | None:
    if event.device_id is None and (event.platform is None or event.nickname is None):
        return _NO_DEVICE
    return None


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _user(event: User) -> Fault | None:
    zone = event.timezone
    if zone is not None and zone not in _zones():
        detail = "must be the name of an IANA time zone, such as Asia/Shanghai"
        return Fault("invalid_value", "timezone", detail, fit(zone[:40]))
    return None


RULES: dict[type, Rule] = {
    cls: _person for cls in KINDS.values() if issubclass(cls, PersonEvent)
} | {
    Impression: _item,
    Click: _item,
    Favourite: _item,
    Dismiss: _dismiss,
    Mute: _mute,
    Unmute: _mute,
    IdentityLink: _identity_link,
    User: _user,
}
"""The rule of each struct; kinds that are not here have none."""
