"""A small matrix of kills; `python -m tests.crash` has the large ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from sinks.embedded import EmbeddedRedis
from tests.crash.held import Held
from tests.crash.live import LiveMatrix
from tests.crash.replay import replay_matrix
from tests.kafka.broker import Broker


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("frozen", "everything"), [(True, False), (False, True)], ids=["frozen", "learning"]
)
def test_a_live_run_killed_and_rescaled_ends_as_if_nothing_had_been(
    node_broker: Broker, tmp_path: Path, frozen: bool, everything: bool
):
    with EmbeddedRedis(tmp_path / "redis") as url:
        matrix = LiveMatrix(
            node_broker, url, tmp_path, 5 + frozen, frozen=frozen, everything=everything
        )
        result = matrix.run(2, print)
    assert result.wrong == {fault: [] for fault in result.wrong}
    assert result.reads > 10
    assert result.pushes > 5
    assert result.examples > 20


@pytest.mark.timeout(600)
def test_a_replay_killed_and_rescaled_leaves_the_same_bytes(tmp_path: Path):
    result = replay_matrix(tmp_path, 3, 2, print, events=30_000)
    assert result.wrong == {fault: [] for fault in result.wrong}
    assert result.examples > 100


def test_what_the_matrix_looks_for_is_found():
    pushes = [
        {"push_id": f"p{at_ms}", "user_id": "u1", "not_before_ms": at_ms} for at_ms in range(8)
    ]
    one = Held(pushes=[*pushes, pushes[0]])
    assert one.pushes_twice == ["p0"]
    assert one.beyond_cap(span_ms=100, most=9) == []
    assert one.beyond_cap(span_ms=100, most=8) == ["u1"]
    assert Held(pushes=pushes).beyond_cap(span_ms=5, most=5) == []
