from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.beyond import PLACES, coverage, entropy_bits, gini, slate_figures
from evaluation.journal import Journal, RoomTable
from evaluation.segments import segments_of
from tests.evaluation.conftest import lists_of

TAGS = [{"a"}, {"a"}, {"a", "b"}, {"c"}, {"d", "e"}]
HOSTS = [0, 0, 1, 2, 3]


def journal_of(slates: list[list[int]], shown: list[list[tuple[int, float, int]]]) -> Journal:
    """One user's lists, all of TAGS' rooms live from the beginning."""
    lists = lists_of(shown, user=[0] * len(shown))
    lists = replace(lists, slate=np.array(slates), explored=np.zeros((len(slates), len(slates[0]))))
    names = sorted({tag for tags in TAGS for tag in tags})
    masks = tuple(sum(1 << names.index(tag) for tag in tags) for tags in TAGS)
    changes = tuple((0, room, True) for room in range(len(TAGS)))
    rooms = RoomTable(tuple("01234"), np.array(HOSTS), masks, changes)
    return Journal(("u",), lists, None, rooms)  # type: ignore[arg-type]


def test_one_evening_of_one_user():
    shown = [[(0, 0.1, 1), (3, 0.1, 0)], [(1, 0.1, 0)]]
    found = slate_figures(journal_of([[0, 2, 3], [0, 1, 4]], shown))
    assert found["new_rooms"].tolist() == [1.0, pytest.approx(2 / 3)], "0 was shown before"
    assert found["new_hosts"].tolist() == [1.0, pytest.approx(1 / 3)], "0 and 1 have one host"
    assert math.isnan(found["known_tags"][0])
    assert found["known_tags"][1] == pytest.approx(2 / 3)
    assert found["novelty_bits"][0] == pytest.approx(math.log2(5))
    assert found["novelty_bits"][1] == pytest.approx((math.log2(7 / 2) + 2 * math.log2(7)) / 3)
    alike = [len(x & y) / len(x | y) for x, y in combinations([TAGS[0], TAGS[2], TAGS[3]], 2)]
    assert found["diversity"][0] == pytest.approx(1.0 - sum(alike) / 3)
    live = Counter(tag for tags in TAGS for tag in tags)
    own = Counter(tag for room in (0, 2, 3) for tag in TAGS[room])
    assert found["bubble"][0] == pytest.approx(1.0 - _entropy(own) / _entropy(live))
    assert found["exploration"].tolist() == [0.0, 0.0]


def test_a_slate_of_one_tag_is_all_bubble():
    assert slate_figures(journal_of([[0, 1]], [[(3, 0.1, 0)]]))["bubble"].tolist() == [1.0]


def test_only_the_first_places_count():
    many = [list(range(5)) * 3]
    figures = slate_figures(journal_of(many, [[(0, 0.1, 0)]]))
    first = slate_figures(journal_of([many[0][:PLACES]], [[(0, 0.1, 0)]]))
    assert all(figures[name] == pytest.approx(first[name], nan_ok=True) for name in figures)


def test_coverage_is_of_what_was_ever_live():
    found = coverage(journal_of([[0, 1], [0, 2]], [[(0, 0.1, 0)]] * 2))
    assert found["rooms"] == pytest.approx(3 / 5)
    assert found["hosts"] == pytest.approx(2 / 4)
    assert found["gini_hosts"] == pytest.approx(_gini([3.0, 1.0, 0.0, 0.0]))


def _entropy(counts: Counter[str]) -> float:
    total = counts.total()
    return -sum(n / total * math.log2(n / total) for n in counts.values())


def _gini(amounts: list[float]) -> float:
    """Half the mean difference of two, drawn with replacement, as a share of the mean."""
    count = len(amounts)
    apart = sum(abs(a - b) for a in amounts for b in amounts) / count**2
    return apart / (2 * sum(amounts) / count)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_gini_is_half_the_relative_mean_difference(amounts: list[int]):
    values = [float(amount) for amount in amounts]
    if sum(values):
        assert gini(np.array(values)) == pytest.approx(_gini(values), abs=1e-12)
    else:
        assert math.isnan(gini(np.array(values)))


@given(st.lists(st.integers(0, 5), max_size=30))
def test_entropy_lies_between_one_tag_and_an_even_mix(tags: list[int]):
    found = entropy_bits(tags)
    assert -1e-12 <= found <= math.log2(max(1, len(set(tags)))) + 1e-12


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60))
def test_segments_part_all_lists(user: list[int]):
    found = segments_of(np.array(user), 7)
    assert (found["new"] ^ found["old"]).all()
    assert (found["light"] ^ found["heavy"]).all()
    for place, one in enumerate(user):
        assert found["new"][place] == (user[:place].count(one) < 3)
    lists = Counter(user)
    heavy = {one for place, one in enumerate(user) if found["heavy"][place]}
    light = set(user) - heavy
    assert all(lists[one] >= lists[other] for one in heavy for other in light)
    assert len(heavy) == max(1, round(len(lists) * 0.2))


def test_time_runs_forward_only():
    """What comes later changes no figure of an earlier list."""
    shown = [[(0, 0.1, 1)], [(1, 0.1, 1)], [(2, 0.1, 0)]]
    slates = [[0, 1], [2, 3], [4, 0]]
    for short, long in pairwise(range(1, 4)):
        before = slate_figures(journal_of(slates[:short], shown[:short]))
        after = slate_figures(journal_of(slates[:long], shown[:long]))
        for name, values in before.items():
            assert np.array_equal(values, after[name][:short], equal_nan=True)
