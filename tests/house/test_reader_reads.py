"""What one room writes another reads: stored decisions, through the reader of product servers."""

from __future__ import annotations

from typing import Any

import pytest

from decisions.board import _BASE_REASONS
from decisions.push.facts import RoomInfo
from decisions.push.policy import PushPolicy
from decisions.push.settings import PushSettings
from decisions.push.wording import WHY, WHY_NOT
from events import kinds
from sinks.phrases import render
from sinks.reader import Reader

OFFERED = (
    *("tag_match", "trusted_host", "followed_host", "reserved"),
    *("on_air_now", "live_now", "goes_with"),
)
"""Codes of decisions/more.py."""
NOON_MS = 1_772_424_000_000  # in Shanghai, far from quiet hours


class _Stored:
    """As much of a Redis client as the reader needs, over a dict."""

    def __init__(self, values: dict[str, bytes], rooms: set[bytes]) -> None:
        self._values = values
        self._rooms = rooms
        self._replies: list[Any] = []

    def pipeline(self, transaction: bool) -> _Stored:
        self._replies = []
        return self

    def execute_command(self, verb: str, *keys: str) -> None:
        values = [self._values.get(key) for key in keys]
        reply = {"MGET": values, "SMEMBERS": self._rooms, "GET": values[0]}[verb]
        self._replies.append(reply)

    def execute(self) -> list[Any]:
        return self._replies


def _pushed(user: str) -> bytes:
    """The value of a user who was told of one room, and then not of another."""
    policy = PushPolicy(PushSettings(), 0)
    policy.host("h1", "小美")
    common = {"event_time_ms": NOON_MS, "user_id": user}
    consent = kinds.Consent(push=True)
    policy.apply(kinds.User(event_id="e1", consent=consent, **common), NOON_MS, user)
    policy.apply(kinds.Follow(event_id="e2", host_id="h1", **common), NOON_MS, user)
    for minute, room_id in ((1, "r1"), (2, "r2")):
        at_ms = NOON_MS + minute * 60_000
        room = RoomInfo(room_id, "h1", "晚间专场", "live", at_ms, ("护肤",), ())
        policy.room_changed(None, room, at_ms)
    value = policy.value(user)
    assert value is not None
    return value[1]


def test_the_reader_shows_the_pushes_that_were_decided():
    client: Any = _Stored({"ll:{u1}:push": _pushed("u1")}, {b"r1", b"r2"})
    view = Reader(client, "ll:", lambda: NOON_MS + 180_000).get("u1")
    assert [push.value["sent"] for push in view.pushes] == [False, True]
    for push in view.pushes:
        assert "小美" in push.reasons[0].zh
        assert "[" not in push.reasons[0].zh
        assert "小美" in push.reasons[0].en


@pytest.mark.parametrize("code", [*WHY_NOT, *WHY])
def test_every_push_s_reason_has_words_in_the_reader(code: str):
    assert {render(code, ["x", "y"], language) for language in ("zh", "en")} & {code} == set()


@pytest.mark.parametrize("code", [*OFFERED])
def test_every_reason_of_an_offer_has_words_in_the_reader(code: str):
    for language in ("zh", "en"):
        words = render(code, ["茶"], language)
        assert words != code
        assert "…" not in words


@pytest.mark.parametrize("stored", sorted(set(_BASE_REASONS.values())))
def test_every_room_s_reason_has_words_in_the_reader(stored: str):
    code = stored.strip('[]"')
    assert render(code, [], "zh") != code
