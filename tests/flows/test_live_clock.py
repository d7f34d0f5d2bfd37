"""Event time of a live run: nothing moves it too far, nothing stops it, nothing turns it back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.live_clock import Pace, PartClock, PartTimes

NOW = 1_000_000
FAR = 1 << 50


def test_a_partition_s_time_is_the_least_of_event_record_and_clock():
    clock = PartClock(silent_ms=5_000)
    assert clock.row(100, 200, NOW) == 100
    assert clock.row(900, 300, NOW) == 300
    assert clock.row(400, 2_000_000, 350) == 350
    assert clock.row(50, 60, NOW) == 350


def test_a_partition_without_more_follows_the_wall_clock_at_a_distance():
    clock = PartClock(silent_ms=5_000)
    assert clock.read_up_to(NOW) == NOW - 5_000
    assert clock.row(NOW - 9_000, NOW, NOW) == NOW - 5_000
    assert clock.row(NOW - 1_000, NOW, NOW) == NOW - 1_000
    assert clock.read_up_to(NOW + 2_000) == NOW - 1_000
    assert clock.read_up_to(NOW + 9_000) == NOW + 4_000


@given(st.lists(st.tuples(*[st.integers(1, 10**6)] * 3)))
def test_a_partition_s_time_never_falls_and_never_passes_the_clock(rows):
    clock, last_ms, now_ms = PartClock(5_000), 0, 0
    for event_ms, record_ms, step_ms in rows:
        now_ms += step_ms
        time_ms = clock.row(event_ms, record_ms, now_ms)
        assert last_ms <= time_ms <= now_ms
        last_ms = time_ms


def test_the_clock_waits_for_all_partitions_and_then_is_the_least():
    times = PartTimes(("a", "b"), 5_000)
    times.hear("a", 500, 0)
    assert not times.is_started(4_999)
    times.hear("b", 300, 1)
    assert times.is_started(1)
    times.take("a", 7, 800, 1)
    assert times.clock_ms == 300
    times.take("b", 9, 600, 1)
    assert times.clock_ms == 600
    assert times.offsets == {"a": 7, "b": 9}


def test_a_partition_of_which_nothing_is_heard_holds_the_start_up_for_a_while_only():
    times = PartTimes(("a", "b"), 5_000)
    times.hear("a", 500, 10)
    assert times.is_started(5_010)
    times.take("a", 1, 500, 5_010)
    assert times.clock_ms == 500
    times.hear("b", 200, 6_000)
    assert times.take("b", 1, 200, 6_000) == (500, 500)
    assert times.clock_ms == 500


def test_rows_are_stamped_no_later_than_other_partitions_have_come():
    times = PartTimes(("a", "b"), 0)
    times.hear("a", 100, 0)
    times.hear("b", 100, 0)
    times.take("b", 1, 400, 0)
    assert times.take("a", 1, 900, 0) == (100, 400)
    assert times.clock_ms == 400
    assert times.take("", -1, 0, 0) == (400, 400)


def test_what_is_packed_goes_on():
    times = PartTimes(("a", "b"), 5_000)
    for part in ("a", "b"):
        times.hear(part, 100, 0)
        times.take(part, 3, 100, 0)
    again = PartTimes(("a", "b", "new"), 5_000, times.pack())
    assert again.clock_ms == 100
    assert again.is_started(0)
    again.hear("a", 900, 1)
    again.take("a", 4, 900, 1)
    assert again.clock_ms == 100, "nothing is known of the new one yet"


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 1000), st.integers(0, 3)), min_size=1)
)
def test_the_clock_is_the_running_least_of_all(story):
    """Judge: the newest time of each partition, and the largest of their least so far."""
    times, newest, clock_ms = PartTimes("abc", 10**9), dict[str, int](), 0
    for part, time_ms, _ in story:
        times.hear(part, time_ms, 0)
        newest.setdefault(part, time_ms)
    for part, time_ms, offset in story:
        floor_ms, ceiling_ms = times.take(part, offset, time_ms, 0)
        newest[part] = max(newest[part], time_ms)
        assert floor_ms == clock_ms
        if len(newest) == 3:
            clock_ms = max(clock_ms, min(newest.values()))
            assert floor_ms <= ceiling_ms
            assert clock_ms == max(floor_ms, min(ceiling_ms, newest[part]))
            others = [ms for other, ms in newest.items() if other != part]
            assert ceiling_ms == max(floor_ms, min(others))
        assert times.clock_ms == clock_ms


def test_no_partition_runs_far_ahead_of_the_slowest_with_rows():
    pace = Pace(5_000, 4_000)
    for part in ("a", "b"):
        pace.enter(part, 0)
    assert pace.limit_ms("a", 0) == 5_000
    pace.tell("b", 20_000, 1)
    assert pace.limit_ms("a", 1) == 25_000
    pace.tell("b", None, 2)
    assert pace.limit_ms("a", 2) > FAR
    assert pace.limit_ms("b", 2) == 5_000


def test_a_partition_that_stands_still_stops_holding_the_others():
    pace = Pace(5_000, 4_000)
    pace.tell("a", 1_000, 0)
    pace.tell("a", 1_000, 3_000)
    assert pace.limit_ms("b", 4_000) == 6_000
    assert pace.limit_ms("b", 4_001) > FAR
