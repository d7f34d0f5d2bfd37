"""The posterior that is kept equals the one worked out from all examples at once."""

from __future__ import annotations

import math
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import checks, datasets

from models.bayes import BayesianLogistic

NAMES = ("a", "b", "c")
_value = st.floats(-3.0, 3.0).map(lambda value: round(value, 3))
_rows = st.lists(
    st.tuples(st.dictionaries(st.sampled_from(NAMES), _value), st.booleans(), st.floats(0.5, 5.0)),
    max_size=30,
)
Rows = list[tuple[dict[Any, float], bool, float]]


def naive(rows: Rows, variance: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance by adding up information and inverting it anew at each example."""
    mean = np.zeros(4)
    information = np.diag([1.0, *[1.0 / variance] * 3])
    for features, label, weight in rows:
        x = np.array([1.0, *(features.get(name, 0.0) for name in NAMES)])
        chance = 1.0 / (1.0 + math.exp(-float(mean @ x)))
        information = information + max(chance * (1 - chance), 1e-6) * weight * np.outer(x, x)
        mean = mean + np.linalg.solve(information, x) * weight * (label - chance)
    return mean, np.linalg.inv(information)


@settings(max_examples=60, deadline=None)
@given(_rows, st.floats(0.01, 4.0))
def test_it_is_the_naive_posterior(rows: Rows, variance: float):
    model = BayesianLogistic(variance)
    model.start(dict.fromkeys(NAMES, 0.0), 0.0)
    for features, label, weight in rows:
        model.learn_one(features, label, weight)
    mean, covariance = naive(rows, variance)
    assert [model.intercept, *model.weights.values()] == pytest.approx(mean.tolist(), abs=1e-6)
    held = np.frombuffer(model.pack(), "<f8").reshape(4, 4)
    assert held == pytest.approx(covariance, abs=1e-6)


def river_checks() -> list[Any]:
    """All that River asks of a binary classifier, on its own data."""
    phishing = list(datasets.Phishing().take(200))
    # River's own choice of data wants a package that is not needed for this one.
    with mock.patch.object(checks, "_yield_datasets", return_value=[phishing]):
        return list(checks.yield_checks(BayesianLogistic()))


@pytest.mark.parametrize("check", river_checks(), ids=lambda check: check.__name__)
def test_river_s_own_checks(check: Any):
    check(BayesianLogistic())


def test_river_asks_a_lot():
    assert len(river_checks()) > 20


def test_features_that_come_late_and_many_are_learnt():
    model = BayesianLogistic()
    for number in range(300):
        model.learn_one({f"f{number % 150}": 1.0}, number % 150 < 75)
    assert len(model.weights) == 150
    assert model.predict_proba_one({"f0": 1.0})[True] > 0.6
    assert model.predict_proba_one({"f149": 1.0})[True] < 0.4
    assert model.predict_proba_one({"never": 1.0}) == model.predict_proba_one({})
    assert "never" not in model.weights


def test_what_two_features_say_together_is_not_counted_twice():
    """Of twins each takes half; a step a coefficient would give each of them all."""
    alone, twins = BayesianLogistic(), BayesianLogistic()
    for _ in range(40):
        for label in (True, False, True):
            alone.learn_one({"a": 1.0 if label else -1.0}, label)
            twins.learn_one(dict.fromkeys("ab", 1.0 if label else -1.0), label)
    assert twins.weights["a"] == pytest.approx(twins.weights["b"])
    assert alone.weights["a"] < twins.weights["a"] + twins.weights["b"] < 2 * alone.weights["a"]


def test_it_forgets_at_the_rate_asked_for():
    firm, open_minded = BayesianLogistic(), BayesianLogistic(forgetting=0.01)
    for model in (firm, open_minded):
        for number in range(600):
            model.learn_one({"a": 1.0}, number < 400)
    assert open_minded.weights["a"] < firm.weights["a"]


@settings(max_examples=20, deadline=None)
@given(_rows, _rows)
def test_it_goes_on_from_what_was_packed(before: Rows, after: Rows):
    model, again = BayesianLogistic(0.3), BayesianLogistic(0.3)
    for features, label, weight in before:
        model.learn_one(features, label, weight)
    again.unpack(model.weights, model.intercept, model.pack())
    for features, label, weight in after:
        model.learn_one(features, label, weight)
        again.learn_one(features, label, weight)
    assert (again.weights, again.intercept) == (model.weights, model.intercept)
    assert again.pack() == model.pack()
