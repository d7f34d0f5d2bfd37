"""A hash counts once within the horizon of the log's clock, whenever it is swept or stored."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.dedupe import Dedupe
from tests.shelves import DictShelf

HORIZON_S = 120

_rows = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([0, 1, 20, 40, 120, 500])))


def naive(rows: list[tuple[int, int]]) -> list[bool]:
    """New unless it counted as new at most the horizon ago."""
    counted: list[tuple[int, int]] = []
    answers = []
    for key, clock_s in rows:
        known = any(k == key and clock_s - at_s <= HORIZON_S for k, at_s in counted)
        answers.append(not known)
        if not known:
            counted.append((key, clock_s))
    return answers


@settings(max_examples=100, deadline=None)
@given(_rows, st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_sweeping_and_storing_change_no_answer(
    steps: list[tuple[int, int]], sweeps: set[int], restarts: set[int]
):
    rows, clock_s = [], 0
    for key, gap_s in steps:
        clock_s += gap_s
        rows.append((key, clock_s))
    dedupe, answers = Dedupe(HORIZON_S), []
    for number, (key, at_s) in enumerate(rows):
        if number in sweeps:
            dedupe.sweep(at_s)
        if number in restarts:
            packed = dedupe.snapshot()
            dedupe = Dedupe(HORIZON_S)
            dedupe.restore(packed)
            assert dedupe.snapshot() == packed
        answers.append(dedupe.is_new(key, at_s))
    assert answers == naive(rows)


@settings(max_examples=100, deadline=None)
@given(_rows, st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_hashes_on_a_shelf_answer_as_those_in_memory(
    steps: list[tuple[int, int]], sweeps: set[int], writes: set[int], restarts: set[int]
):
    rows, clock_s = [], 0
    for key, gap_s in steps:
        clock_s += gap_s
        rows.append((key, clock_s))
    shelf = DictShelf()
    dedupe, answers = Dedupe(HORIZON_S, shelf), []
    for number, (key, at_s) in enumerate(rows):
        if number in sweeps:
            dedupe.sweep(at_s)
        if number in writes:
            dedupe.write()
        if number in restarts:
            packed = dedupe.snapshot()
            assert packed == (b"", b"")
            dedupe = Dedupe(HORIZON_S, shelf)
            dedupe.restore(packed)
        answers.append(dedupe.is_new(key, at_s))
    assert answers == naive(rows)


def test_what_is_older_than_two_horizons_leaves_the_shelf():
    shelf = DictShelf()
    dedupe = Dedupe(HORIZON_S, shelf)
    for second in range(0, 20 * HORIZON_S, 10):
        dedupe.is_new(second, second)
        dedupe.write()
        dedupe.sweep(second)
    assert len(shelf.bodies) <= 3 * HORIZON_S // 10


def test_memory_is_bounded_by_two_horizons():
    dedupe = Dedupe(HORIZON_S)
    for clock_s in range(100_000):
        dedupe.is_new(clock_s, clock_s)
        dedupe.sweep(clock_s)
    assert len(dedupe) <= 2 * (HORIZON_S + 1)


def test_hashes_use_all_64_bits():
    dedupe = Dedupe(HORIZON_S)
    dedupe.is_new((1 << 64) - 1, 0)
    again = Dedupe(HORIZON_S)
    again.restore(dedupe.snapshot())
    assert not again.is_new((1 << 64) - 1, 1)


@pytest.mark.parametrize("packed", [(b"1234567", b""), (bytes(16), bytes(8))])
def test_damaged_state_is_a_value_error(packed: tuple[bytes, bytes]):
    with pytest.raises(ValueError, match=r".+"):
        Dedupe(HORIZON_S).restore(packed)
