"""A setting beyond its limits is refused by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from events.setting import check, derived, setting


@dataclass(frozen=True)
class Some:
    rows: int = setting(8, "rows", "At least one, told so.", least=1)
    weight: float = setting(0.5, "units", "None at all, without being told.")
    loss: float = setting(-2.0, "units", "Negative by default, so anything goes.")
    share: float = setting(0.1, "share", "From none to all.", most=1)
    prior: Mapping[str, float] = setting({"a": 1.0}, "by name", "Numbers in it are looked at too.")
    leads: tuple[float, ...] = setting((2.0, 1.0), "s", "As are those of a list.")
    on: bool = setting(False, "yes/no", "No number at all.")
    made: int = derived(-1, "Of others.")
    plain: float = field(default=-1.0)


def test_what_is_within_the_limits_passes():
    check(Some())
    check(Some(rows=1, weight=0.0, loss=3.0, share=1.0, prior={}, leads=(), on=True))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rows": 0}, "rows is 0; use at least 1"),
        ({"weight": -0.1}, "weight is -0.1; use at least 0"),
        ({"share": 1.5}, "share is 1.5; use at most 1"),
        ({"share": float("nan")}, "share is nan; use finite numbers"),
        ({"loss": float("-inf")}, "loss is -inf; use finite numbers"),
        ({"prior": {"a": float("nan")}}, "prior is {'a': nan}; use finite numbers"),
        ({"leads": (float("inf"),)}, "leads is (inf,); use finite numbers"),
    ],
)
def test_what_is_beyond_them_is_refused_by_name(wrong: dict[str, float], says: str):
    with pytest.raises(ValueError, match=re.escape(says)):
        check(Some(**wrong))  # type: ignore[arg-type]
