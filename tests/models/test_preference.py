"""Lists teach what was preferred, by pairs or as a whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.example import Example
from models.learn import LearnState
from models.learner import Learner
from models.preference import clicked_lists, listwise_descent, pairs
from models.registry import PREFERENCE
from models.settings import LearnSettings


@given(
    engaged=st.lists(st.integers(0, 1), min_size=1, max_size=30),
    most=st.integers(0, 50),
    offset=st.integers(0, 2**64 - 1),
)
def test_pairs_are_distinct_and_of_different_labels(
    engaged: list[int], most: int, offset: int
) -> None:
    found = pairs(engaged, most, offset)
    assert len(set(found)) == len(found) == min(most, sum(engaged) * (len(engaged) - sum(engaged)))
    assert all(engaged[p] == 1 and engaged[n] == 0 for p, n in found)
    assert found == pairs(engaged, most, offset)


def test_descent_is_the_slope_of_the_softmax_loss() -> None:
    draws = np.random.default_rng(1)
    rows, weights = draws.normal(size=(6, 4)), draws.normal(size=4)
    engaged = [0, 1, 0, 0, 1, 0]

    def loss(at: np.ndarray) -> float:
        z = rows @ at
        log_share = z - np.log(np.exp(z).sum())
        return -float(log_share[[1, 4]].mean())

    step = 1e-6
    numeric = [
        (loss(weights - step * unit) - loss(weights + step * unit)) / (2 * step)
        for unit in np.eye(4)
    ]
    assert listwise_descent(rows, engaged, rows @ weights) == pytest.approx(numeric, abs=1e-6)


def test_a_direction_is_stepped_in_as_it_is(
    settings: LearnSettings, names: tuple[str, ...]
) -> None:
    chosen = dataclasses.replace(settings, optimizer="sgd", preference_learning_rate=0.1)
    learner = Learner(PREFERENCE, chosen, names)
    before = learner.export().coef
    learner.learn(names, [1.0, -2.0, 0.0, 3.0, 0.0, 0.5], True)
    moved = (learner.export().coef - before).tolist()
    assert moved == pytest.approx([0.1, -0.2, 0.0, 0.3, 0.0, 0.05])
    assert learner.export().intercept == 0.0


@pytest.mark.parametrize("loss", ["listwise", "pairwise"])
def test_preference_learns_to_rank(
    loss: str,
    settings: LearnSettings,
    names: tuple[str, ...],
    world: Callable[..., list[Example]],
) -> None:
    chosen = dataclasses.replace(settings, rank_by="preference", preference_loss=loss)
    learning = LearnState(chosen, names)
    resting = LearnState(dataclasses.replace(chosen, learn=False), names)
    for state in (learning, resting):
        for example in world(400):
            state.add(example)
        state.close(2_000_000_000)
    card = learning.cards()["preference"]
    assert card["intercept"] == 0.0
    assert float(str(card["auc"])) > 0.75
    assert learning._judge.ranking.tail("served").mean() > (
        resting._judge.ranking.tail("served").mean() + 0.05
    )


def test_lists_are_found_whole(world: Callable[..., list[Example]]) -> None:
    batch = world(20)
    lists = clicked_lists(batch)
    for members in lists:
        assert len({batch[i].request_id for i in members}) == 1
        assert len(members) == 8
    clicked = {e.request_id for e in batch if e.engaged}
    assert len(lists) == len(clicked)
    assert clicked_lists(batch[:1]) == []
