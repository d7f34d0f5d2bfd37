"""The score of an item is its utility as a probability, rounded to four digits."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisions.board import Why
from decisions.items import items_json
from models.scorer import sigmoid

LOGITS = st.one_of(st.floats(-50.0, 50.0), st.sampled_from([-1e6, -745.0, 0.0, 745.0, 1e6]))


@given(logit=LOGITS)
def test_a_score_is_the_rounded_probability(logit: float, market: Any):
    _, live = market.board(market.table(3))
    told = items_json(live, [0], np.array([logit]), [Why("popular", "[]")], {}, 1.0)
    [item] = orjson.loads("{" + told + "}")["items"]
    # As near as any number of four digits, but for the last bit of the probability.
    assert item["score"] == pytest.approx(sigmoid(logit), abs=0.00005 + 1e-12, rel=0.0)
