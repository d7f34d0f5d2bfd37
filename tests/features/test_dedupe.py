"""A hash counts once within the horizon of the log's clock, whenever it is swept or stored."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.dedupe import Dedupe

HORIZON_MS = 1_000

_rows = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 200, 400, 1_000, 5_000])))


def naive(rows: list[tuple[int, int]]) -> list[bool]:
    """New unless it counted as new at most the horizon ago."""
    counted: list[tuple[int, int]] = []
    answers = []
    for key, clock_ms in rows:
        known = any(k == key and clock_ms - at_ms <= HORIZON_MS for k, at_ms in counted)
        answers.append(not known)
        if not known:
            counted.append((key, clock_ms))
    return answers


@settings(max_examples=100, deadline=None)
@given(_rows, st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_sweeping_and_storing_change_no_answer(
    steps: list[tuple[int, int]], sweeps: set[int], restarts: set[int]
):
    rows, clock_ms = [], 0
    for key, gap_ms in steps:
        clock_ms += gap_ms
        rows.append((key, clock_ms))
    dedupe, answers = Dedupe(HORIZON_MS), []
    for number, (key, at_ms) in enumerate(rows):
        if number in sweeps:
            dedupe.sweep(at_ms)
        if number in restarts:
            packed = dedupe.snapshot()
            dedupe = Dedupe(HORIZON_MS)
            dedupe.restore(packed)
            assert dedupe.snapshot() == packed
        answers.append(dedupe.is_new(key, at_ms))
    assert answers == naive(rows)


def test_memory_is_bounded_by_the_horizon():
    dedupe = Dedupe(HORIZON_MS)
    for clock_ms in range(0, 100_000, 10):
        dedupe.is_new(clock_ms, clock_ms)
        dedupe.sweep(clock_ms)
    assert len(dedupe) <= 130


def test_hashes_use_all_64_bits():
    dedupe = Dedupe(HORIZON_MS)
    dedupe.is_new((1 << 64) - 1, 0)
    again = Dedupe(HORIZON_MS)
    again.restore(dedupe.snapshot())
    assert not again.is_new((1 << 64) - 1, 1)


@pytest.mark.parametrize("packed", [(b"1234567", b""), (bytes(16), bytes(8))])
def test_damaged_state_is_a_value_error(packed: tuple[bytes, bytes]):
    with pytest.raises(ValueError, match=r".+"):
        Dedupe(HORIZON_MS).restore(packed)
