"""NEIGHBOURS equals the kernel fed in order, for any cut; who is erased or refuses is gone."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.errors import StateError
from features.audience import ALLOWED, ENGAGED, ERASED, REFUSED, Audience, AudienceRow
from features.neighbour_table import NO_NEIGHBOURS, NeighbourTable
from features.neighbours import Neighbours, NeighbourSettings
from features.panel import NO_PANEL, panel_of

LATENESS_MS = 10_000
START_MS = 1_767_225_600_000
SETTINGS = NeighbourSettings(on=True, publish_s=30, similar_max=3)
WITH_USERS = dataclasses.replace(SETTINGS, users=True, panel_max=2)
Pairs = dict[str, list[tuple[str, float]]]


def random_rows(seed: int, count: int = 60) -> list[AudienceRow]:
    """Rows with their clocks: disorder, late ones, silences, erasures and refusals among them."""
    dice, clock_ms, rows = random.Random(seed), START_MS, []
    for _ in range(count):
        clock_ms += dice.choice([0, 0, 300, 1_000, 4_000, 60_000])
        time_ms = clock_ms - dice.choice([0, 0, 0, 700, 5_000, 25_000])
        code = dice.choice([ENGAGED] * 30 + [ERASED, REFUSED, ALLOWED])
        room_id = dice.choice("abcdef") if code == ENGAGED else ""
        rows.append((code, clock_ms, time_ms, dice.choice("uvw"), room_id))
    return rows


def pairs_of(table: NeighbourTable) -> Pairs:
    """For each item its neighbours, by name."""
    return {
        item: [
            (table.ids[place], similar)
            for place, similar in zip(places, values, strict=True)
            if place < len(table.ids)
        ]
        for item, places, values in zip(
            table.ids, table.places.tolist(), table.similar.tolist(), strict=True
        )
    }


def naive(
    rows: list[AudienceRow], end_ms: int, chosen: NeighbourSettings
) -> list[tuple[int, Pairs, bytes]]:
    """All rows in the order of their seconds, and a table after each period that had any.

    With users, a table follows where anyone has left as well.
    """
    counted: list[tuple[int, int, int, str, str]] = []
    refused: set[str] = set()
    for number, (code, clock_ms, time_ms, user, room_id) in enumerate(rows):
        open_s = (clock_ms - LATENESS_MS) // 1000
        if code == ENGAGED:
            if user not in refused:
                counted.append((max(time_ms // 1000, open_s), 1, time_ms, user, room_id))
            continue
        refused.discard(user)
        if code != ALLOWED:
            # What was not certain by then goes, and the user is forgotten as of then.
            counted = [one for one in counted if one[3] != user or one[0] < open_s]
            counted.append((open_s, 0, number, user, ""))
        if code == REFUSED:
            refused.add(user)
    kernel, made, period, is_new = Neighbours(chosen), [], -1, False

    def publish() -> None:
        stamp_s = (period + 1) * 30 - 1
        nearest = {
            item: sorted(kernel.similar(item, float(stamp_s)).items(), key=lambda p: (-p[1], p[0]))
            for item in kernel.items()
        }
        panel = panel_of(stamp_s, kernel.latest(chosen.panel_max)) if chosen.users else NO_PANEL
        pairs = {item: found[:3] for item, found in nearest.items()}
        made.append((stamp_s, pairs, panel.pack()))

    for second, engages, time_ms, user, room_id in sorted(counted):
        if not engages and not chosen.users:
            kernel.forget(user)
            continue
        if second > (end_ms - LATENESS_MS) // 1000 - 1:
            continue
        if second // 30 != period:
            if is_new:
                publish()
            period, is_new = second // 30, False
        is_new = True
        if engages:
            kernel.engage(user, room_id, time_ms / 1000.0)
        else:
            kernel.forget(user)
    if is_new and (period + 1) * 30 - 1 <= (end_ms - LATENESS_MS) // 1000 - 1:
        publish()
    return made


def run(
    audience: Audience, rows: list[AudienceRow], cuts: list[int], end_ms: int
) -> list[NeighbourTable]:
    tables = []
    for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        clock_ms = max((row[1] for row in rows[:end]), default=START_MS)
        tables += audience.apply(rows[begin:end], clock_ms)
    return tables + audience.apply([], end_ms)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10**6),
    st.lists(st.integers(0, 60), max_size=6).map(sorted),
    st.sampled_from([SETTINGS, WITH_USERS]),
)
def test_any_cut_gives_the_same_tables_and_they_are_right(
    seed: int, cuts: list[int], chosen: NeighbourSettings
):
    rows = random_rows(seed)
    end_ms = rows[-1][1] + 20_000
    straight = run(Audience(chosen, LATENESS_MS), rows, [], end_ms)
    cut = run(Audience(chosen, LATENESS_MS), rows, cuts, end_ms)
    assert [table.pack() for table in cut] == [table.pack() for table in straight]
    told = [(table.stamp_s, pairs_of(table), table.panel.pack()) for table in straight]
    assert told == naive(rows, end_ms, chosen)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 59), st.sampled_from([SETTINGS, WITH_USERS]))
def test_a_restored_one_goes_on_alike(seed: int, cut: int, chosen: NeighbourSettings):
    rows = random_rows(seed)
    end_ms = rows[-1][1] + 20_000
    straight = Audience(chosen, LATENESS_MS)
    expected = run(straight, rows, [], end_ms)
    first, second = Audience(chosen, LATENESS_MS), Audience(chosen, LATENESS_MS)
    begun = first.apply(rows[:cut], rows[cut - 1][1])
    second.restore(first.snapshot())
    ended = begun + run(second, rows[cut:], [], end_ms)
    assert [table.pack() for table in ended] == [table.pack() for table in expected]
    assert second.totals() == straight.totals()


def test_nothing_of_a_user_who_is_erased_is_kept():
    audience = Audience(SETTINGS, LATENESS_MS)
    rows: list[AudienceRow] = [
        (ENGAGED, START_MS, START_MS, "somebody", "a"),
        (ENGAGED, START_MS + 60_000, START_MS + 60_000, "somebody", "b"),
    ]
    audience.apply(rows, START_MS + 60_000)
    assert b"somebody" in audience.snapshot()
    audience.apply([(ERASED, START_MS + 61_000, START_MS, "somebody", "")], START_MS + 61_000)
    assert b"somebody" not in audience.snapshot()


@pytest.mark.parametrize("code", [ERASED, REFUSED])
def test_the_next_panel_is_without_a_user_who_has_left(code: int):
    """Be their leaving all that is new, and long after the last engagement."""
    audience, at_ms, rows = Audience(WITH_USERS, LATENESS_MS), START_MS, []
    for user in ("leaves", "stays"):
        rows += [(ENGAGED, at_ms, at_ms, user, room_id) for room_id in "ab"]
    [before] = audience.apply(rows, at_ms + 60_000)
    assert before.panel.row_of("leaves") >= 0
    at_ms += 600_000
    made = audience.apply([(code, at_ms, at_ms, "leaves", "")], at_ms)
    made += audience.apply([], at_ms + 60_000)
    [after] = made
    assert at_ms // 1000 - 10 <= after.stamp_s <= at_ms // 1000 + 30
    assert after.panel.row_of("leaves") == -1
    assert len(after.panel.rows) == 1
    assert after.panel.row_of("stays") == 0


def test_who_refuses_profiling_counts_not_until_they_allow_it():
    audience = Audience(SETTINGS, LATENESS_MS)
    at_ms = START_MS
    for code, room_id in ((REFUSED, ""), (ENGAGED, "a"), (ALLOWED, ""), (ENGAGED, "b")):
        audience.apply([(code, at_ms, at_ms, "u", room_id)], at_ms)
        at_ms += 20_000
    audience.apply([], at_ms)
    assert audience.totals() == {"engagements": 1, "late": 0, "refused": 1, "dropped": 0}


def test_refusals_are_bounded_and_what_is_dropped_is_counted():
    audience = Audience(NeighbourSettings(on=True, users_max=3), LATENESS_MS)
    rows = [(REFUSED, START_MS, START_MS, f"u{n}", "") for n in range(5)]
    audience.apply(rows, START_MS)
    assert audience.totals()["dropped"] == 2


def test_bytes_that_cannot_be_read_say_what_to_do():
    packed = bytearray(Audience(SETTINGS, LATENESS_MS).snapshot())
    packed[4:6] = bytes(2)
    with pytest.raises(StateError, match=r"^the stored state of NEIGHBOURS has layout 0"):
        Audience(SETTINGS, LATENESS_MS).restore(bytes(packed))


def test_tables_cross_processes_whole():
    rows = random_rows(5)
    tables = run(Audience(WITH_USERS, LATENESS_MS), rows, [], rows[-1][1] + 20_000)
    for table in (NO_NEIGHBOURS, *tables):
        unpacked = NeighbourTable.unpack(*table.pack())
        assert unpacked.pack() == table.pack()
        assert unpacked.places.shape == table.places.shape
