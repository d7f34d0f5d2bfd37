"""Reading waits for the slowest process, by rows, and never for what no process works on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flows.ahead import Ahead

LATENESS_MS = 10_000


def test_rows_count_until_learn_has_closed_what_they_close():
    ahead = Ahead(100, LATENESS_MS)
    ahead.read(60, 20_000)
    assert not ahead.is_far(-1)
    ahead.read(60, 21_500)
    assert ahead.is_far(8)
    assert not ahead.is_far(9), "the first round is through"
    ahead.read(60, 21_900)
    assert ahead.is_far(9)
    assert not ahead.is_far(10), "both, which close the same second"


def test_rows_before_the_log_has_a_time_are_not_waited_for():
    ahead = Ahead(1, LATENESS_MS)
    ahead.read(1_000_000, 0)
    assert not ahead.is_far(-1)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 5_000)), max_size=30),
    st.integers(1, 100),
    st.integers(-1, 60),
)
def test_it_is_far_where_the_rows_that_are_not_through_are_many(
    steps: list[tuple[int, int]], rows_max: int, closed_s: int
):
    ahead, clock_ms, rows = Ahead(rows_max, LATENESS_MS), 0, 0
    for some, step_ms in steps:
        clock_ms += step_ms
        ahead.read(some, clock_ms)
        rows += some if (clock_ms - LATENESS_MS) // 1000 - 1 > closed_s else 0
    assert ahead.is_far(closed_s) == (rows >= rows_max)
