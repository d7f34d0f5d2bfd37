"""A taste in numbers: what was chosen lies above what was shown, whatever the order of events."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.taste import add, taste_of
from features.user import User, new_user

_row = st.lists(st.floats(-0.5, 0.5), min_size=0, max_size=3)
_lists = st.lists(st.lists(st.tuples(_row, st.floats(0.01, 0.9), st.booleans()), max_size=6))
PRIOR = 5.0


def lived(lists: list[list[tuple[list[float], float, bool]]]) -> User:
    """A user to whom rooms were shown, each with its click rate, and who clicked some."""
    user = new_user(0)
    for rooms in lists:
        for row, rate, clicked in rooms:
            user.expected += rate
            user.attributes_expected = add(user.attributes_expected, row, rate)
            if clicked:
                user.strength += 1.0
                user.attributes_chosen = add(user.attributes_chosen, row, 1.0)
    return user


def naive(lists: list[list[tuple[list[float], float, bool]]], slot: int, appetite: float) -> float:
    """One slot by its definition."""
    rooms = [room for shown in lists for room in shown]
    value = [row[slot] if slot < len(row) else 0.0 for row, _, _ in rooms]
    chosen = sum(v for v, (_, _, clicked) in zip(value, rooms, strict=True) if clicked)
    expected = sum(v * rate for v, (_, rate, _) in zip(value, rooms, strict=True))
    clicks = sum(clicked for _, _, clicked in rooms)
    return (chosen - appetite * expected) / (
        max(clicks, appetite * sum(rate for _, rate, _ in rooms)) + PRIOR
    )


@settings(max_examples=100, deadline=None)
@given(_lists, st.floats(0.01, 100.0))
def test_taste_is_that_of_the_definition_and_bounded(
    lists: list[list[tuple[list[float], float, bool]]], appetite: float
):
    taste = taste_of(lived(lists), appetite, PRIOR)
    assert len(taste) == max((len(row) for rooms in lists for row, _, _ in rooms), default=0)
    expected = [naive(lists, slot, appetite) for slot in range(len(taste))]
    assert taste == pytest.approx(expected, abs=1e-12)
    assert all(-1.0 <= value <= 1.0 for value in taste)


def test_who_clicks_as_all_do_has_no_taste_and_who_clicks_the_large_has():
    shown = [([0.4], 0.5, True), ([-0.4], 0.5, False)]
    balanced = [([0.4], 0.5, True), ([-0.4], 0.5, True)]
    assert taste_of(lived([balanced] * 10), 1.0, PRIOR) == pytest.approx([0.0])
    few, many = (taste_of(lived([shown] * n), 1.0, PRIOR)[0] for n in (1, 10))
    assert 0.0 < few < many < 0.4
