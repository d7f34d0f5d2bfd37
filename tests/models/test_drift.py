"""Drift is noticed soon after it happens, and not without it."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.drift import Drift, DriftState


def _run(drift: Drift, losses: np.ndarray, start_s: int) -> None:
    for second, begin in enumerate(range(0, len(losses), 20)):
        drift.update(losses[begin : begin + 20], (start_s + second) * 1000)


def test_worse_losses_are_drift_and_better_ones_are_not() -> None:
    draws = np.random.default_rng(1)
    drift = Drift(0.002, 50)
    _run(drift, draws.exponential(0.3, 4000), 0)
    assert drift.figures() == {"count": 0, "last_ms": None, "improvements": 0}
    _run(drift, draws.exponential(0.9, 4000), 1000)
    assert drift.worse >= 1
    assert drift.last_ms is not None
    assert drift.last_ms >= 1_000_000
    counted = drift.worse
    _run(drift, draws.exponential(0.2, 4000), 2000)
    assert drift.better >= 1
    assert drift.worse == counted


def test_lists_that_go_together_are_not_drift() -> None:
    draws = np.random.default_rng(2)
    a_list_each = np.repeat(draws.exponential(0.4, 2000), 20)
    drift = Drift(0.002, 100)
    _run(drift, a_list_each, 0)
    assert drift.figures() == {"count": 0, "last_ms": None, "improvements": 0}


@settings(deadline=None, max_examples=30)
@given(
    before=st.lists(st.floats(0, 5), max_size=300),
    after=st.lists(st.floats(0, 5), max_size=300),
    jump=st.sampled_from([0.0, 20.0]),
)
def test_restored_detector_continues(before: list[float], after: list[float], jump: float) -> None:
    drift, restored = Drift(0.01, 5), Drift(0.01, 5)
    _run(drift, np.array(before), 0)
    stored = msgspec.msgpack.encode(drift.snapshot())
    restored.restore(msgspec.msgpack.decode(stored, type=DriftState))
    for one in (drift, restored):
        _run(one, np.array(after) + jump, 1000)
    assert drift.snapshot() == restored.snapshot()


def test_window_of_another_river_is_left_behind() -> None:
    drift = Drift(0.002, 50)
    _run(drift, np.random.default_rng(1).random(500), 0)
    stored = drift.snapshot()
    stored.detector, stored.window, stored.worse = "river 0.1 ADWIN", b"unreadable", 3
    restored = Drift(0.002, 50)
    restored.restore(stored)
    assert restored.worse == 3
    _run(restored, np.ones(100), 10)
