"""A score is a property of its row and its weights, of nothing else."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.scorer import Weights, combine, logits, probabilities, sigmoid
from models.settings import LearnSettings, prior_coefficients, unmatched_priors

_NAMES = tuple(f"f{i}" for i in range(24))


def _weights(seed: int, name: str = "engagement", **counts: int) -> Weights:
    draws = np.random.default_rng(seed)
    return Weights(name, _NAMES, draws.normal(size=24), float(draws.normal()), **counts)


@given(seed=st.integers(0, 10**6), size=st.integers(1, 70))
def test_score_does_not_depend_on_the_batch(seed: int, size: int) -> None:
    draws = np.random.default_rng(seed)
    rows = draws.normal(size=(size, 24)) * 10.0 ** draws.integers(-8, 8, size=(size, 24))
    weights = _weights(seed)
    together = logits(rows, weights)
    for i in range(size):
        assert logits(rows[i : i + 1], weights)[0] == together[i]
    assert (logits(rows[::-1], weights)[::-1] == together).all()
    assert (logits(np.asfortranarray(rows), weights) == together).all()
    assert together == pytest.approx(rows @ weights.coef + weights.intercept)


def test_no_rows_no_scores() -> None:
    assert logits(np.empty((0, 24)), _weights(1)).shape == (0,)


def test_extreme_logits_are_probabilities() -> None:
    extreme = np.array([-1e6, -40.0, 0.0, 40.0, 1e6])
    assert probabilities(extreme) == pytest.approx([sigmoid(z) for z in extreme.tolist()])
    assert probabilities(extreme).tolist() == sorted(probabilities(extreme).tolist())


def test_wrong_number_of_coefficients_is_named() -> None:
    with pytest.raises(ValueError, match="24 feature names"):
        Weights("engagement", _NAMES, [1.0], 0.0)


def _models(**counts: int) -> dict[str, Weights]:
    return {
        "engagement": _weights(1, "engagement", version=7),
        "order": _weights(2, "order", **counts),
        "quick_leave": _weights(3, "quick_leave", **counts),
        "preference": _weights(4, "preference"),
        "watch": _weights(5, "watch", **counts),
    }


def test_utility_is_the_sum_of_its_logits() -> None:
    settings = LearnSettings(order_share=0.5, leave_share=0.25, watch_share=0.125, support_min=10)
    models = _models(examples=30, positives=10)
    rank = combine(models, settings)
    rows = np.random.default_rng(5).normal(size=(9, 24))
    expected = (
        logits(rows, models["engagement"])
        + 0.5 * logits(rows, models["order"])
        - 0.25 * logits(rows, models["quick_leave"])
        + 0.125 * logits(rows, models["watch"])
    )
    assert logits(rows, rank) == pytest.approx(expected, abs=1e-9)
    assert rank.versions == {"engagement": 7, "order": 0, "quick_leave": 0, "watch": 0}
    assert not rank.coef.flags.writeable


@pytest.mark.parametrize("counts", [{"examples": 9, "positives": 9}, {"examples": 99}])
def test_a_model_without_both_labels_counts_nothing(counts: dict[str, int]) -> None:
    models = _models(**counts)
    rank = combine(models, LearnSettings(support_min=5))
    assert (rank.coef == models["engagement"].coef).all()
    assert list(rank.versions) == ["engagement"]


def test_preference_leads_when_asked() -> None:
    models = _models()
    alone = combine(models, LearnSettings(rank_by="preference"))
    assert (alone.coef == models["preference"].coef).all()
    blend = combine(models, LearnSettings(rank_by="preference", preference_share=0.5))
    both = (models["preference"].coef + models["engagement"].coef) / 2
    assert blend.coef == pytest.approx(both)


def test_features_left_out_of_the_utility_score_zero() -> None:
    rank = combine(_models(), LearnSettings(rank_without=("f3",)))
    assert rank.coef[3] == 0.0
    assert (np.delete(rank.coef, 3) != 0.0).all()


def test_aligned_follows_other_names() -> None:
    weights = Weights("engagement", ("a", "b"), [1.0, 2.0], 0.0)
    assert weights.aligned(("b", "new", "a")).tolist() == [2.0, 0.0, 1.0]


def test_longest_beginning_wins() -> None:
    prior = {"room": 1.0, "room_heat": 0.5, "": 0.1}
    assert prior_coefficients(("room_heat_1h", "room_age", "hour"), prior) == (0.5, 1.0, 0.1)


def test_misspelt_priors_are_found() -> None:
    settings = LearnSettings(
        engagement_prior={"room": 1.0, "rom_heat": 1.0},
        quick_leave_prior={},
        order_prior={},
        watch_prior={},
    )
    assert unmatched_priors(settings, ("room_heat",)) == ["rom_heat"]


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="rank_by is 'clicks'"):
        LearnSettings(rank_by="clicks")
    with pytest.raises(ValueError, match="preference_share"):
        dataclasses.replace(LearnSettings(), preference_share=2.0)


def test_scoring_needs_no_river() -> None:
    code = "import sys, models.scorer, models.table, models.settings; print('river' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
