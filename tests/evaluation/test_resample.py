from __future__ import annotations

import numpy as np
import pytest

from evaluation.resample import (
    Interval,
    Resamples,
    percentile,
    studentised,
    studentised_difference,
)

USERS, DRAWN = 60, 300


@pytest.fixture
def draws() -> Resamples:
    return Resamples(USERS, DRAWN, seed=5)


@pytest.fixture
def sums() -> tuple[np.ndarray, np.ndarray]:
    source = np.random.default_rng(2)
    below = source.integers(1, 6, USERS).astype(np.float64)
    return below * source.uniform(0.0, 1.0, USERS), below


def naive_ratios(above: np.ndarray, below: np.ndarray, draws: Resamples) -> list[float]:
    """Each resample written out: a user who is drawn twice stands there twice."""
    made = []
    for counts in np.concatenate(list(draws.counts())):
        picked = [user for user, times in enumerate(counts) for _ in range(int(times))]
        made.append(sum(above[user] for user in picked) / sum(below[user] for user in picked))
    return made


def test_a_resample_is_users_drawn_anew(sums: tuple[np.ndarray, np.ndarray], draws: Resamples):
    above, below = sums
    fast = draws.ratios(above[:, None], below[:, None])[:, 0]
    assert np.allclose(fast, naive_ratios(above, below, draws))


def test_the_same_seed_draws_the_same_whatever_the_block(monkeypatch: pytest.MonkeyPatch):
    whole = np.concatenate(list(Resamples(USERS, DRAWN, 5).counts()))
    monkeypatch.setattr("evaluation.resample._BLOCK_CELLS", USERS * 7)
    cut = np.concatenate(list(Resamples(USERS, DRAWN, 5).counts()))
    assert (whole == cut).all()
    assert whole.shape == (DRAWN, USERS)
    assert abs(whole.mean() - 1.0) < 0.05


def test_the_studentised_interval_is_the_definition_s(
    sums: tuple[np.ndarray, np.ndarray], draws: Resamples
):
    above, below = sums
    value = above.sum() / below.sum()

    def error(a: np.ndarray, b: np.ndarray) -> float:
        ratio = a.sum() / b.sum()
        return float(np.sqrt(((a - ratio * b) ** 2).sum()) / b.sum())

    t = []
    for counts in np.concatenate(list(draws.counts())):
        drawn = np.repeat(np.arange(USERS), counts.astype(int))
        a, b = above[drawn], below[drawn]
        t.append((a.sum() / b.sum() - value) / error(a, b))
    low, high = np.quantile(t, (0.025, 0.975))
    found = studentised(above, below, draws)
    assert found is not None
    own = error(above, below)
    assert found.low == pytest.approx(value - high * own)
    assert found.high == pytest.approx(value - low * own)


def test_a_policy_does_not_differ_from_itself(
    sums: tuple[np.ndarray, np.ndarray], draws: Resamples
):
    found = studentised_difference(sums, sums, draws)
    assert found == Interval(0.0, 0.0, 0.0)
    assert not found.real


def test_a_paired_difference_is_surer_than_its_parts(
    sums: tuple[np.ndarray, np.ndarray], draws: Resamples
):
    above, below = sums
    better = (above + 0.05 * below, below)
    found = studentised_difference(better, sums, draws)
    alone = studentised(above, below, draws)
    assert found is not None
    assert alone is not None
    assert found.value == pytest.approx(0.05)
    assert found.real
    assert found.high - found.low < (alone.high - alone.low) / 10


def test_the_paired_interval_is_that_of_linear_parts(draws: Resamples):
    """With a count of one a user, it is the bootstrap-t interval of a plain mean of differences."""
    source = np.random.default_rng(4)
    ones = np.ones(USERS)
    ours, theirs = source.normal(0.3, 1.0, USERS), source.normal(0.0, 1.0, USERS)
    found = studentised_difference((ours, ones), (theirs, ones), draws)
    plain = studentised(ours - theirs, ones, draws)
    assert found is not None
    assert plain is not None
    assert (found.low, found.high) == (pytest.approx(plain.low), pytest.approx(plain.high))


def test_where_nothing_was_seen_there_is_no_interval(draws: Resamples):
    nothing = np.zeros(USERS)
    assert studentised(nothing, nothing, draws) is None
    assert percentile(float("nan"), np.array([1.0, 2.0])) is None
    assert percentile(1.0, np.array([np.nan, 2.0])) is None
    one = np.zeros(USERS)
    one[3] = 1.0
    assert studentised(one, one, draws) is None
