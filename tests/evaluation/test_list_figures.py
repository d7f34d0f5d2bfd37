from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evaluation.ranking import CUTS, figures, live_figures, ranks_in_lists, shown_figures
from tests.evaluation.conftest import lists_of

Ranked = list[tuple[list[int], list[bool]]]


@st.composite
def ranked(draw: st.DrawFn) -> Ranked:
    """Lists of distinct ranks, each with what was engaged with."""
    made = []
    for _ in range(draw(st.integers(1, 5))):
        ranks = draw(st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=8))
        engaged = draw(st.lists(st.booleans(), min_size=len(ranks), max_size=len(ranks)))
        made.append((ranks, engaged))
    return made


def naive(ranks: list[int], engaged: list[bool]) -> dict[str, float]:
    """The definitions, word for word."""
    hit = sorted(rank for rank, did in zip(ranks, engaged, strict=True) if did)
    if not hit:
        return {}
    made = {"mrr": 1.0 / (hit[0] + 1)}
    for cut in CUTS:
        gained = sum(1.0 / math.log2(rank + 2) for rank in hit if rank < cut)
        ideal = sum(1.0 / math.log2(place + 2) for place in range(min(len(hit), cut)))
        made[f"ndcg@{cut}"] = gained / ideal
        made[f"hr@{cut}"] = float(any(rank < cut for rank in hit))
        made[f"recall@{cut}"] = sum(rank < cut for rank in hit) / len(hit)
    return made


@given(ranked())
def test_figures_are_those_of_the_definitions(lists: Ranked):
    owner = np.repeat(np.arange(len(lists)), [len(ranks) for ranks, _ in lists])
    ranks = np.array([rank for one, _ in lists for rank in one])
    engaged = np.array([did for _, one in lists for did in one])
    found = figures(owner, ranks, engaged, len(lists))
    for place, (one, did) in enumerate(lists):
        expected = naive(one, did)
        for name, values in found.items():
            if expected:
                assert math.isclose(values[place], expected[name], abs_tol=1e-12), name
            else:
                assert math.isnan(values[place])


@given(ranked(), st.data())
def test_putting_an_engaged_item_higher_lowers_nothing(lists: Ranked, data: st.DataObject):
    ranks, engaged = lists[0]
    engaged[0] = True
    free = [rank for rank in range(ranks[0] + 1) if rank == ranks[0] or rank not in ranks]
    higher = [data.draw(st.sampled_from(free)), *ranks[1:]]
    owner = np.zeros(len(ranks), dtype=np.int64)
    before = figures(owner, np.array(ranks), np.array(engaged), 1)
    after = figures(owner, np.array(higher), np.array(engaged), 1)
    for name in before:
        assert after[name][0] >= before[name][0] - 1e-12


def test_a_list_is_ranked_by_score_and_what_was_not_live_comes_last():
    lists = lists_of([[(7, 0.1, 0), (-1, 0.1, 1), (2, 0.1, 0)], [(5, 0.1, 1)]])
    ranks = ranks_in_lists(lists, seed=1)
    assert ranks.tolist() == [1, 2, 0, 0]
    found = shown_figures(lists, ranks)
    assert found["mrr"][0] == 1 / 3
    assert math.isnan(found["mrr"][1]), "one item is no list to rank"
    assert math.isnan(live_figures(lists)["mrr"][0]), "what was not live has no rank"
    assert live_figures(lists)["mrr"][1] == 1 / 6


def test_equal_scores_are_drawn_by_lot_and_not_as_shown():
    lists = lists_of([[(3, 0.1, 1), (3, 0.1, 0)]] * 400)
    first = ranks_in_lists(lists, seed=1).reshape(-1, 2)[:, 0]
    assert 150 < first.sum() < 250
    assert ranks_in_lists(lists, seed=1).tolist() == ranks_in_lists(lists, seed=1).tolist()
