"""Whatever order partitions come in, a shard takes their rows in one order, and each row once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.kinds import Enter
from features.rows import Rows
from flows.live_clock import PartTimes
from flows.live_messages import Arrival, unpack_arrival
from flows.live_order import PartOrder
from tests.line import START_MS

PARTS = ("clicks/0", "clicks/1", "likes/0")
ROWS, SHARD, END_MS, SEQ = 6, 3, 99, 5

Told = tuple[str, int, int]
"""A row's partition, offset and time."""


def arrival(part: str, told: list[Told]) -> Arrival:
    """A chunk of a partition; an empty one tells that nothing comes for a long time."""
    rows = Rows(SHARD, 0, 0, 0)
    for _, offset, at_ms in told:
        event = Enter(event_id=part, event_time_ms=START_MS, user_id="u", room_id="r")
        rows.rows.append((event, "u", offset, 0, at_ms, 0))
    return Arrival(part, told[-1][1] if told else ROWS - 1, told[-1][2] if told else END_MS, rows)


def chunks(draw: st.DrawFn, rows: dict[str, list[Told]]) -> list[Arrival]:
    """All partitions' rows, cut somewhere, and taken by turns somehow."""
    queues: dict[str, list[Arrival]] = {}
    for part, own in rows.items():
        ends = sorted({*draw(st.sets(st.integers(1, ROWS - 1))), ROWS})
        parts = [own[start:end] for start, end in zip([0, *ends[:-1]], ends, strict=True)]
        queues[part] = [arrival(part, one) for one in [*parts, []]]
    turns = draw(st.permutations([part for part, own in queues.items() for _ in own]))
    return [queues[part].pop(0) for part in turns]


def worked(arrivals: list[Arrival], restarts: set[int]) -> list[Told]:
    """What is worked on, in order; before some arrivals all is packed and unpacked."""
    times, order, held = PartTimes(PARTS, 1 << 40), PartOrder(), list[Arrival]()
    done: list[Told] = []
    for number, one in enumerate(arrivals):
        if number in restarts:
            times = PartTimes(PARTS, 1 << 40, times.pack())
            held = [unpack_arrival(*waits.pack()) for waits in order.pack(SHARD) + held]
            order = PartOrder()
        times.hear(one.part, one.first_ms, 0)
        held.append(one)
        if not times.is_started(0):
            continue
        rows = order.take(SHARD, held, times, 0, SEQ)
        held = []
        assert (rows.shard, rows.clock_ms, rows.seq) == (SHARD, times.clock_ms, SEQ)
        done += [(event.event_id, offset, ms) for event, _, offset, _, ms, _ in rows.rows]
        reached = {part: max((at for p, at, _ in done if p == part), default=-1) for part in PARTS}
        for part, offset in order.reached(times.offsets).items():
            assert offset == reached[part]
    return done


@given(st.data())
def test_the_order_is_that_of_the_partitions_times_however_they_come(data: st.DataObject):
    times = st.lists(st.integers(1, 9), min_size=ROWS, max_size=ROWS).map(sorted)
    rows = {
        part: [(part, offset, at_ms) for offset, at_ms in enumerate(data.draw(times))]
        for part in PARTS
    }
    arrivals = data.draw(st.composite(chunks)(rows))
    restarts = data.draw(st.sets(st.integers(0, len(arrivals) - 1)))
    everything = [row for own in rows.values() for row in own]
    assert worked(arrivals, restarts) == sorted(everything, key=lambda row: (row[2], row[0]))


def test_a_row_waits_until_no_other_can_come_before_it():
    times, order = PartTimes(PARTS[:2], 0), PartOrder()
    first, second = (arrival(part, [(part, 0, 7)]) for part in PARTS[:2])
    for one in (first, second):
        times.hear(one.part, one.first_ms, 0)
    assert len(order.take(SHARD, [second], times, 0, SEQ).rows) == 0
    assert order.reached(times.offsets) == {PARTS[1]: -1}
    # The first partition may have more of this time, and they come before the second's.
    assert len(order.take(SHARD, [first], times, 0, SEQ).rows) == 1
    assert len(order.take(SHARD, [arrival(PARTS[0], [])], times, 0, SEQ).rows) == 1


def test_rows_of_a_partition_that_was_not_known_come_at_the_time_of_the_others():
    times, order = PartTimes(PARTS[:2], 0), PartOrder()
    one, late = arrival(PARTS[0], [(PARTS[0], 0, 7)]), arrival(PARTS[1], [(PARTS[1], 0, 3)])
    times.hear(one.part, one.first_ms, 0)
    assert len(order.take(SHARD, [one], times, 1, SEQ).rows) == 1
    times.hear(late.part, late.first_ms, 1)
    (row,) = order.take(SHARD, [late], times, 1, SEQ).rows
    assert row[4] == 7
