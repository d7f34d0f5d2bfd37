"""Users rest as bytes, are bounded, and are forgotten after a long silence, all without a trace."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.people import People, PeopleSettings
from features.user import DAY_MS, User, new_user, remember

START_MS = 1_767_225_600_000


def acted(people: People, dice: random.Random, clock_ms: int) -> tuple[str, bytes]:
    name = f"u{dice.randrange(6)}"
    if dice.random() < 0.1:
        people.forget(name)
        return name, b""
    user = people.get_or_new(name, clock_ms - dice.choice([0, 5_000]), clock_ms)
    user.signals += 1
    user.ladder.add(clock_ms, ["tea"], 1_000)
    return name, msgspec.msgpack.encode(user)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 7))
def test_cooling_sweeping_and_storing_change_no_answer(seed: int, hot_max: int, every: int):
    plain = People(PeopleSettings(hot_users_max=100))
    busy = People(PeopleSettings(hot_users_max=hot_max))
    dice, twin = random.Random(seed), random.Random(seed)
    clock_ms = START_MS
    for step in range(60):
        clock_ms += random.Random(seed + step).choice([0, 1_000, DAY_MS, 31 * DAY_MS])
        assert acted(plain, dice, clock_ms) == acted(busy, twin, clock_ms)
        if step % every == 0:
            busy.cool()
            busy.sweep(clock_ms)
        if step % 11 == 0:
            again = People(busy.settings)
            again.restore(busy.pack())
            assert again.pack() == busy.pack()
            busy = again
    at_rest = {
        name: packed
        for name, packed in plain.pack().items()
        if clock_ms - msgspec.msgpack.decode(packed, type=User).seen_ms <= plain.idle_ms
    }
    busy.cool()
    busy.sweep(clock_ms)
    busy_at_rest = busy.pack()
    assert {name: busy_at_rest.get(name) for name in at_rest} == at_rest


def test_who_returns_after_a_long_silence_is_new_and_counts_from_a_later_day():
    people = People(PeopleSettings(idle_days_max=30))
    first = people.get_or_new("u1", START_MS + 5, START_MS + 5)
    first.signals = 1_000_000
    last_ms = START_MS + 5 + 30 * DAY_MS
    assert people.get("u1", last_ms) is first
    assert people.get("u1", last_ms + 1) is None
    again = people.get_or_new("u1", last_ms + 1, last_ms + 1)
    assert again.signals == 0
    assert again.base > first.base + first.signals
    assert again.base % DAY_MS == 0


def test_idle_time_is_two_days_at_least():
    assert People(PeopleSettings(idle_days_max=0)).idle_ms == 2 * DAY_MS


def test_objects_are_bounded_and_all_are_counted():
    people = People(PeopleSettings(hot_users_max=3))
    for number in range(10):
        people.get_or_new(f"u{number}", START_MS, START_MS)
    people.cool()
    assert len(people) == 10
    people.sweep(START_MS + 31 * DAY_MS)
    assert len(people) == 3
    assert sorted(people.pack()) == ["u7", "u8", "u9"]


def test_small_maps_of_a_user_forget_the_oldest():
    kept: dict[str, int] = {}
    for number, name in enumerate(["a", "b", "c", "a", "d"]):
        remember(kept, name, number, 3)
    assert kept == {"c": 2, "a": 3, "d": 4}


@pytest.mark.parametrize("hour", [0, 23])
def test_hours_are_halved_when_one_is_full(hour: int):
    user = new_user(START_MS)
    for _ in range(256):
        user.bump_hour(hour)
    user.bump_hour(5)
    assert user.hours[hour] == 128
    assert user.hours[5] == 1
