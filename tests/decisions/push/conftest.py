"""A small world around one push policy, in which a test says what happens and when."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from decisions.push.decision import PushDecision
from decisions.push.facts import RoomInfo
from decisions.push.policy import PushPolicy
from decisions.push.settings import PushSettings
from events import kinds

# 2026-03-02, a Monday, 12:00 in Shanghai: far from quiet hours.
NOON_MS = 1_772_424_000_000


class World:
    """A policy with a clock; `h` is hours after noon, local to the users of these tests."""

    def __init__(self, **settings: Any) -> None:
        self.policy = PushPolicy(PushSettings(**settings), 0)
        self.decisions: list[PushDecision] = []
        self.rooms: dict[str, RoomInfo] = {}
        self._ids = itertools.count()
        self.now_ms = NOON_MS

    def at(self, h: float) -> World:
        self.now_ms = NOON_MS + round(h * 3_600_000)
        return self

    def does(self, user: str, kind: type, **fields: Any) -> World:
        event = kind(
            event_id=f"e{next(self._ids)}", event_time_ms=self.now_ms, user_id=user, **fields
        )
        self.decisions += self.policy.apply(event, self.now_ms, user)
        return self

    def agrees(self, *users: str, **fields: Any) -> World:
        for user in users:
            self.does(user, kinds.User, consent=kinds.Consent(push=True), **fields)
        return self

    def room(self, room_id: str, status: str, start_h: float, **fields: Any) -> World:
        old = self.rooms.get(room_id)
        new = RoomInfo(
            room_id,
            fields.pop("host_id", "h1"),
            fields.pop("title", "晚间专场"),
            status,  # type: ignore[arg-type]
            NOON_MS + round(start_h * 3_600_000),
            **fields,
        )
        self.rooms[room_id] = new
        self.decisions += self.policy.room_changed(old, new, self.now_ms)
        return self

    def airs(self, room_id: str, product_id: str | None) -> World:
        self.decisions += self.policy.on_air(room_id, product_id, self.now_ms)
        return self

    def until(self, h: float) -> World:
        self.at(h).decisions += self.policy.advance(self.now_ms)
        return self

    def told(self) -> list[tuple[float, str, str]]:
        """Hours after noon, user and trigger of all that was sent."""
        return [(hours(d.at_ms), d.user_id, d.trigger) for d in self.decisions if d.sent]

    def refused(self) -> list[tuple[str, str, str | None]]:
        return [(d.user_id, d.trigger, d.reason) for d in self.decisions if not d.sent]


def hours(at_ms: int) -> float:
    return round((at_ms - NOON_MS) / 3_600_000, 4)


@pytest.fixture
def world() -> Callable[..., World]:
    return World


@pytest.fixture
def hours_of() -> Callable[[int], float]:
    return hours
