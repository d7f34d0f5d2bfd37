"""Rows learnt over arrays leave the bits that River's `learn_one` leaves, row by row."""

from __future__ import annotations

import dataclasses

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.descent import can_descend
from models.learner import Learner, LearnerState
from models.registry import POINTWISE, LearnerSpec
from models.scorer import Vector
from models.settings import LearnSettings


def _rows(names: int, count: int, seed: int) -> tuple[Vector, list[bool], list[float]]:
    draws = np.random.default_rng(seed)
    rows = draws.normal(scale=3.0, size=(count, names))
    rows[draws.random(rows.shape) < 0.3] = 0.0
    labels = (draws.random(count) < 0.3).tolist()
    return rows, labels, draws.choice([1.0, 5.0, 400.0], count).tolist()


def _teach(learner: Learner, rows: Vector, labels: list[bool], weights: list[float]) -> None:
    for row, label, weight in zip(rows.tolist(), labels, weights, strict=True):
        learner.learn(learner.names, row, label, weight)


def _same(one: Learner, other: Learner) -> bool:
    held, theirs = one.snapshot(), other.snapshot()
    held.model.squares.sort()
    theirs.model.squares.sort()
    return msgspec.msgpack.encode(held) == msgspec.msgpack.encode(theirs)


@pytest.mark.parametrize("spec", POINTWISE, ids=lambda spec: spec.name)
@given(seed=st.integers(0, 1 << 32), counts=st.lists(st.integers(0, 12), max_size=4))
def test_rows_leave_the_bits_of_river(
    spec: LearnerSpec, names: tuple[str, ...], settings: LearnSettings, seed: int, counts: list[int]
) -> None:
    fast, judge = Learner(spec, settings, names), Learner(spec, settings, names)
    assert can_descend(fast.model)
    for number, count in enumerate(counts):
        rows, labels, weights = _rows(len(names), count, seed + number)
        fast.learn_rows(rows, labels, weights)
        _teach(judge, rows, labels, weights)
        assert _same(fast, judge)


@pytest.mark.parametrize("change", [{"optimizer": "sgd"}, {"optimizer": "bayes"}, {"l2": 0.01}])
def test_other_models_learn_rows_one_by_one(
    names: tuple[str, ...], settings: LearnSettings, change: dict[str, object]
) -> None:
    other = dataclasses.replace(settings, **change)  # type: ignore[arg-type]
    fast, judge = Learner(POINTWISE[0], other, names), Learner(POINTWISE[0], other, names)
    assert not can_descend(fast.model)
    rows, labels, weights = _rows(len(names), 30, 1)
    fast.learn_rows(rows, labels, weights)
    _teach(judge, rows, labels, weights)
    assert _same(fast, judge)


def test_features_of_other_names_stay_as_they_were(
    names: tuple[str, ...], settings: LearnSettings
) -> None:
    learner = Learner(POINTWISE[0], settings, names)
    learner.learn(("quite_new",), (1.0,), True)
    before = learner.model.weights["quite_new"], learner.model.optimizer.g2["quite_new"]
    learner.learn_rows(*_rows(len(names), 30, 1))
    assert (learner.model.weights["quite_new"], learner.model.optimizer.g2["quite_new"]) == before


def test_the_cut_of_rows_leaves_no_trace(names: tuple[str, ...], settings: LearnSettings) -> None:
    rows, labels, weights = _rows(len(names), 40, 2)
    whole, parts = (Learner(POINTWISE[0], settings, names) for _ in range(2))
    whole.learn_rows(rows, labels, weights)
    for part in (slice(0, 1), slice(1, 7), slice(7, 7), slice(7, 40)):
        parts.learn_rows(rows[part], labels[part], weights[part])
    assert msgspec.msgpack.encode(whole.snapshot()) == msgspec.msgpack.encode(parts.snapshot())
    restored = Learner(POINTWISE[0], settings, names)
    packed = msgspec.msgpack.encode(parts.snapshot())
    restored.restore(msgspec.msgpack.decode(packed, type=LearnerState))
    assert msgspec.msgpack.encode(restored.snapshot()) == packed
