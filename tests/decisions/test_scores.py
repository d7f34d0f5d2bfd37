"""The score taken apart equals the whole vector times the weights, for every user and room."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decisions.column import Column
from decisions.settings import SlateSettings
from decisions.slate import Ranker
from features.vector import VectorSettings, user_part
from models.learn import LearnState
from models.scorer import logits, sigmoid
from models.settings import LearnSettings

VECTOR = VectorSettings()


def whole_vector(market: Any, wish: Any, room_id: str) -> list[float]:
    """The vector of a user and a room, as OBSERVE would build it, without a position."""
    content = market.scene.content
    number = content.number[room_id]
    part = user_part(
        wish.view,
        content.room_tags[number],
        market.scene.air.room_tags[number],
        content.host_ids[number],
        content.log_prices[number],
        content.attribute_row(number),
        wish.shown.get(room_id, 0),
        VECTOR,
    )
    return [*market.scene.matrix[number].tolist(), *part, 0.0]


def is_kept_out(market: Any, wish: Any, room_id: str) -> bool:
    room = market.scene.content.rooms[market.scene.content.number[room_id]]
    scene = market.scene
    number = scene.content.number[room_id]
    presented = scene.air.presented[number] if scene.air is not None else []
    return (
        room_id in wish.seen_rooms
        or room.host_id in wish.muted_hosts
        or any(tag in wish.muted_tags for tag in [*room.tags, *presented])
    )


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), zeros=st.sampled_from([0.0, 0.3, 1.0]))
def test_scores_equal_the_whole_vector_times_the_weights(
    seed: int, zeros: float, new_market: Callable[..., Any]
):
    market = new_market(seed, rooms=40, actions=60)
    table = market.table(seed, zeros)
    kept_out = 0
    for wish in market.wishes:
        scores = market.scores(wish, table)
        live = {room.room_id for room in market.scene.content.rooms if room.status == "live"}
        assert set(scores) == live
        rows = np.array([whole_vector(market, wish, room_id) for room_id in scores])
        expected = logits(rows, table.rank)
        for (room_id, score), logit in zip(scores.items(), expected.tolist(), strict=True):
            number = market.scene.content.number[room_id]
            alone = Column(market.scene, table, number, SlateSettings(), VECTOR).score(wish)
            assert alone == pytest.approx(logit, abs=1e-9)
            if is_kept_out(market, wish, room_id):
                assert score == -math.inf
                kept_out += 1
            else:
                assert score == pytest.approx(logit, abs=1e-9)
    assert kept_out > 0


def test_scores_equal_those_of_river_once_it_has_learnt(market: Any):
    chosen = LearnSettings(order_share=0.0, leave_share=0.0, rank_without=())
    names = market.line.runtime.feature_names
    state = LearnState(chosen, names)
    for example in market.line.made.examples:
        state.add(example)
    state.close(1 << 40)
    table, model = state.table(), state.learners["engagement"].model
    assert state.learners["engagement"].positives > 10
    weights_before = dict(model.weights)
    for wish in market.wishes:
        for room_id, score in market.scores(wish, table).items():
            if math.isfinite(score):
                row = dict(zip(names, whole_vector(market, wish, room_id), strict=True))
                assert sigmoid(score) == pytest.approx(model.predict_proba_one(row)[True], abs=1e-9)
    assert dict(model.weights) == weights_before


def test_scoring_changes_nothing(market: Any):
    table = market.table(5)
    wishes = [msgspec.msgpack.encode(wish) for wish in market.wishes]
    matrix, coef = market.scene.matrix.copy(), table.rank.coef.copy()
    board, live = market.board(table)
    base = board.base.copy()
    first = [market.scores(wish, table) for wish in market.wishes]
    ranker = Ranker(SlateSettings(), VECTOR)
    bodies = [ranker.slate(wish, board, live, 1, 2).body for wish in market.wishes]
    assert [market.scores(wish, table) for wish in market.wishes] == first
    assert [ranker.slate(wish, board, live, 1, 2).body for wish in market.wishes] == bodies
    assert [msgspec.msgpack.encode(wish) for wish in market.wishes] == wishes
    assert (market.scene.matrix == matrix).all()
    assert (table.rank.coef == coef).all()
    assert (board.base == base).all()
