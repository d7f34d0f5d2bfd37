"""Of a room that has just started its tags count for more, until it has been there or shown."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

from decisions.board import Board, newcomer_boosts
from decisions.column import Column
from decisions.settings import SlateSettings
from features.vector import ROOM_NAMES, VectorSettings
from tests.decisions.test_scores import whole_vector

SHOWN = ROOM_NAMES.index("room_impressions")
SETTINGS = SlateSettings()


@pytest.fixture(scope="module")
def evening(market: Any) -> Any:
    """The market as of its last event, with what was counted until then."""
    line = market.line
    scene = line.runtime.scenes.at(line.clock_ms // 1000, line.seq)
    return dataclasses.replace(market, scene=scene)


def naive_boost(market: Any, wish: Any, room_id: str, table: Any) -> float:
    """From the definition, by the whole vector and the coefficients' names."""
    scene, content = market.scene, market.scene.content
    number = content.number[room_id]
    age_s = max(0.0, scene.stamp_s - content.rooms[number].start_time_ms // 1000)
    vector = dict(zip(table.rank.names, whole_vector(market, wish, room_id), strict=True))
    left = max(0.0, 1.0 - age_s / SETTINGS.newcomer_s)
    times = SETTINGS.newcomer_boost * left * (1.0 - vector["room_impressions"])
    coefficients = dict(zip(table.rank.names, table.rank.coef.tolist(), strict=True))
    tags = [name for name in vector if name.startswith("tag_")]
    return times * max(0.0, sum(vector[name] * coefficients[name] for name in tags))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_rooms_are_ranked_by_is_the_utility_and_the_newcomers_boost(evening: Any, seed: int):
    table, boosted = evening.table(seed), 0
    for wish in evening.wishes:
        scores, by = evening.scores(wish, table), evening.ranked_by(wish, table)
        for room_id, utility in scores.items():
            expected = utility + naive_boost(evening, wish, room_id, table)
            assert by[room_id] == pytest.approx(expected, abs=1e-9)
            boosted += expected > utility
            if math.isfinite(utility):
                at = evening.scene, table, evening.scene.content.number[room_id]
                alone = Column(*at, SETTINGS, VectorSettings()).rank(wish)
                assert alone == pytest.approx(by[room_id], abs=1e-9)
    assert boosted > 20


def test_a_boost_fades_with_time_and_with_being_shown(evening: Any):
    scene = evening.scene
    numbers = scene.content.live
    boosts = newcomer_boosts(scene, numbers, SETTINGS)
    age_s = scene.stamp_s - scene.content.start_s[numbers]
    shown = scene.matrix[numbers, SHOWN]
    assert (boosts[age_s >= SETTINGS.newcomer_s] == 0.0).all()
    assert (boosts >= 0.0).all()
    assert (boosts <= SETTINGS.newcomer_boost).all()
    young = age_s < SETTINGS.newcomer_s
    assert 0 < young.sum() < len(numbers)
    for one in np.flatnonzero(young):
        older = young & (age_s >= age_s[one]) & (shown >= shown[one])
        assert (boosts[older] <= boosts[one]).all()


def test_without_a_boost_nobody_is_a_newcomer(evening: Any):
    for none in (
        dataclasses.replace(SETTINGS, newcomer_boost=0.0),
        dataclasses.replace(SETTINGS, newcomer_s=0),
    ):
        board = Board(evening.scene, evening.table(1), none)
        assert board.boosts is None


def test_a_mute_or_a_leave_is_stronger_than_any_boost(market: Any):
    table, kept_out = market.table(2), 0
    for wish in market.wishes:
        by = market.ranked_by(wish, table)
        for room_id, utility in market.scores(wish, table).items():
            if utility == -math.inf:
                assert by[room_id] == -math.inf
                kept_out += 1
    assert kept_out > 10
