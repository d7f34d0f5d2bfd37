"""Quiet hours on local clocks, judged minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.push.quiet import is_quiet, known_zone, parse_clock, quiet_end_ms

MINUTE_MS = 60_000
ZONES = (
    *("Asia/Shanghai", "America/New_York", "Europe/London", "Australia/Lord_Howe"),
    *("America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca"),
)


def quiet_by_clock(zone: str, window: tuple[int, int], at_ms: int) -> bool:
    local = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(zone))
    minute, (begin, end) = local.hour * 60 + local.minute, window
    inside = {m % 1440 for m in range(begin, end if end >= begin else end + 1440)}
    return minute in inside


def utc_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


MOMENTS = st.one_of(
    st.integers(utc_ms("2001-01-01"), utc_ms("2037-01-01")),
    # The nights on which clocks change somewhere.
    *(
        st.integers(utc_ms(day), utc_ms(day) + 3 * 86_400_000)
        for day in ("2026-03-07", "2026-03-28", "2026-04-04", "2026-10-24", "2026-10-31")
    ),
)
WINDOWS = st.one_of(
    st.tuples(st.integers(0, 1439), st.integers(0, 1439)),
    st.tuples(st.integers(1200, 1439), st.integers(30, 240)),
)


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), window=WINDOWS, at_ms=MOMENTS)
def test_the_end_is_the_first_minute_that_a_clock_on_the_wall_calls_not_quiet(zone, window, at_ms):
    assert is_quiet(zone, window, at_ms) == quiet_by_clock(zone, window, at_ms)
    end_ms = quiet_end_ms(zone, window, at_ms)
    walk_ms = at_ms
    while quiet_by_clock(zone, window, walk_ms):
        walk_ms += MINUTE_MS - walk_ms % MINUTE_MS
    assert end_ms == walk_ms


@pytest.mark.parametrize(
    ("zone", "at", "end"),
    [
        # Across midnight, both sides.
        ("Asia/Shanghai", "2026-03-02T15:00", "2026-03-03T00:00"),
        ("Asia/Shanghai", "2026-03-02T17:00", "2026-03-03T00:00"),
        # New York loses an hour on 8 March 2026 and gains one on 1 November.
        ("America/New_York", "2026-03-08T04:00", "2026-03-08T12:00"),
        ("America/New_York", "2026-11-01T03:00", "2026-11-01T13:00"),
    ],
)
def test_ten_at_night_to_eight_in_the_morning(zone, at, end):
    assert quiet_end_ms(zone, (1320, 480), utc_ms(at)) == utc_ms(end)


def test_an_end_that_the_clock_skips_comes_with_the_skip():
    # 22:00-02:30 in New York: on 8 March 2026 02:00 is followed by 03:00, at 07:00 UTC.
    assert quiet_end_ms("America/New_York", (1320, 150), utc_ms("2026-03-08T05:00")) == utc_ms(
        "2026-03-08T07:00"
    )


@pytest.mark.parametrize(
    ("text", "minute"),
    [("00:00", 0), ("8:05", 485), ("23:59", 1439), ("24:00", 0), ("24:01", None), ("12:60", None)]
    + [
        (text, None) for text in ("", "12", "12:5", "-1:00", "１２:00", "a:bc", "12:00:00", "99:00")
    ],
)
def test_clock_texts(text, minute):
    assert parse_clock(text) == minute


def test_zone_names():
    assert known_zone("Europe/Berlin")
    for name in (
        "",
        "Mars/Olympus",
        "../../etc/passwd",
        "Europe",
        "x" * 999,
        "\x00",
        "/etc/passwd",
    ):
        assert not known_zone(name)
