"""Rolling caps and repeats, judged by counting every window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from decisions.push.ledger import Sent, enter, fits, is_repeat, prune


def most_in_a_window(times: list[int], window: int) -> int:
    return max(sum(start <= t < start + window for t in times) for start in times)


@given(
    tries=st.lists(st.integers(0, 60), max_size=40),
    most=st.integers(0, 4),
    window=st.integers(1, 20),
)
def test_a_time_fits_exactly_if_no_window_would_hold_too_many(tries, most, window):
    times: list[int] = []
    for at in tries:
        together = sorted([*times, at])
        assert fits(times, at, most, window) == (most_in_a_window(together, window) <= most)
        if fits(times, at, most, window):
            times = together


def test_a_window_is_half_open_and_looks_both_ways():
    assert fits([0], 10, 1, 10)
    assert not fits([0], 9, 1, 10)
    assert not fits([9], 0, 1, 10)
    assert fits([10], 0, 1, 10)


@given(st.lists(st.integers(0, 30)))
def test_a_ledger_stays_in_order_and_forgets_from_the_front(times):
    ledger: list[Sent] = []
    for i, at in enumerate(times):
        enter(ledger, Sent(at, "t", i, 0))
    prune(ledger, 15)
    assert [sent.delivery_ms for sent in ledger] == sorted(at for at in times if at >= 15)


def test_a_repeat_is_the_same_subject_for_an_occasion_nearby():
    ledger = [Sent(0, "t", 7, 100)]
    assert is_repeat(ledger, 7, 100, 10)
    assert is_repeat(ledger, 7, 91, 10)
    assert not is_repeat(ledger, 7, 90, 10)
    assert not is_repeat(ledger, 8, 100, 10)
