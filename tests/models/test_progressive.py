"""Streamed figures equal those computed from the whole list."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.auc import AucHistogram, exact_auc
from models.progressive import Progressive, ProgressiveState

# A grid, so that no probability lies within rounding of a bin's edge.
_LOGIT = st.integers(-2000, 2000).map(lambda k: k / 97)
_SCORED = st.lists(
    st.tuples(_LOGIT, st.booleans(), st.sampled_from([1.0, 2.0, 5.0])),
    min_size=1,
    max_size=60,
)
Scored = list[tuple[float, bool, float]]


def _columns(scored: Scored) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z, y, w = zip(*scored, strict=True)
    return np.array(z), np.array(y), np.array(w)


def naive_auc(scored: Scored) -> float | None:
    """Every positive against every negative."""
    won = pairs = 0.0
    for z, y, w in scored:
        for other_z, other_y, other_w in scored:
            if y and not other_y:
                pairs += w * other_w
                won += w * other_w * (1.0 if z > other_z else 0.5 if z == other_z else 0.0)
    return won / pairs if pairs else None


def naive_figures(scored: Scored, bins: int) -> tuple[float, float]:
    """Log-loss and calibration error, one example after another."""
    loss = total = 0.0
    sums = [[0.0, 0.0] for _ in range(bins)]
    for z, y, w in scored:
        p = 1.0 / (1.0 + math.exp(-z))
        loss -= w * math.log(p if y else 1.0 / (1.0 + math.exp(z)))
        total += w
        place = min(int(p * bins), bins - 1)
        sums[place][0] += w * p
        sums[place][1] += w * y
    return loss / total, sum(abs(p - y) for p, y in sums) / total


@given(scored=_SCORED)
def test_exact_auc_equals_all_pairs(scored: Scored) -> None:
    expected = naive_auc(scored)
    assert exact_auc(*_columns(scored)) == (expected and pytest.approx(expected, abs=1e-12))


@given(scored=_SCORED)
def test_binned_auc_keeps_its_bound(scored: Scored) -> None:
    histogram = AucHistogram()
    histogram.update(*_columns(scored))
    expected, value, error = naive_auc(scored), histogram.value(), histogram.error_max()
    if expected is None:
        assert value is None
        assert error is None
    else:
        assert value is not None
        assert error is not None
        assert abs(value - expected) <= error + 1e-12


def test_binned_auc_is_fine_enough() -> None:
    draws = np.random.default_rng(1)
    labels = draws.random(20_000) < 0.1
    z = draws.normal(size=20_000) * 0.7 - 2.0 + labels * 0.8
    histogram = AucHistogram()
    histogram.update(z, labels, np.ones(20_000))
    exact = exact_auc(z, labels, np.ones(20_000))
    assert histogram.value() == pytest.approx(exact, abs=1e-4)
    assert (histogram.error_max() or 1.0) < 0.003


@settings(deadline=None)
@given(batches=st.lists(_SCORED, min_size=1, max_size=6), size=st.integers(1, 80))
def test_figures_equal_the_naive_ones(batches: list[Scored], size: int) -> None:
    progressive = Progressive(size, 10)
    for batch in batches:
        losses = progressive.update(*_columns(batch))
        assert len(losses) == len(batch)
    everything = [one for batch in batches for one in batch]
    newest = everything[-size:]
    overall, rolling = progressive.overall(), progressive.rolling()
    assert overall["examples"] == len(everything)
    assert rolling["examples"] == len(newest)
    for figures, scored in ((overall, everything), (rolling, newest)):
        loss, calibration = naive_figures(scored, 10)
        assert figures["log_loss"] == pytest.approx(loss, abs=1e-9)
        assert figures["calibration_error"] == pytest.approx(calibration, abs=1e-9)
    expected = naive_auc(newest)
    assert rolling["auc"] == (expected and pytest.approx(expected, abs=1e-9))


@settings(deadline=None)
@given(before=_SCORED, after=_SCORED, size=st.integers(1, 80))
def test_restored_figures_continue(before: Scored, after: Scored, size: int) -> None:
    progressive, restored = Progressive(size, 10), Progressive(size, 10)
    progressive.update(*_columns(before))
    stored = msgspec.msgpack.encode(progressive.snapshot())
    restored.restore(msgspec.msgpack.decode(stored, type=ProgressiveState))
    for one in (progressive, restored):
        one.update(*_columns(after))
    assert progressive.overall() == restored.overall()
    assert progressive.rolling() == restored.rolling()
    assert msgspec.msgpack.encode(progressive.snapshot()) == msgspec.msgpack.encode(
        restored.snapshot()
    )


def test_window_may_change_over_a_restart() -> None:
    progressive = Progressive(50, 10)
    progressive.update(np.arange(60.0), np.arange(60) % 2 == 0, np.ones(60))
    for size, held in ((20, 20), (200, 50)):
        restored = Progressive(size, 10)
        restored.restore(progressive.snapshot())
        assert restored.rolling()["examples"] == held
        assert restored.overall() == progressive.overall()


def test_nothing_seen_is_nothing_said() -> None:
    empty = Progressive(10, 10)
    for figures in (empty.overall(), empty.rolling()):
        assert figures.pop("examples") == 0
        assert set(figures.values()) == {None}
