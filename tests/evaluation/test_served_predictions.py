from __future__ import annotations

import math

import numpy as np
import pytest

from evaluation.progressive import (
    auc,
    calibration_curve,
    calibration_error,
    log_losses,
    models_over_time,
    over_time,
    resampled_aucs,
)
from evaluation.resample import Resamples


@pytest.fixture
def rows() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """User, logit, label and weight of predictions that are right."""
    draws = np.random.default_rng(9)
    logits = draws.normal(-1.0, 1.5, 4_000)
    labels = draws.random(4_000) < 1.0 / (1.0 + np.exp(-logits))
    return draws.integers(0, 80, 4_000), logits, labels, draws.choice([1.0, 5.0], 4_000)


def test_log_loss_is_minus_the_log_of_what_was_said():
    found = log_losses(np.array([0.0, 2.0, -2.0]), np.array([True, True, True]))
    said = [0.5, 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))]
    assert found.tolist() == pytest.approx([-math.log(p) for p in said])


def test_right_predictions_are_calibrated_and_wrong_ones_are_not(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
):
    _, logits, labels, weights = rows
    right = calibration_error(calibration_curve(logits, labels, weights, 10))
    wrong = calibration_error(calibration_curve(logits + 1.0, labels, weights, 10))
    assert right < 0.05 < 0.1 < wrong
    assert sum(weight for *_, weight in calibration_curve(logits, labels, weights, 10)) == (
        pytest.approx(weights.sum())
    )
    assert math.isnan(calibration_error([]))


def test_an_auc_is_the_share_of_pairs_in_order(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
):
    _, logits, labels, weights = (column[:300] for column in rows)
    above = logits[labels][:, None] > logits[~labels][None, :]
    pairs = weights[labels][:, None] * weights[~labels][None, :]
    assert auc(logits, labels, weights) == pytest.approx((above * pairs).sum() / pairs.sum())
    assert math.isnan(auc(logits, np.zeros(300, dtype=bool), weights))


def test_resampled_aucs_are_those_of_users_drawn_anew(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
):
    user, logits, labels, weights = (column[:600] for column in rows)
    draws = Resamples(80, 20, seed=3)
    found = resampled_aucs(user, logits, labels, weights, draws)
    for value, counts in zip(found, np.concatenate(list(draws.counts())), strict=True):
        assert value == pytest.approx(auc(logits, labels, weights * counts[user]), abs=1e-9)


def test_slices_of_time_hold_equally_many(
    rows: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
):
    _, logits, labels, _ = rows
    moments = np.arange(4_000)[::-1].copy()
    series = over_time(moments, labels.astype(np.float64), 8)
    assert len(series) == 8
    assert [at for at, _ in series] == sorted(at for at, _ in series)
    assert np.mean([value for _, value in series]) == pytest.approx(labels.mean())
    found = models_over_time(moments, logits, labels, np.ones(4_000), 8)
    assert len(found["auc"]) == len(found["log_loss"]) == 8
    mean = np.mean([value for _, value in found["log_loss"]])
    assert mean == pytest.approx(log_losses(logits, labels).mean())
    later = labels[::-1][-500:], logits[::-1][-500:]
    assert found["auc"][-1][1] == pytest.approx(auc(later[1], later[0], np.ones(500)))
    assert over_time(np.zeros(0, dtype=np.int64), np.zeros(0), 8) == []
