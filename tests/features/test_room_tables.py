"""Room tables arrive as they were sent, and all of a publisher's with one list of ids."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.room_tables import SharedIds, pack_tables, unpack_tables
from features.rooms import COLUMNS, IMPRESSION, RoomRow, RoomSettings, RoomStats, RoomTable

CUTS = st.lists(st.lists(st.integers(0, 30), max_size=6), min_size=1, max_size=12)


def seen(table: RoomTable) -> tuple[int, list[str], bytes]:
    return table.stamp_s, table.ids[: len(table.values)], table.values.tobytes()


def published(cuts: list[list[int]], rooms_max: int) -> list[list[RoomTable]]:
    """The tables of some messages, a second of rows in each."""
    stats = RoomStats(RoomSettings(rooms_max=rooms_max), 0)
    messages, key = [], 0
    for second, rooms in enumerate(cuts, 1):
        rows: list[RoomRow] = []
        for room in rooms:
            key += 1
            at_ms = second * 1000
            rows.append((key, at_ms, at_ms, f"room {room}", IMPRESSION, 0))
        messages.append(stats.apply(rows, second * 1000 + 1000))
    return messages


@given(CUTS, st.sampled_from([4, 10, 1000]))
def test_tables_arrive_as_they_were_sent(cuts, rooms_max):
    tables = [table for message in published(cuts, rooms_max) for table in message]
    assert list(map(seen, unpack_tables(pack_tables(tables)))) == list(map(seen, tables))


@given(CUTS, st.sampled_from([4, 10, 1000]))
def test_sharing_ids_changes_no_table(cuts, rooms_max):
    shared = SharedIds()
    before, after = [], []
    for message in published(cuts, rooms_max):
        before += list(map(seen, message))
        after += unpack_tables(pack_tables(message))
        for table in after[len(before) - len(message) :]:
            shared.share(table)
    assert list(map(seen, after)) == before


def test_lists_that_go_on_where_the_last_one_ended_become_one():
    shared = SharedIds()
    tables = [
        t for m in published([[1, 2], [3], [1, 4]], 100) for t in unpack_tables(pack_tables(m))
    ]
    for table in tables:
        shared.share(table)
    assert len(tables) == 3
    assert all(table.ids is tables[0].ids for table in tables)


def test_a_list_that_begins_otherwise_stays_apart():
    shared = SharedIds()
    values = np.zeros((2, len(COLUMNS)))
    first, second = RoomTable(1, ["a", "b"], values), RoomTable(2, ["b", "c"], values)
    shared.share(first)
    shared.share(second)
    assert (first.ids, second.ids) == (["a", "b"], ["b", "c"])
