"""List figures equal the textbook's, and rankers are compared on the same lists."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.baselines import RoomCounts
from models.bootstrap import paired_bootstrap
from models.ranking import Ranking, RankingState, Whole, engaged_ranks, list_metrics
from models.scorer import Vector

_ITEMS = st.lists(
    st.tuples(st.integers(0, 4).map(float), st.booleans(), st.floats(0, 1)), min_size=2, max_size=30
).filter(lambda items: any(engaged for _, engaged, _ in items))
Items = list[tuple[float, bool, float]]


def naive_figures(items: Items) -> tuple[float, float, float]:
    """Sorts the list and walks down it."""
    order = sorted(range(len(items)), key=lambda i: (-items[i][0], items[i][2], i))
    labels = [items[i][1] for i in order]
    gained = sum(1.0 / math.log2(rank + 2) for rank, yes in enumerate(labels[:10]) if yes)
    best = sorted(labels, reverse=True)
    ideal = sum(1.0 / math.log2(rank + 2) for rank, yes in enumerate(best[:10]) if yes)
    return gained / ideal, float(any(labels[:10])), 1.0 / (labels.index(True) + 1)


def laid_end_to_end(lists: list[Items]) -> tuple[Vector, Whole, Vector, Whole]:
    """What a ranking takes: the scores and their opposites, labels, ties, and lengths."""
    scores, engaged, ties = zip(*[item for items in lists for item in items], strict=True)
    block = np.array([scores, [-score for score in scores]])
    sizes = np.array([len(items) for items in lists])
    return block, np.array([int(yes) for yes in engaged]), np.array(ties), sizes


@given(lists=st.lists(_ITEMS, min_size=1, max_size=5))
def test_figures_equal_the_sorted_lists(lists: list[Items]) -> None:
    counts = np.array([sum(engaged for _, engaged, _ in items) for items in lists])
    figures = list_metrics(engaged_ranks(*laid_end_to_end(lists)), counts)
    for items, (served, turned) in zip(lists, figures.tolist(), strict=True):
        assert served == pytest.approx(naive_figures(items))
        assert turned == pytest.approx(naive_figures([(-s, e, t) for s, e, t in items]))


def test_known_numbers() -> None:
    ranks = np.array([[2, 0, 1, 10, 1]])
    assert list_metrics(ranks, np.array([3, 1, 1])).tolist() == [
        [[1.0, 1.0, 1.0]],
        [[0.0, 0.0, 1.0 / 11.0]],
        [[1.0 / math.log2(3), 1.0, 0.5]],
    ]


@settings(deadline=None)
@given(lists=st.lists(_ITEMS, max_size=12), cut=st.integers(0, 12), last=st.integers(1, 8))
def test_totals_tail_and_restore(lists: list[Items], cut: int, last: int) -> None:
    ranking = Ranking(("served", "turned"), last)
    if lists[:cut]:
        ranking.update(*laid_end_to_end(lists[:cut]))
    stored = msgspec.msgpack.encode(ranking.snapshot())
    ranking = Ranking(("served", "turned"), last)
    ranking.restore(msgspec.msgpack.decode(stored, type=RankingState))
    for items in lists[cut:]:
        ranking.update(*laid_end_to_end([items]))
    figures = ranking.figures("served")
    expected = [naive_figures(items) for items in lists]
    assert figures["lists"] == len(lists)
    if lists:
        for i, name in enumerate(("ndcg_at_10", "hit_at_10", "mrr")):
            assert figures[name] == pytest.approx(sum(e[i] for e in expected) / len(lists))
        assert ranking.tail("served").tolist() == pytest.approx([e[0] for e in expected[-last:]])
        assert figures["last"] == {
            "lists": min(last, len(lists)),
            "ndcg_at_10": pytest.approx(np.mean([e[0] for e in expected[-last:]])),
        }
    else:
        assert figures["ndcg_at_10"] is None
        assert ranking.against("turned", 10, 1) is None


def test_bootstrap_finds_a_difference_and_only_one_that_is_there() -> None:
    draws = np.random.default_rng(1)
    theirs = draws.random(800)
    better = theirs + 0.05 + draws.normal(scale=0.3, size=800)
    same = theirs + draws.normal(scale=0.3, size=800)
    found = paired_bootstrap(better, theirs, 2000, 7)
    assert found["low"] > 0.0
    assert found["mean_difference"] == pytest.approx(float((better - theirs).mean()))
    none = paired_bootstrap(same, theirs, 2000, 7)
    assert none["low"] < 0.0 < none["high"]
    assert paired_bootstrap(same, theirs, 2000, 7) == none
    # The interval of a mean is about two standard errors to each side.
    error = float((better - theirs).std() / math.sqrt(800))
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * error, rel=0.1)


def test_bootstrap_needs_pairs() -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        paired_bootstrap(np.zeros(2), np.zeros(3), 10, 1)


def test_room_counts_smooth_and_forget() -> None:
    rooms = RoomCounts(2, 10.0)
    assert rooms.click_rate(["a"]) == [0.0]
    for _ in range(8):
        rooms.add("a", True, 1.0)
    rooms.add("b", False, 32.0)
    assert rooms.popularity(["a", "b", "never"]) == [8.0, 0.0, 0.0]
    assert rooms.click_rate(["a", "b", "never"]) == pytest.approx([10 / 18, 2 / 42, 0.2])
    rooms.add("a", False, 1.0)
    rooms.add("c", True, 1.0)
    assert rooms.popularity(["a", "b", "c"]) == [8.0, 0.0, 1.0]
    again = RoomCounts(2, 10.0)
    again.restore(rooms.snapshot())
    assert again.snapshot() == rooms.snapshot()
    assert again.click_rate(["b"]) == rooms.click_rate(["b"])
