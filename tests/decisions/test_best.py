"""The best places are those of a full sort, whatever is tied or kept out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from decisions.best import best_places, floor_of

SCORES = st.sampled_from([-np.inf, -2.0, -1.0, 0.0, 0.5, 0.5000001, 3.0])


@given(st.lists(SCORES, max_size=120), st.integers(1, 20))
def test_the_best_are_those_of_a_full_sort(scores: list[float], count: int) -> None:
    ordered = sorted(range(len(scores)), key=lambda place: (-scores[place], place))[:count]
    expected = [place for place in ordered if scores[place] != -np.inf]
    assert best_places(np.array(scores), count) == expected


@given(st.integers(0, 1 << 32), st.integers(1, 80), st.integers(0, 3_000))
def test_enough_reach_the_floor_and_of_many_few_more(seed: int, count: int, rooms: int) -> None:
    scores = np.random.default_rng(seed).normal(size=rooms)
    reached = int((scores >= floor_of(scores, count)).sum())
    assert reached >= min(count, rooms)
    # A heap whose best one is below the floor has none above it; the last few are in no heap.
    assert reached <= rooms // 4 + 4 * count
