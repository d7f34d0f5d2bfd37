from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.arrays import Floats
from evaluation.bounds import BROKEN, KEPT, UNSURE, bounds_of, broken, worst_segment
from evaluation.segments import SEGMENTS
from evaluation.settings import BoundSettings

QUALITY = "shown.ndcg@10"


@dataclass
class Figured:
    """Figures drawn evenly within a hundredth of what they are."""

    values: dict[str, float]
    users: int = 100
    resampled: dict[str, Floats] = field(init=False)
    counted: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        steps = np.linspace(0.99, 1.01, 201)
        self.resampled = {name: value * steps for name, value in self.values.items()}
        self.counted = dict.fromkeys(self.values, self.users)


def policy(small: float = 1.0, users: int = 100, **quality: float) -> Figured:
    """Quality of the kinds of users, 0.5 unless given."""
    of = {f"{name}.{QUALITY}": quality.get(name, 0.5) for name in SEGMENTS}
    return Figured({"exposure.small": small, QUALITY: 0.5, **of}, users)


def told(own: Figured, first: Figured | None = None, **settings: float) -> dict[Any, Any]:
    found = bounds_of(BoundSettings(**settings), own, first, ("absent", QUALITY))  # type: ignore[arg-type]
    return {(one["bound"], one["of"].split(".")[0]): one for one in found}


@given(st.floats(0.01, 3.0), st.floats(0.01, 2.0))
def test_a_bound_is_broken_or_kept_by_all_of_its_interval(small: float, least: float):
    one = told(policy(small), small_exposure_min=least)["small_exposure_min", "exposure"]
    assert one["low"] <= one["value"] <= one["high"]
    if one["verdict"] == BROKEN:
        assert one["high"] <= least * 1.00001
    elif one["verdict"] == KEPT:
        assert one["low"] >= least * 0.99999
    else:
        assert one["low"] <= least * 1.00001
        assert one["high"] >= least * 0.99999


def test_each_kind_of_user_is_beside_all_and_beside_the_first_policy():
    first, own = policy(), policy(new=0.4, heavy=0.9)
    assert {key for key in told(first) if key[0] == "segment_loss_max"} == set()
    found = told(own, first, segment_gap_max=0.15, segment_loss_max=0.3)
    # Both are drawn alike, so that the quotient has no spread of its own.
    assert found["segment_gap_max", "new"]["value"] == pytest.approx(0.8)
    assert found["segment_gap_max", "new"]["least"] == 0.85
    verdicts = {key: one["verdict"] for key, one in found.items()}
    assert verdicts.pop(("segment_gap_max", "new")) == BROKEN
    assert set(verdicts.values()) == {KEPT}
    assert len(verdicts) == 8


def test_zero_lifts_a_bound():
    lifted = {"small_exposure_min": 0.0, "segment_gap_max": 0.0, "segment_loss_max": 0.0}
    assert told(policy(), policy(), **lifted) == {}


def test_few_users_prove_nothing():
    assert {one["verdict"] for one in told(policy(0.0001, users=29)).values()} == {UNSURE}
    assert told(policy(0.0001))["small_exposure_min", "exposure"]["verdict"] == BROKEN


def test_without_a_figure_there_is_no_bound():
    assert told(Figured({})) == {}
    assert set(told(Figured({"exposure.small": 1.0}))) == {("small_exposure_min", "exposure")}
    assert told(policy(float("nan"))).keys() == {("segment_gap_max", name) for name in SEGMENTS}


def test_who_is_served_worst():
    assert worst_segment(Figured({}), (QUALITY,)) is None
    found = worst_segment(policy(old=0.3, heavy=0.4), (QUALITY,))
    assert found is not None
    assert (found["segment"], found["of"], found["value"]) == ("old", QUALITY, 0.6)


def test_policies_that_break_a_bound_are_named():
    held = {
        name: {"bounds": bounds_of(BoundSettings(), policy(small), None, (QUALITY,))}
        for name, small in (("even", 0.9), ("narrow", 0.1))
    }
    assert [(name, one["bound"]) for name, one in broken(held)] == [
        ("narrow", "small_exposure_min")
    ]


def test_settings_that_no_policy_could_keep_are_refused():
    with pytest.raises(ValueError, match="segment_loss_max is a share"):
        BoundSettings(segment_loss_max=1.0)
    with pytest.raises(ValueError, match="small_exposure_min"):
        BoundSettings(small_exposure_min=-0.1)
