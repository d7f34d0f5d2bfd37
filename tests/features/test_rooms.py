"""Room statistics equal a naive decayed count, for any order and any cut of their rows."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.errors import StateError
from features.rooms import (
    COLUMNS,
    IMPRESSION,
    SIGNAL,
    RoomRow,
    RoomSettings,
    RoomStats,
    RoomTable,
)

LATENESS_MS = 10_000
START_MS = 1_767_225_600_000


def random_rows(seed: int, count: int = 60) -> list[RoomRow]:
    """Rows with their clocks: duplicates, disorder, late ones and silences among them."""
    dice, clock_ms, rows = random.Random(seed), START_MS, []
    for number in range(count):
        clock_ms += dice.choice([0, 0, 300, 1_000, 4_000, 60_000])
        time_ms = clock_ms - dice.choice([0, 0, 0, 700, 5_000, 25_000])
        key = number if dice.random() < 0.9 else max(0, number - 3)
        code, heat = dice.randrange(6), dice.choice([0, 500, 1_000, -1_000])
        rows.append((key, clock_ms, time_ms, dice.choice("abc"), code, heat))
    return rows


def naive_values(rows: list[RoomRow], stamp_s: int, room_settings: RoomSettings) -> dict[str, Any]:
    """Every row decayed by itself from the second in which it counts to the stamp."""
    seen: dict[int, int] = {}
    values: dict[str, Any] = {}
    for key, clock_ms, time_ms, room_id, code, heat in rows:
        if key in seen and clock_ms // 1000 - seen[key] <= room_settings.dedupe_s:
            continue
        seen[key] = clock_ms // 1000
        second = max(time_ms // 1000, (clock_ms - LATENESS_MS) // 1000)
        if second <= stamp_s:
            own = values.setdefault(room_id, np.zeros(len(COLUMNS)))
            age_s = stamp_s - second
            if code != SIGNAL:
                own[code] += 0.5 ** (age_s / room_settings.rate_half_life_s)
            own[5] += heat / 1000 * 0.5 ** (age_s / room_settings.heat_half_life_s)
    return values


def run(stats: RoomStats, rows: list[RoomRow], cuts: list[int], end_ms: int) -> list[RoomTable]:
    tables = []
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        part = rows[begin:end]
        clock_ms = max((row[1] for row in rows[:end]), default=START_MS)
        tables += stats.apply(part, clock_ms)
    return tables + stats.apply([], end_ms)


def packed(tables: list[RoomTable]) -> list[tuple[int, bytes, bytes]]:
    return [table.pack() for table in tables]


seeds = st.integers(0, 10**6)
cut_places = st.lists(st.integers(0, 60), max_size=6).map(sorted)


@settings(max_examples=60, deadline=None)
@given(seeds, cut_places, st.integers(0, 90))
def test_any_cut_gives_the_same_tables_and_they_are_right(
    seed: int, cuts: list[int], silence_s: int
):
    rows, room_settings = random_rows(seed), RoomSettings()
    end_ms = rows[-1][1] + silence_s * 1000
    whole = RoomStats(room_settings, LATENESS_MS)
    tables = run(whole, rows, [], end_ms)
    other = RoomStats(room_settings, LATENESS_MS)
    assert packed(run(other, rows, cuts, end_ms)) == packed(tables)
    assert (whole.late, whole.duplicates, whole.closed_s) == (
        other.late,
        other.duplicates,
        other.closed_s,
    )
    assert whole.closed_s == (end_ms - LATENESS_MS) // 1000 - 1
    assert [t.stamp_s for t in tables] == sorted({t.stamp_s for t in tables})
    for table in tables[-3:]:
        expected = naive_values(rows, table.stamp_s, room_settings)
        found = dict(zip(table.ids[: len(table.values)], table.values, strict=True))
        assert set(expected) <= set(found)
        for room_id, values in expected.items():
            np.testing.assert_allclose(found[room_id], values, rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(0, 60))
def test_restored_statistics_continue_to_the_bit(seed: int, cut: int):
    rows, room_settings = random_rows(seed), RoomSettings()
    stats = RoomStats(room_settings, LATENESS_MS)
    clock_ms = rows[cut - 1][1] if cut else START_MS
    stats.apply(rows[:cut], clock_ms)
    again = RoomStats(room_settings, LATENESS_MS)
    again.restore(stats.snapshot())
    assert again.snapshot() == stats.snapshot()
    outcomes = []
    for one in (stats, again):
        tables = run(one, rows[cut:], [], rows[-1][1] + 60_000)
        outcomes.append((packed(tables), one.late, one.duplicates, one.dropped))
    assert outcomes[0] == outcomes[1]


def test_a_late_row_counts_in_the_first_open_second():
    stats = RoomStats(RoomSettings(), LATENESS_MS)
    at_ms = START_MS + 60_000
    rows: list[RoomRow] = [
        (1, at_ms, at_ms, "a", IMPRESSION, 0),
        (2, at_ms, START_MS, "a", IMPRESSION, 0),
    ]
    tables = stats.apply(rows, at_ms) + stats.apply([], at_ms + 2 * LATENESS_MS)
    assert stats.late == 1
    assert [table.stamp_s for table in tables] == [(at_ms - LATENESS_MS) // 1000, at_ms // 1000]
    assert tables[0].values[0][0] == 1.0


def test_a_table_is_not_changed_by_what_comes_later():
    stats = RoomStats(RoomSettings(), LATENESS_MS)
    rows: list[RoomRow] = [(1, START_MS, START_MS, "b", IMPRESSION, 0)]
    [table] = stats.apply(rows, START_MS + 20_000)
    before = table.pack()
    later_ms = START_MS + 20_000
    stats.apply([(2, later_ms, later_ms, "a", IMPRESSION, 0)], later_ms + 20_000)
    assert table.pack() == before
    assert RoomTable.unpack(*before).pack() == before


def test_beyond_the_limit_the_rooms_with_the_least_past_are_dropped():
    stats = RoomStats(RoomSettings(rooms_max=8), LATENESS_MS)
    rows: list[RoomRow] = []
    for room in range(9):
        for shown in range(room + 1):
            rows.append((100 * room + shown, START_MS, START_MS, f"r{room}", IMPRESSION, 0))
    [table] = stats.apply(rows, START_MS + 20_000)
    assert stats.dropped == 3
    assert table.ids[: len(table.values)] == [f"r{room}" for room in range(3, 9)]
    assert table.values[:, 0].tolist() == [float(room + 1) for room in range(3, 9)]
    again = RoomStats(RoomSettings(rooms_max=8), LATENESS_MS)
    again.restore(stats.snapshot())
    later_ms = START_MS + 30_000
    more: list[RoomRow] = [(5_000, later_ms, later_ms, "r0", IMPRESSION, 0)]
    one, other = (s.apply(more, later_ms + 20_000)[0] for s in (stats, again))
    assert one.pack() == other.pack()
    assert one.ids[-1] == "r0"
    assert one.values[-1][0] == 1.0


def test_damaged_or_other_state_is_refused_with_a_reason():
    stats = RoomStats(RoomSettings(), LATENESS_MS)
    stats.apply(random_rows(1), START_MS)
    stored = stats.snapshot()
    for size in (0, 1, 10, len(stored) // 2, len(stored) - 1):
        with pytest.raises(StateError, match="damaged"):
            RoomStats(RoomSettings(), LATENESS_MS).restore(stored[:size])
    old = stored[:4] + b"\x00\x00" + stored[6:]
    with pytest.raises(StateError, match=r"^the stored state of room statistics has layout 0"):
        RoomStats(RoomSettings(), LATENESS_MS).restore(old)
