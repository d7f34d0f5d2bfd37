"""The state that is extracted from a River model is all the state there is."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import linear_model, optim

from events.errors import StateError
from models.learner import Learner
from models.optimizers import LeanAdaGrad
from models.registry import ENGAGEMENT
from models.river_state import extract, rebuild
from models.settings import LearnSettings

_VALUES = st.floats(-50, 50, allow_nan=False)
_ROWS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdefg"), _VALUES, min_size=1),
        st.booleans(),
        st.floats(0.1, 10.0),
    ),
    max_size=30,
)


def _model(optimizer: str, l2: float) -> linear_model.LogisticRegression:
    made = {"adagrad": LeanAdaGrad, "sgd": optim.SGD}[optimizer](0.05)
    return linear_model.LogisticRegression(optimizer=made, l2=l2)


@settings(deadline=None, max_examples=60)
@given(before=_ROWS, after=_ROWS, optimizer=st.sampled_from(["adagrad", "sgd"]), l2=st.booleans())
def test_rebuilt_model_continues_bit_by_bit(
    before: list[tuple[dict[str, float], bool, float]],
    after: list[tuple[dict[str, float], bool, float]],
    optimizer: str,
    l2: bool,
) -> None:
    model = _model(optimizer, 1e-4 if l2 else 0.0)
    for x, y, w in before:
        model.learn_one(x, y, w)
    rebuilt = _model(optimizer, 1e-4 if l2 else 0.0)
    rebuild(rebuilt, extract(model))
    for x, y, w in after:
        model.learn_one(x, y, w)
        rebuilt.learn_one(x, y, w)
        assert model.predict_proba_one(x) == rebuilt.predict_proba_one(x)
    assert extract(model) == extract(rebuilt)


def test_no_other_attribute_learns() -> None:
    """Fails when a new release of River keeps more than is extracted."""
    model = _model("adagrad", 0.0)
    before = {**vars(model), **vars(model.optimizer)}
    known = {k: repr(v) for k, v in before.items()}
    for i in range(50):
        model.learn_one({"a": float(i % 3), "b": 1.0}, i % 2 == 0)
    after = {**vars(model), **vars(model.optimizer)}
    assert set(after) == set(before)
    changed = {k for k, v in after.items() if k != "optimizer" and repr(v) != known[k]}
    assert changed == {"_weights", "intercept", "n_iterations", "g2"}


@settings(deadline=None, max_examples=40)
@given(rows=_ROWS)
def test_lean_adagrad_is_rivers(rows: list[tuple[dict[str, float], bool, float]]) -> None:
    lean = linear_model.LogisticRegression(optimizer=LeanAdaGrad(0.1))
    rivers = linear_model.LogisticRegression(optimizer=optim.AdaGrad(0.1))
    for x, y, w in rows:
        lean.learn_one(x, y, w)
        rivers.learn_one(x, y, w)
    assert lean.intercept == pytest.approx(rivers.intercept, abs=1e-12)
    assert lean.weights == pytest.approx(rivers.weights, abs=1e-12)


def test_another_optimizer_is_refused(settings: LearnSettings, names: tuple[str, ...]) -> None:
    stored = Learner(ENGAGEMENT, settings, names).snapshot()
    other = Learner(ENGAGEMENT, dataclasses.replace(settings, optimizer="sgd"), names)
    with pytest.raises(StateError, match="set the optimizer back"):
        other.restore(stored)
