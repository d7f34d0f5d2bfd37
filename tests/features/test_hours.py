"""The local hour equals that of the zone's own rules, also where zones change or are odd."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from features.hours import HourOf

ZONES = ["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]


@settings(max_examples=100, deadline=None)
@given(st.integers(946_684_800_000, 4_102_444_800_000), st.sampled_from(ZONES))
def test_the_hour_is_the_local_one(time_ms: int, zone: str):
    hour_of = HourOf("UTC")
    expected = datetime.fromtimestamp(time_ms / 1000, ZoneInfo(zone)).hour
    assert hour_of(time_ms, zone) == expected
    assert hour_of(time_ms, zone) == expected


def test_a_clock_that_is_put_forward():
    hour_of, day_ms = HourOf("America/New_York"), 1_772_953_200_000  # 2026-03-08 07:00 UTC
    assert [hour_of(day_ms + minutes * 60_000, "") for minutes in (-1, 0)] == [1, 3]


def test_more_hours_than_are_remembered():
    hour_of = HourOf("UTC")
    hours = [hour_of(number * 3_600_000, "") for number in range(6_000)]
    assert hours == [number % 24 for number in range(6_000)]
