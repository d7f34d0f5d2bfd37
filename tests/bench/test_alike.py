"""Users alike are found as dense matrices find them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bench.alike import Alike

USERS, ITEMS = 6, 8
engagements = st.lists(st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1)))


def naive(told: list[tuple[int, int]], user: int) -> np.ndarray:
    """The values of all items for a user, by matrices."""
    has = np.zeros((USERS, ITEMS))
    for who, item in told:
        has[who, item] = 1.0
    share = 1.0 / np.log(2.0 + has.sum(axis=0))
    nearness = (has @ (has[user] * share)) ** 2 / (has.sum(axis=1) + 5.0)
    nearness[user] = 0.0
    total = nearness.sum()
    return nearness @ has / total if total else np.zeros(ITEMS)


@given(engagements, st.integers(0, USERS - 1))
def test_values_are_those_of_matrices(told: list[tuple[int, int]], user: int):
    alike = Alike()
    for who, item in told:
        alike.engage(who, item)
    np.testing.assert_allclose(alike.values(user, ITEMS), naive(told, user), atol=1e-12)


def test_only_the_nearest_count():
    alike = Alike(near_max=1)
    for who, item in ((0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 0), (2, 3)):
        alike.engage(who, item)
    assert alike.near(0)[0].tolist() == [1]
    assert alike.values(0, 4).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_who_shares_nothing_has_nobody():
    alike = Alike()
    assert alike.values(3, 2).tolist() == [0.0, 0.0]
    alike.engage(0, 1)
    assert alike.values(0, 2).tolist() == [0.0, 0.0]
