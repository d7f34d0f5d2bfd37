"""The weights served at a second are found again as long as a label may ask."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.history import History, HistoryState
from models.scorer import Weights, logits

_NAMES = ("a", "b", "c")


def _pair(seed: int) -> list[Weights]:
    draws = np.random.default_rng(seed)
    return [Weights(n, _NAMES, draws.normal(size=3), float(draws.normal())) for n in ("m", "n")]


@given(
    gaps=st.lists(st.integers(1, 30), max_size=40),
    asked=st.lists(st.integers(-10, 400), min_size=1, max_size=20),
    cut=st.integers(0, 40),
)
def test_served_equals_a_scan_of_all_exports(gaps: list[int], asked: list[int], cut: int) -> None:
    keep_s = 100
    history, exports, stamp = History(_pair(0), keep_s), [(-(10**9), _pair(0))], 0
    for number, gap in enumerate(gaps):
        if number == cut:
            stored = msgspec.msgpack.encode(history.snapshot())
            history = History(_pair(99), keep_s)
            history.restore(msgspec.msgpack.decode(stored, type=HistoryState))
        stamp += gap
        history.add(stamp, _pair(number + 1))
        exports.append((stamp, _pair(number + 1)))
    assert len(history) <= keep_s
    seconds = [second for second in asked if second >= stamp - keep_s]
    if not seconds:
        return
    rows = np.random.default_rng(3).normal(size=(len(seconds), 3))
    scores = history.served(rows, seconds)
    for i, second in enumerate(seconds):
        newest = [weights for at, weights in exports if at <= second][-1]
        for model in range(2):
            assert scores[model, i] == logits(rows[i : i + 1], newest[model])[0]


def test_many_rows_score_as_few() -> None:
    history = History(_pair(0), 100)
    for second in range(1, 50):
        history.add(second, _pair(second))
    rows = np.random.default_rng(1).normal(size=(9000, 3))
    seconds = [i % 60 for i in range(9000)]
    scores = history.served(rows, seconds)
    for i in (0, 4095, 4096, 8999):
        assert (history.served(rows[i : i + 1], seconds[i : i + 1])[:, 0] == scores[:, i]).all()
