"""What comes to a live step waits for its clock, and is stamped between the least and the most."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from features.rooms import CLICK
from features.rows import Rows
from flows.live_arrivals import Arrivals, Every, News, stamped, stamped_plain
from flows.live_messages import Arrival, RoomArrival
from flows.live_runtime import LiveRuntime
from flows.live_state import unseal_live
from flows.messages import NeighbourTables, RoomTables
from flows.settings import Settings
from flows.tables_step import Recent

START_MS = 1_767_225_600_000
PARTS = ("behavior/0", "behavior/1")
TIMES = st.integers(0, 40)
RUNTIME = LiveRuntime(Settings(), PARTS, now=lambda: START_MS)

rounds = st.lists(
    st.tuples(st.sampled_from((*PARTS, "")), TIMES, st.lists(TIMES, max_size=5)), max_size=12
)


@given(rounds)
def test_stamps_are_the_rows_own_clocks_where_these_lie_between_the_least_and_the_most(found):
    times = RUNTIME.times()
    for number, (part, clock_ms, row_clocks) in enumerate(found, 1):
        judged, same = copy.deepcopy(times), copy.deepcopy(times)
        low, high = judged.take(part, number, clock_ms, START_MS)
        expected = [max(low, min(high, ms)) for ms in row_clocks]

        plain = [(7, ms, 0, "a room", CLICK, 0) for ms in row_clocks]
        made = stamped_plain([RoomArrival(part, number, clock_ms, plain)], same, START_MS)
        assert made == [(7, ms, 0, "a room", CLICK, 0) for ms in expected]

        rows = Rows(3, 1, clock_ms, 0)
        rows.rows = [(None, "u", 5, 6, ms, 0) for ms in row_clocks]  # type: ignore[misc]
        now = stamped(Arrival(part, number, clock_ms, rows), times, START_MS, 9)
        assert now.rows == [(None, "u", 5, 6, ms, 9) for ms in expected]
        assert now.clock_ms == times.clock_ms == judged.clock_ms == same.clock_ms


def test_what_comes_before_all_partitions_were_heard_waits_and_outlasts_a_restart():
    first = RoomArrival(PARTS[0], 1, START_MS, [(7, START_MS, START_MS, "a room", CLICK, 0)])
    second = RoomArrival(PARTS[1], 2, START_MS + 5, [])
    arrivals: Arrivals[RoomArrival] = Arrivals(RUNTIME, None, RoomArrival)
    assert not arrivals.hear([first], START_MS)
    inner, saved = unseal_live(arrivals.seal(b"state"))
    again: Arrivals[RoomArrival] = Arrivals(RUNTIME, saved, RoomArrival)
    assert inner == b"state"
    for one in (arrivals, again):
        assert one.hear([second], START_MS)
        assert [held.offset for held in one.release()] == [1, 2]
        assert one.release() == []


def test_it_is_time_again_only_so_much_later():
    every = Every(100)
    assert [now_ms for now_ms in range(1_000, 1_400, 30) if every.is_due(now_ms)] == [
        1_000,
        1_120,
        1_240,
        1_360,
    ]


def test_a_message_is_news_that_has_tables_or_comes_further():
    news = News()
    assert news.is_new(RoomTables([], 3))
    assert not news.is_new(RoomTables([], 3))
    assert news.is_new(NeighbourTables([], 4))


@given(st.lists(TIMES, unique=True).map(sorted), TIMES)
def test_the_tables_that_readers_of_later_seconds_use_are_kept(stamps, closed_s):
    settings = Settings()
    slack_s = settings.table_delay_s + settings.flow.table_slack_s
    recent = Recent(RUNTIME, [(stamp_s, None) for stamp_s in stamps])
    recent.forget(closed_s)
    kept = [stamp_s for stamp_s, _ in recent.tables]
    for second in range(closed_s, 60):
        usable = [stamp_s for stamp_s in stamps if stamp_s <= second - slack_s]
        if usable:
            assert max(usable) in kept
    assert sum(stamp_s <= closed_s - slack_s for stamp_s in kept) <= 1
