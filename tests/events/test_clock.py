"""The log's clock: single false times do not move it, and chunks do not change it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.clock import NO_CLOCK, ClockSettings, LogClock
from events.decode import Row
from events.kinds import Enter, OnAir, person_of
from events.letters import DeadLetter

T = 1_760_000_000_000
HOUR = 3_600_000
DAY = 24 * HOUR
SMALL = ClockSettings(confirm_rows=12, confirm_events=4)


class Ids:
    """Numbers events, so that no two are the same."""

    def __init__(self) -> None:
        self.count = 0

    def enter(self, time_ms: int, person: str = "a") -> Enter:
        self.count += 1
        return Enter(event_id=f"{self.count}", event_time_ms=time_ms, user_id=person, room_id="r")

    def on_air(self, time_ms: int) -> OnAir:
        self.count += 1
        return OnAir(event_id=f"{self.count}", event_time_ms=time_ms, room_id="r", product_id=None)


@pytest.fixture
def ids() -> Ids:
    return Ids()


def run(
    rows: Sequence[Row], cuts: Sequence[int] = (), limits: ClockSettings | None = None
) -> list[tuple[Row, int]]:
    """The rows with their clocks, fed in chunks that end at `cuts`."""
    clock = LogClock(settings=limits)
    out: list[tuple[Row, int]] = []
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        out += zip(*clock.feed(rows[start:end]), strict=True)
    out += zip(*clock.finish(), strict=True)
    return out


def clocks(rows: Sequence[Row], limits: ClockSettings | None = None) -> list[int]:
    return [clock_ms for _, clock_ms in run(rows, limits=limits)]


def dead(rows: Sequence[Row], limits: ClockSettings | None = None) -> list[int]:
    """Where the clock made dead letters."""
    pairs = zip(rows, run(rows, limits=limits), strict=True)
    return [i for i, (before, (after, _)) in enumerate(pairs) if before is not after]


def still(row: Row) -> bool:
    return row is None or isinstance(row, (DeadLetter, OnAir))


def naive(rows: Sequence[Row], limits: ClockSettings) -> list[tuple[bool, int]]:
    """The judge: whether each row lives and its clock, from the whole log and the definition."""
    now: int | None = None
    out: list[tuple[bool, int]] = []

    def borne_out(at: int, end: int) -> bool:
        jump = rows[at]
        assert isinstance(jump, Enter)
        others = [row for row in rows[at + 1 : end] if isinstance(row, Enter)]
        past = [row.event_time_ms - jump.event_time_ms for row in others]
        first_back = next((i for i, ms in enumerate(past) if ms < -limits.jump_ms), len(past))
        says = [
            row
            for i, row in enumerate(others)
            if abs(past[i]) <= limits.jump_ms or (past[i] > 0 and i < first_back)
        ]
        another = any(person_of(row) != person_of(jump) for row in says)
        return another or len(says) >= limits.confirm_events

    for at, row in enumerate(rows):
        if still(row):
            out.append((True, now or NO_CLOCK))
            continue
        assert isinstance(row, Enter)
        time_ms = row.event_time_ms
        end = at + 1 + limits.confirm_rows
        if now is None and not borne_out(at, end):
            near = [i for i in range(at, min(end, len(rows))) if not still(rows[i])]
            good = [i for i in near if borne_out(i, end)]
            times = sorted(rows[i].event_time_ms for i in near)
            median = times[(len(times) - 1) // 2]
            least = min(ms for ms in times if ms >= median - limits.off_ms_max)
            now = rows[good[0]].event_time_ms if good else least
        if now is None or (time_ms > now + limits.jump_ms and borne_out(at, end)):
            now = time_ms
        elif time_ms <= now + limits.jump_ms:
            now = max(now, time_ms)
        out.append((time_ms - now <= limits.off_ms_max, now))
    return out


def test_the_clock_is_the_running_maximum(ids: Ids) -> None:
    times = [T, T + 5, T + 3, T + HOUR + 5, T, T + 2 * HOUR]
    rows = [ids.enter(ms, person) for ms, person in zip(times, "ababab", strict=True)]
    best = [T, T + 5, T + 5, T + HOUR + 5, T + HOUR + 5, T + 2 * HOUR]
    assert clocks(rows) == best


def test_a_single_false_time_is_a_dead_letter(ids: Ids) -> None:
    rows = [ids.enter(T + i, "ab"[i % 2]) for i in range(2000)]
    rows[700] = ids.enter(T + 31 * DAY, "c")
    assert dead(rows) == [700]
    assert max(clocks(rows)) == T + 1999
    letter = run(rows)[700][0]
    assert isinstance(letter, DeadLetter)
    assert (letter.reason, letter.field) == ("unconfirmed_jump", "event_time_ms")


def test_a_false_time_within_30_days_is_kept_and_moves_nothing(ids: Ids) -> None:
    rows = [ids.enter(T + i, "ab"[i % 2]) for i in range(2000)]
    rows[700] = ids.enter(T + 29 * DAY, "c")
    assert dead(rows) == []
    assert max(clocks(rows)) == T + 1999


def test_a_false_first_time_is_a_dead_letter(ids: Ids) -> None:
    rows = [ids.enter(T + 9000 * DAY, "c"), *(ids.enter(T + i, "ab"[i % 2]) for i in range(2000))]
    assert dead(rows) == [0]
    assert clocks(rows) == [T, *(T + i for i in range(2000))]


def test_two_false_times_do_not_bear_each_other_out(ids: Ids) -> None:
    rows = [ids.enter(T + i, "ab"[i % 2]) for i in range(1500)]
    rows[100], rows[200] = ids.enter(T + 900 * DAY, "c"), ids.enter(T + 2000 * DAY, "d")
    assert dead(rows) == [100, 200]


def test_the_same_event_twice_bears_nothing_out(ids: Ids) -> None:
    false = ids.enter(T + 900 * DAY, "c")
    rows: list[Row] = [ids.enter(T, "a"), ids.enter(T, "b"), *[false] * 20, ids.enter(T + 1, "a")]
    assert dead(rows) == list(range(2, 22))


def test_a_real_gap_moves_the_clock_at_its_first_row(ids: Ids) -> None:
    before = [ids.enter(T, "a"), ids.enter(T + 1, "b")]
    after = [ids.enter(T + 40 * DAY + i, who) for i, who in enumerate("aab")]
    assert clocks([*before, *after])[2:] == [T + 40 * DAY + i for i in range(3)]
    assert dead([*before, *after]) == []


def test_one_persons_gap_needs_ten_more_events(ids: Ids) -> None:
    before = [ids.enter(T, "a"), ids.enter(T + 1, "b")]
    for more, count in ((9, 10), (10, 0)):
        after = [ids.enter(T + 40 * DAY + i, "a") for i in range(more + 1)]
        assert len(dead([*before, *after])) == count


def test_events_far_apart_go_on(ids: Ids) -> None:
    rows = [ids.enter(T + i * 2 * HOUR, f"{i}") for i in range(50)]
    assert clocks(rows)[:-1] == [T + i * 2 * HOUR for i in range(49)]
    assert dead(rows) == []


def test_a_lone_event_is_its_own_clock(ids: Ids) -> None:
    assert clocks([ids.enter(T)]) == [T]
    assert clocks([ids.enter(T), ids.enter(T + 5)]) == [T, T + 5]
    assert clocks([]) == []


def test_the_catalogue_moves_nothing_and_does_not_wait(ids: Ids) -> None:
    clock = LogClock()
    first = [ids.on_air(T + 900 * DAY), None, ids.on_air(T)]
    assert clock.feed(first) == (first, [NO_CLOCK] * 3)
    rows = [ids.enter(T, "a"), ids.on_air(T + 9000 * DAY), ids.enter(T, "b")]
    assert clock.feed(rows) == (rows, [T, T, T])
    assert clock.clock_ms == T


def test_no_more_rows_wait_than_the_limit(ids: Ids) -> None:
    clock = LogClock()
    clock.feed([ids.enter(T, "a"), ids.enter(T, "b")])
    for i in range(3000):
        clock.feed(
            [ids.enter(T + 900 * DAY, "c") if i % 500 == 0 else ids.enter(T + i, "ab"[i % 2])]
        )
        assert clock.waiting <= 1000


steps = st.sampled_from(
    [0, 1, 1000, HOUR - 1, HOUR, HOUR + 1, 3 * HOUR, 29 * DAY, 31 * DAY, 999 * DAY]
)
entries = st.tuples(
    st.sampled_from(["enter"] * 8 + ["on_air", "dead", "blank"]),
    st.sampled_from("abc"),
    st.sampled_from([1, 1, 1, -1]),
    steps,
    st.sampled_from([0, 0, 1]),
)


def build(entries: list[tuple[str, str, int, int, int]]) -> list[Row]:
    """Rows whose times are near a base, which some rows carry along."""
    ids = Ids()
    base = T
    rows: list[Row] = []
    for kind, person, sign, step, moves in entries:
        time_ms = base + sign * step
        base = time_ms if moves else base
        if kind == "enter":
            rows.append(ids.enter(time_ms, person))
        elif kind == "on_air":
            rows.append(ids.on_air(time_ms))
        else:
            rows.append(DeadLetter(reason="invalid_json", detail="") if kind == "dead" else None)
    return rows


@settings(max_examples=400)
@given(st.lists(entries, max_size=60))
def test_equals_the_naive_judge(drawn: list[tuple[str, str, int, int, int]]) -> None:
    rows = build(drawn)
    got = [
        (type(after) is type(before), clock_ms)
        for before, (after, clock_ms) in zip(rows, run(rows, limits=SMALL), strict=True)
    ]
    assert got == naive(rows, SMALL)


@given(st.lists(entries, max_size=60), st.lists(st.integers(0, 60)))
def test_chunks_change_nothing(
    drawn: list[tuple[str, str, int, int, int]], cuts: list[int]
) -> None:
    rows = build(drawn)
    chunked = run(rows, sorted(min(cut, len(rows)) for cut in cuts), SMALL)
    assert chunked == run(rows, limits=SMALL)


@given(st.lists(entries, max_size=60), st.integers(0, 60))
def test_goes_on_from_the_first_row_not_released(
    drawn: list[tuple[str, str, int, int, int]], cut: int
) -> None:
    rows = build(drawn)
    first = LogClock(settings=SMALL)
    released, before = first.feed(rows[:cut])
    second = LogClock(first.clock_ms, SMALL)
    rest = [second.feed(rows[len(released) :]), second.finish()]
    whole = [*zip(released, before, strict=True)]
    whole += [pair for part in rest for pair in zip(*part, strict=True)]
    assert whole == run(rows, limits=SMALL)


@given(st.lists(entries, max_size=60))
def test_clocks_never_go_back_and_rows_keep_their_order(
    drawn: list[tuple[str, str, int, int, int]],
) -> None:
    rows = build(drawn)
    out = run(rows, limits=SMALL)
    assert len(out) == len(rows)
    marks = [clock_ms for _, clock_ms in out]
    assert marks == sorted(marks)
    assert all(
        after is before or isinstance(after, DeadLetter)
        for before, (after, _) in zip(rows, out, strict=True)
    )
