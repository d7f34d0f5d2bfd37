"""Each kind of event weighs what the contract's table says, in whole thousandths."""

from __future__ import annotations

from typing import Any

import pytest

from events import kinds
from features.strengths import StrengthSettings, measure
from tests.line import Teller

ROOM, PRODUCT = {"room_id": "r1"}, {"product_id": "p1"}

WEIGHTS = [
    (kinds.Click, ROOM, 1),
    (kinds.Like, ROOM, 0.5),
    (kinds.Like, {**ROOM, "count": 2}, 1),
    (kinds.Like, {**ROOM, "count": 3}, 1.5),
    (kinds.Like, {**ROOM, "count": 4_000}, 1.5),
    (kinds.View, PRODUCT, 0.5),
    (kinds.Comment, {**ROOM, "text": "好"}, 2),
    (kinds.Reserve, ROOM, 2),
    (kinds.Search, {"query": "tea"}, 2),
    (kinds.Join, {**ROOM, "what": "vote"}, 2),
    (kinds.Share, ROOM, 3),
    (kinds.Follow, {"host_id": "h1"}, 3),
    (kinds.Favourite, PRODUCT, 3),
    (kinds.CartAdd, PRODUCT, 3),
    (kinds.Gift, {**ROOM, "amount": 99.0}, 4),
    (kinds.Order, {**PRODUCT, "order_id": "o1", "amount": 1.0}, 6),
    (kinds.Refund, {**PRODUCT, "order_id": "o1"}, -6),
    (kinds.Dismiss, {"tag": "tea"}, -4),
    (kinds.Dwell, {**ROOM, "dwell_ms": 30_000}, 1),
    (kinds.Dwell, {**ROOM, "dwell_ms": 29}, 0),
    (kinds.Dwell, {**ROOM, "dwell_ms": 59}, 0.001),
    (kinds.Dwell, {**ROOM, "dwell_ms": 120_000}, 4),
    (kinds.Dwell, {**ROOM, "dwell_ms": 9_000_000}, 4),
    (kinds.Dwell, {**ROOM, "dwell_ms": 4_999, "left": False}, 0.166),
    (kinds.Dwell, {**ROOM, "dwell_ms": 4_999, "left": True}, -1),
    (kinds.Dwell, {**ROOM, "dwell_ms": 5_000, "left": True}, 0.166),
    (kinds.Dwell, {**ROOM, "dwell_ms": 900, "left": True, "visit_ms": 5_000}, 0.03),
    (kinds.Dwell, {**ROOM, "dwell_ms": 60_000, "left": True, "visit_ms": 4_999}, -1),
]


@pytest.mark.parametrize(("kind", "fields", "units"), WEIGHTS)
def test_a_signal_weighs_what_the_table_says(
    kind: type, fields: dict[str, Any], units: float, say: Teller
):
    measured = measure(StrengthSettings())
    assert measured[kind](say(kind, 1, "u1", **fields)) == round(units * 1000)


def test_all_other_kinds_weigh_nothing():
    assert set(measure(StrengthSettings())) == {kind for kind, _, _ in WEIGHTS}


def test_settings_change_the_numbers(say: Teller):
    measured = measure(StrengthSettings(like=0.1, like_max=0.25, refund=-1.0, dwell_ms=1_000))
    assert measured[kinds.Like](say(kinds.Like, 1, "u1", room_id="r1", count=2)) == 200
    assert measured[kinds.Like](say(kinds.Like, 1, "u1", room_id="r1", count=3)) == 250
    assert measured[kinds.Dwell](say(kinds.Dwell, 1, "u1", room_id="r1", dwell_ms=1_500)) == 1_500
    refund = say(kinds.Refund, 1, "u1", order_id="o1", product_id="p1")
    assert measured[kinds.Refund](refund) == -1_000
