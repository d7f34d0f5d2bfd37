"""What is held of the flow's lists is put in order anew by truth, and worth no less then."""

from __future__ import annotations

from bench.headroom import WAYS, measured
from flows.trial import World


def test_lists_by_what_is_true_are_worth_more_than_those_shown():
    found = measured([3], World(viewers=40, hosts=30, before_s=60, during_s=120))
    assert found.lists > 10
    shown, _, best = (found.sums[way] for way in WAYS)
    assert best > shown > 0.0
