"""A reader at second s uses the newest table stamped at most s - delay, and knows when to wait."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from features.tables import Stamped

DELAY_S = 12

_stamps = st.lists(st.integers(0, 60), max_size=12)


@settings(max_examples=100, deadline=None)
@given(_stamps, st.integers(-5, 90), st.integers(-5, 90))
def test_at_is_the_newest_that_is_old_enough(stamps: list[int], second: int, forgotten: int):
    tables: Stamped[str] = Stamped(DELAY_S, "default")
    taken = [-1]
    for stamp in stamps:
        tables.publish(stamp, f"table {stamp}")
        if stamp > taken[-1]:
            taken.append(stamp)
    fitting = max((stamp for stamp in taken if stamp <= second - DELAY_S), default=-1)
    expected = (fitting, "default" if fitting < 0 else f"table {fitting}")
    assert tables.at(second) == expected
    tables.forget_before(forgotten)
    if second >= forgotten:
        assert tables.at(second) == expected
    kept = [stamp for stamp, _ in tables.held()]
    assert sum(stamp <= forgotten - DELAY_S for stamp in kept) <= 1
    assert kept == sorted(kept)


@settings(max_examples=50, deadline=None)
@given(st.integers(-1, 60), st.integers(0, 60), st.integers(0, 90))
def test_ready_means_that_no_table_of_use_can_still_come(first: int, then: int, second: int):
    tables: Stamped[str] = Stamped(DELAY_S, "default")
    tables.advance(first)
    tables.advance(then)
    assert tables.progress_s == max(first, then)
    assert tables.is_ready(second) == (max(first, then) >= second - DELAY_S)
    if tables.is_ready(second):
        before = tables.at(second)
        tables.publish(tables.progress_s + 1, "what comes next")
        if tables.progress_s + 1 > second - DELAY_S:
            assert tables.at(second) == before


def test_before_the_first_table_the_default_holds():
    tables: Stamped[str] = Stamped(DELAY_S, "default")
    assert tables.at(10**9) == (-1, "default")
    tables.publish(100, "first")
    assert tables.at(111) == (-1, "default")
    assert tables.at(112) == (100, "first")
    tables.publish(100, "again")
    assert tables.held() == [(-1, "default"), (100, "first")]
