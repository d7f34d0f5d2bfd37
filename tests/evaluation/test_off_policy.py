from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.coverage import DIFFERENCE, ESTIMATORS, Plan, covered, truths, try_logs
from evaluation.offpolicy import Slots, estimate
from evaluation.target import slots_of
from tests.evaluation.conftest import lists_of

SHARE = 0.2
LOGS = 200


def chances(above: list[int], drawn: list[float], share: float, live: int) -> list[float]:
    """The probability of each rank in a slot: the best one left, or one of the rest of the pool,
    of which each is drawn in proportion to what stands in `drawn`."""
    pool = len(drawn)
    left = [rank for rank in range(live) if rank not in above]
    rest = [rank for rank in left[1:] if rank < pool]
    share = share if rest and left[0] < pool else 0.0
    made = [0.0] * live
    made[left[0]] = 1.0 - share
    for rank in rest:
        made[rank] = share * drawn[rank] / sum(drawn[other] for other in rest)
    return made


@st.composite
def shown(draw: st.DrawFn) -> tuple[list[list[int]], int, list[float]]:
    """Ranks of the items of some lists, how many rooms are live, and the pool's chances."""
    live = draw(st.integers(4, 12))
    pool = draw(st.lists(st.floats(0.05, 1.0), min_size=1, max_size=live))
    rank = st.lists(st.integers(0, live - 1), unique=True, min_size=1, max_size=4)
    return draw(st.lists(rank, min_size=1, max_size=5)), live, pool


@given(shown())
def test_each_slot_has_the_probability_of_the_rule(case: tuple[list[list[int]], int, list[float]]):
    ranks, live, pool = case
    lists = lists_of(
        [[(rank, 0.5, 0) for rank in row] for row in ranks],
        live=live,
        best=[-float(place) for place in range(len(pool))],
        slots=1,
        chances=pool,
    )
    slots = slots_of(lists, SHARE)
    assert slots is not None
    share = SHARE if len(pool) >= 2 else 0.0
    expected = [
        chances(row[:slot], pool, share, live)[rank]
        for row in ranks
        for slot, rank in enumerate(row)
    ]
    assert np.allclose(slots.target, expected)
    for row in ranks:
        assert math.isclose(sum(chances(row[:-1], pool, share, live)), 1.0)


def test_without_room_to_explore_the_best_is_certain():
    lists = lists_of([[(0, 0.5, 1), (3, 0.5, 0)]], live=8, best=range(8), slots=5)
    slots = slots_of(lists, SHARE)
    assert slots is not None
    assert slots.target.tolist() == [1.0, 0.0]


def test_lists_without_propensities_are_left_out():
    some = [[(0, 0.5, 1)], [(0, 0.0, 1)], [(-1, 0.5, 1)]]
    slots = slots_of(lists_of(some, live=8), 0.0)
    assert slots is not None
    assert slots.user.tolist() == [0]
    assert slots_of(lists_of([[(0, 0.0, 1)]], live=8), 0.0) is None


def naive(slots: Slots, users: int, clip_max: float) -> dict[str, float]:
    """The estimators, decision by decision."""
    lists = len(set(slots.list_of.tolist()))
    ips = weights = corrected = 0.0
    for place in range(len(slots.user)):
        weight = min(clip_max, slots.target[place] / slots.propensity[place])
        ips += weight * slots.reward[place]
        weights += weight
        corrected += slots.expected[place]
        corrected += weight * (slots.reward[place] - slots.modelled[place])
    per_list = len(slots.user) / lists
    return {"ips": ips / lists, "snips": ips / weights * per_list, "dr": corrected / lists}


@given(st.integers(0, 10_000), st.sampled_from([math.inf, 3.0]))
def test_estimators_are_those_of_the_definitions(seed: int, clip_max: float):
    draws = np.random.default_rng(seed)
    slots = _random_slots(draws, 30)
    sums = estimate(slots, 6, clip_max)
    for name, value in naive(slots, 6, clip_max).items():
        assert math.isclose(sums.value(name), value, rel_tol=1e-9)
    assert 0.0 < sums.effective <= sums.decisions + 1e-9
    assert (sums.clipped > 0.0) == bool((slots.target / slots.propensity > clip_max).any())


def test_the_log_s_own_policy_is_worth_what_it_earned():
    slots = _random_slots(np.random.default_rng(3), 40)
    own = Slots(
        slots.user,
        slots.list_of,
        slots.propensity,
        slots.reward,
        slots.propensity,
        slots.modelled,
        slots.modelled,
    )
    sums = estimate(own, 6, math.inf)
    for name in ("ips", "snips", "dr"):
        assert sums.value(name) == pytest.approx(sums.value("logged"))
    assert sums.effective == pytest.approx(sums.decisions)


def test_where_the_log_says_too_little_it_is_thin():
    many = _random_slots(np.random.default_rng(5), 3_000)
    assert not estimate(many, 6, math.inf).thin
    assert estimate(_random_slots(np.random.default_rng(5), 90), 6, math.inf).thin
    assert estimate(many, 6, 1.0).thin, "the weights are cut away"


def _random_slots(draws: np.random.Generator, count: int) -> Slots:
    list_of = np.sort(draws.integers(0, 9, count))
    return Slots(
        user=list_of % 6,
        list_of=list_of,
        propensity=draws.uniform(0.05, 1.0, count),
        reward=draws.integers(0, 2, count).astype(np.float64),
        target=draws.uniform(0.01, 1.0, count),
        modelled=draws.uniform(0.0, 1.0, count),
        expected=draws.uniform(0.0, 1.0, count),
    )


@settings(deadline=None)
@given(st.integers(0, 1_000))
def test_the_model_s_mean_is_over_what_the_policy_does(seed: int):
    """A model that is constant in a slot has that constant as its mean, whatever the policy."""
    draws = np.random.default_rng(seed)
    rows = [[(int(rank), 0.5, 0) for rank in draws.permutation(20)[:4]] for _ in range(10)]
    slots = slots_of(lists_of(rows, live=20, best=[0.0] * 20), SHARE)
    assert slots is not None
    by_slot = slots.modelled.reshape(10, 4)
    assert np.allclose(slots.expected.reshape(10, 4)[:, 0], by_slot[:, 0], atol=0.2)
    assert (slots.expected >= 0.0).all()
    assert (slots.expected <= 1.0).all()


def test_intervals_cover_the_truth_of_simulated_logs():
    """Of 200 logs, as often as 935 to 965 of 1,000 would be: 190 give or take 2.18 deviations.

    Differences may be off by three: with six counts, one in five runs would miss the closer band.
    """
    tried = try_logs(Plan(users=200, resamples=400), LOGS, 1)
    truth, difference = truths(tried)
    assert difference > 0.0, "the less blurred policy is the better one"
    for name in ESTIMATORS:
        assert 183 <= covered(tried, name, "studentised") <= 197, name
        assert 181 <= covered(tried, name, DIFFERENCE) <= 199, name
        mean = np.mean([one.values[name] for one in tried])
        spread = np.std([one.values[name] for one in tried])
        assert abs(mean - truth) < 4.0 * spread / math.sqrt(LOGS), name
