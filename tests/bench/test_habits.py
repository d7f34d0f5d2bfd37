"""Habits are told against everyone's, and nobody has any before the first item."""

from __future__ import annotations

import pytest

from bench.habits import LENGTHS_S, Habits


def test_who_is_unknown_has_no_habits():
    habits = Habits()
    assert habits.patience("u") == 0.0
    assert habits.length_fit("u").tolist() == [0.0] * (len(LENGTHS_S) + 1)


def test_a_length_taken_more_than_by_others_fits_better():
    habits = Habits()
    for _ in range(8):
        habits.add("short", 1, 2.0)
        habits.add("long", 9, 8.0)
    fit = habits.length_fit("short")
    assert fit[1] > 0.0 > fit[9]
    assert fit[1] == pytest.approx(habits.length_fit("long")[9])
    assert habits.patience("short") == pytest.approx(-habits.patience("long"))
    assert habits.patience("short") == pytest.approx((8 * 2.0 + 5 * 5.0) / 13 - 5.0)


def test_a_first_item_has_no_wait():
    habits = Habits()
    habits.add("u", 0, None)
    assert habits.patience("u") == 0.0
