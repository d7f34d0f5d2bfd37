"""Every learner of the registry keeps the same promises."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from models.learner import Learner, LearnerState
from models.registry import LEARNERS, LearnerSpec
from models.scorer import logits
from models.settings import LearnSettings, prior_coefficients

Make = Callable[[], Learner]
Rows = list[tuple[dict[str, float], bool, float]]


def _rows(names: tuple[str, ...], count: int, seed: int) -> Rows:
    draws = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        values = draws.normal(scale=3.0, size=len(names)).tolist()
        present = draws.random(len(names)) < 0.7
        features = {n: v for n, v, p in zip(names, values, present, strict=True) if p}
        rows.append((features, bool(draws.random() < 0.3), float(draws.integers(1, 5))))
    return rows


def _teach(learner: Learner, rows: Rows) -> None:
    for features, label, weight in rows:
        learner.learn(list(features), list(features.values()), label, weight)


def _bytes(learner: Learner) -> bytes:
    return msgspec.msgpack.encode(learner.snapshot())


def check_starts_at_prior(make: Make, settings: LearnSettings) -> None:
    learner = make()
    export = learner.export()
    prior = prior_coefficients(learner.names, settings.prior(learner.spec.name))
    assert tuple(export.coef.tolist()) == prior
    assert export.intercept == settings.intercept(learner.spec.name)
    assert (export.examples, export.positives) == (0, 0)


def check_export_equals_river(make: Make, settings: LearnSettings) -> None:
    learner = make()
    _teach(learner, _rows(learner.names, 300, 1))
    export = learner.export()
    for features, _, _ in _rows((*learner.names, "never_seen", "nor_this"), 200, 2):
        reordered = dict(reversed(features.items()))
        expected = learner.model.predict_proba_one(features)[True]
        assert export.probability(features) == pytest.approx(expected, abs=1e-9)
        assert export.probability(reordered) == pytest.approx(expected, abs=1e-9)
        score = getattr(learner.model, "logit_one", None) or learner.model._raw_dot_one
        assert export.logit(features) == pytest.approx(score(features), abs=1e-9)
        row = np.array([[features.get(name, 0.0) for name in learner.names]])
        assert logits(row, export)[0] == pytest.approx(export.logit(features), abs=1e-9)


def check_export_grows_with_new_names(make: Make, settings: LearnSettings) -> None:
    learner = make()
    learner.learn(("quite_new",), (1.0,), True)
    assert "quite_new" not in learner.export().names
    assert learner.model.weights["quite_new"] > 0.0


def check_scoring_changes_nothing(make: Make, settings: LearnSettings) -> None:
    learner = make()
    _teach(learner, _rows(learner.names, 100, 3))
    before = _bytes(learner)
    export = learner.export()
    for features, _, _ in _rows((*learner.names, "never_seen"), 50, 4):
        export.probability(features)
        logits(np.zeros((3, len(learner.names))), export)
    learner.export()
    assert _bytes(learner) == before


def check_export_is_a_frozen_copy(make: Make, settings: LearnSettings) -> None:
    learner = make()
    export = learner.export()
    held = export.coef.copy()
    assert not export.coef.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        export.coef[0] = 1.0
    _teach(learner, _rows(learner.names, 20, 5))
    assert (export.coef == held).all()
    assert not (learner.export().coef == held).all()


def check_order_of_names_is_free(make: Make, settings: LearnSettings) -> None:
    one, other = make(), make()
    for features, label, weight in _rows(one.names, 100, 6):
        one.learn(list(features), list(features.values()), label, weight)
        turned = dict(reversed(features.items()))
        other.learn(list(turned), list(turned.values()), label, weight)
    assert one.export().coef == pytest.approx(other.export().coef, abs=1e-9)


def check_same_rows_same_bytes(make: Make, settings: LearnSettings) -> None:
    one, other = make(), make()
    rows = _rows(one.names, 100, 7)
    _teach(one, rows)
    _teach(other, rows)
    assert _bytes(one) == _bytes(other)


def check_restored_continues(make: Make, settings: LearnSettings) -> None:
    learner = make()
    rows = _rows((*learner.names, "unnamed"), 120, 8)
    _teach(learner, rows[:60])
    restored = make()
    restored.restore(msgspec.msgpack.decode(_bytes(learner), type=LearnerState))
    assert _bytes(restored) == _bytes(learner)
    _teach(learner, rows[60:])
    _teach(restored, rows[60:])
    assert _bytes(restored) == _bytes(learner)


def check_zeros_are_absent(make: Make, settings: LearnSettings) -> None:
    one, other = make(), make()
    row = [1.5, *[0.0] * (len(one.names) - 1)]
    one.learn(one.names, row, True)
    other.learn(one.names[:1], row[:1], True)
    assert _bytes(one) == _bytes(other)


def check_weight_is_repetition_of_the_slope(make: Make, settings: LearnSettings) -> None:
    if settings.optimizer == "bayes":
        return  # it steps by what it is sure of, not by the slope
    light, heavy = make(), make()
    for learner, weight in ((light, 1.0), (heavy, 3.0)):
        learner.learn(learner.names[:1], (0.5,), True, weight)
    assert heavy.export().intercept - heavy_start(heavy, settings) == pytest.approx(
        3.0 * (light.export().intercept - heavy_start(light, settings))
    )


def heavy_start(learner: Learner, settings: LearnSettings) -> float:
    return settings.intercept(learner.spec.name)


CHECKS = [check for name, check in sorted(globals().items()) if name.startswith("check_")]


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("optimizer", ["adagrad", "sgd", "bayes"])
@pytest.mark.parametrize("spec", LEARNERS, ids=lambda s: s.name)
def test_learner(
    check: Callable[[Make, LearnSettings], None],
    spec: LearnerSpec,
    optimizer: str,
    settings: LearnSettings,
    names: tuple[str, ...],
) -> None:
    chosen = dataclasses.replace(settings, optimizer=optimizer, learning_rate=0.03)
    check(lambda: Learner(spec, chosen, names), chosen)


def test_there_are_checks() -> None:
    assert len(CHECKS) == 10
