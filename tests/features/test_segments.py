"""SEGMENTS counts what a plain sum would, for any cut; who is erased or refuses is gone."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from events.errors import StateError
from features.segment_rows import (
    ALLOWED,
    CLICKED,
    ERASED,
    REFUSED,
    SHOWN,
    TOLD,
    SegmentRow,
    SegmentSettings,
    segment_rows,
    segments_of,
)
from features.segment_table import EVERYBODY, SegmentTable
from features.segments import Segments
from tests.line import START_MS, Teller

LATENESS_MS = 10_000
ASKED = SegmentSettings(attributes={"city": 0.0}, publish_s=30, half_life_s=60.0)
Counts = dict[tuple[str, str], tuple[float, float]]


def random_rows(seed: int, count: int = 80) -> list[SegmentRow]:
    """Rows with their clocks: disorder, repeats, late ones, silences, erasures and refusals."""
    dice, clock_ms = random.Random(seed), START_MS
    rows: list[SegmentRow] = []
    for _ in range(count):
        clock_ms += dice.choice([0, 0, 300, 1_000, 4_000, 60_000])
        time_ms = clock_ms - dice.choice([0, 0, 0, 700, 5_000, 25_000])
        code = dice.choice([SHOWN] * 20 + [CLICKED] * 8 + [TOLD] * 4 + [ERASED, REFUSED, ALLOWED])
        what: tuple[str, ...] = ()
        if code in (SHOWN, CLICKED):
            what = (dice.choice("abcd"),)
        elif code == TOLD:
            what = tuple(dice.sample(["city=x", "city=y", "city=z"], dice.randrange(3)))
        row = code, clock_ms, time_ms, dice.choice("uvw"), what
        rows += [row] * dice.choice([1, 1, 1, 2])
    return rows


def counts_of(table: SegmentTable) -> Counts:
    """Impressions and clicks by segment and room, where there are any."""
    return {
        (name, room): (float(shown), float(clicked))
        for name, row in zip(table.names, table.values.tolist(), strict=True)
        for room, (shown, clicked) in zip(table.ids, row, strict=True)
        if shown or clicked
    }


def naive(rows: list[SegmentRow], end_ms: int) -> list[tuple[int, Counts]]:
    """All rows in the order of their seconds, faded, and a table after each period that had any."""
    work: set[tuple[int, int, int, str, tuple[str, ...], int]] = set()
    refused: set[str] = set()
    for number, (code, clock_ms, time_ms, user, what) in enumerate(rows):
        open_s = (clock_ms - LATENESS_MS) // 1000
        if code in (SHOWN, CLICKED, TOLD):
            if user in refused or (code != TOLD and time_ms // 1000 < open_s):
                continue
            # Of a second records come first.
            work.add((max(time_ms // 1000, open_s), 1 if code == TOLD else 2, time_ms, user, what,
                      code))  # fmt: skip
            continue
        refused.discard(user)
        if code != ALLOWED:
            work = {one for one in work if one[3] != user or one[0] < open_s}
            work.add((open_s, 0, number, user, (), code))
        if code == REFUSED:
            refused.add(user)
    made: list[tuple[int, Counts]] = []
    sums: dict[tuple[str, str], list[float]] = {}
    users: dict[str, tuple[str, ...]] = {}
    period, is_new, closed_s = -1, False, (end_ms - LATENESS_MS) // 1000 - 1

    def publish() -> None:
        made.append(((period + 1) * 30 - 1, {key: (a, b) for key, (a, b) in sums.items()}))

    for second, order, _, user, what, code in sorted(work):
        if order == 0:
            users.pop(user, None)
            continue
        if second > closed_s:
            continue
        if second // 30 != period:
            if is_new:
                publish()
            if period >= 0:
                faded = 0.5 ** ((second // 30 - period) * 30 / 60.0)
                sums = {key: [a * faded, b * faded] for key, (a, b) in sums.items()}
            period, is_new = second // 30, False
        if order == 1:
            users[user] = what
            continue
        is_new = True
        for name in (EVERYBODY, *users.get(user, ())):
            sums.setdefault((name, what[0]), [0.0, 0.0])[code == CLICKED] += 1.0
    if is_new and (period + 1) * 30 - 1 <= closed_s:
        publish()
    return made


def run(segments: Segments, rows: list[SegmentRow], cuts: list[int], end_ms: int):
    tables = []
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        clock_ms = max((row[1] for row in rows[:end]), default=START_MS)
        tables += segments.apply(rows[begin:end], clock_ms)
    return tables + segments.apply([], end_ms)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 80), max_size=6).map(sorted))
def test_any_cut_gives_the_same_tables_and_they_are_right(seed: int, cuts: list[int]):
    rows = random_rows(seed)
    end_ms = rows[-1][1] + 50_000
    straight = run(Segments(ASKED, LATENESS_MS), rows, [], end_ms)
    cut = run(Segments(ASKED, LATENESS_MS), rows, cuts, end_ms)
    assert [table.pack() for table in cut] == [table.pack() for table in straight]
    expected = naive(rows, end_ms)
    assert [table.stamp_s for table in straight] == [stamp_s for stamp_s, _ in expected]
    for table, (_, counts) in zip(straight, expected, strict=True):
        found = counts_of(table)
        assert found.keys() == counts.keys()
        for key, value in counts.items():
            assert found[key] == pytest.approx(value)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 79))
def test_a_restored_one_goes_on_alike(seed: int, cut: int):
    rows = random_rows(seed)
    end_ms = rows[-1][1] + 50_000
    straight = Segments(ASKED, LATENESS_MS)
    expected = run(straight, rows, [], end_ms)
    first, second = Segments(ASKED, LATENESS_MS), Segments(ASKED, LATENESS_MS)
    begun = first.apply(rows[:cut], rows[cut - 1][1])
    second.restore(first.snapshot())
    ended = begun + run(second, rows[cut:], [], end_ms)
    assert [table.pack() for table in ended] == [table.pack() for table in expected]
    assert second.totals() == straight.totals()
    assert second.snapshot() == straight.snapshot()


def test_nothing_of_a_user_who_is_erased_is_kept():
    segments = Segments(ASKED, LATENESS_MS)
    rows: list[SegmentRow] = [
        (TOLD, START_MS, START_MS, "somebody", ("city=x",)),
        (SHOWN, START_MS, START_MS, "somebody", ("a",)),
        (SHOWN, START_MS + 60_000, START_MS + 60_000, "somebody", ("b",)),
    ]
    segments.apply(rows, START_MS + 60_000)
    assert b"somebody" in segments.snapshot()
    segments.apply([(ERASED, START_MS + 61_000, START_MS, "somebody", ())], START_MS + 61_000)
    assert b"somebody" not in segments.snapshot()


def test_what_is_held_is_bounded_and_what_is_dropped_is_counted():
    small = SegmentSettings(
        attributes={"city": 0.0}, segments_max=2, rooms_max=8, users_max=3, publish_s=30
    )
    segments, rows = Segments(small, LATENESS_MS), []
    for number in range(12):
        at_ms = START_MS + number * 1000
        rows.append((TOLD, at_ms, at_ms, f"u{number}", (f"city={number % 4}",)))
        rows += [(SHOWN, at_ms, at_ms, f"u{number}", (f"r{number}",))] * (number + 1)
        rows += [(SHOWN, at_ms, at_ms + 1, f"u{number}", ("r0",))]
    made = segments.apply(rows, START_MS + 100_000)
    assert made[-1].names == [EVERYBODY, "city=0", "city=1"]
    assert "r0" in made[-1].ids
    assert len(made[-1].ids) <= 8
    assert segments.totals()["segments"] == 2
    assert segments.totals()["dropped"] > 10
    segments.apply([(REFUSED, 0, 0, f"v{number}", ()) for number in range(5)], START_MS + 100_000)
    assert len(segments.snapshot()) < 3_000


def test_state_that_cannot_be_read_says_so():
    segments = Segments(ASKED, LATENESS_MS)
    packed = segments.snapshot()
    for spoilt in (b"", packed[:9], packed[:-3], b"LLNB" + packed[4:]):
        with pytest.raises(StateError):
            segments.restore(spoilt)


def test_a_table_comes_through_bytes_as_it_is():
    values = np.arange(12.0).reshape(2, 3, 2)
    table = SegmentTable(7, [EVERYBODY, "city=x"], ["a", "b", "c"], values)
    again = SegmentTable.unpack(*table.pack())
    assert (again.stamp_s, again.names, again.ids) == (7, table.names, table.ids)
    assert again.values.tolist() == values.tolist()


def test_segments_are_what_the_record_says_in_bands_and_of_bounded_number(say: Teller):
    asked = SegmentSettings(attributes={"age": 10.0, "city": 0.0, "likes": 0.0}, user_max=3)
    assert segments_of({"age": 34, "city": "杭州", "shoe": 38}, asked) == ["age=30", "city=杭州"]
    assert segments_of({"age": -1.5, "city": 7}, asked) == ["age=-10", "city=7"]
    assert segments_of({"likes": ["b", "a", "b"]}, asked) == ["likes=b", "likes=a"]
    assert segments_of({"likes": list("abcdef")}, asked) == ["likes=a", "likes=b", "likes=c"]
    assert segments_of({"city": "x" * 128}, asked) == []
    record = say(
        kinds.User, 1.0, "u", attributes={"age": 31}, consent=kinds.Consent(profiling=False)
    )
    shown = say.shown(2.0, "u", "q", "r1")[0]
    nobody = say(kinds.Click, 2.0, None, device_id="d", room_id="r1")
    rows = segment_rows([record, shown, nobody], [5, 6, 7], asked)
    at_ms = record.event_time_ms
    assert rows == [
        (REFUSED, 5, at_ms, "u", ()),
        (TOLD, 5, at_ms, "u", ("age=30",)),
        (SHOWN, 6, at_ms + 1000, "u", ("r1",)),
    ]
