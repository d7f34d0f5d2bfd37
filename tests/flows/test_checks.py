"""What is called trouble, and what is not."""

from __future__ import annotations

import pytest

from flows.checks import troubles

NOW_MS = 1_800_000_000_000
WELL = {"mode": "live", "as_of_ms": NOW_MS - 900, "lag_ms": 5_000, "delivery": {"away": ""}}


def test_a_flow_that_runs_is_well():
    assert troubles(WELL, NOW_MS, 120) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"as_of_ms": NOW_MS - 90_000}, "said nothing for 90 s"),
        ({"lag_ms": 121_000}, "121 s behind, more than 120 s"),
        ({"lag_ms": None}, "event time has not begun"),
        ({"delivery": {"away": "connection refused"}}, "cannot be written: connection refused"),
    ],
)
def test_each_trouble_is_said(changed: dict[str, object], said: str):
    (line,) = troubles({**WELL, **changed}, NOW_MS, 120)
    assert said in line


def test_a_replay_that_has_ended_is_well():
    assert troubles({"mode": "replay", "as_of_ms": 0}, NOW_MS, 120) == []


def test_an_empty_redis_is_trouble():
    assert troubles({}, NOW_MS, 120) == ["no flow has written under this prefix so far"]
