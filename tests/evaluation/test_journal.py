from __future__ import annotations

import json
import random

import numpy as np

from evaluation.journal import read
from tests.evaluation.journals import START_MS, lines


def test_the_order_of_the_lines_does_not_matter():
    rows = lines(1)
    mixed = rows[:]
    random.Random(4).shuffle(mixed)
    one, other = read(rows), read(mixed)
    assert one.users == other.users
    for name in ("user", "shown_ms", "room", "score", "rank", "engaged", "slate", "best"):
        assert np.array_equal(getattr(one.lists, name), getattr(other.lists, name)), name
    assert np.array_equal(one.examples.logits, other.examples.logits)


def test_labels_find_their_items():
    rows = [json.loads(line) for line in lines(2)]
    found = read(map(json.dumps, rows))  # type: ignore[arg-type]
    engaged = {
        (row["request_id"], int(row["event_id"].rpartition("/")[2]))
        for row in rows
        if row["row"] == "example" and row["engaged"] == 1
    }
    shown = sorted((row for row in rows if row["row"] == "list"), key=lambda row: row["shown_ms"])
    for number, row in enumerate(shown):
        for place in range(len(row["rooms"])):
            item = found.lists.start[number] + place
            assert found.lists.engaged[item] == ((row["request_id"], place) in engaged)
            assert found.rooms.ids[found.lists.room[item]] == row["rooms"][place]


def _list(**other: object) -> dict[str, object]:
    return {
        "row": "list", "shown_ms": START_MS, "user_id": "u", "request_id": "q", "place": 0,
        "clock_ms": START_MS, "live": 3, "rooms": ["a", "b"], "positions": [1, 0],
        "propensities": [0.5, 0.0], "scores": [None, 2.0], "ranks": [-1, 0], "best": [2.0],
        "chances": [1.0],
        "slate": ["b"], "explored": [0], **other,
    }  # fmt: skip


def test_parts_of_a_list_come_together_by_position():
    rest = _list(place=2, clock_ms=START_MS + 9, rooms=["c"], positions=[2], propensities=[0.2],
                 scores=[1.0], ranks=[1])  # fmt: skip
    example = {
        "row": "example", "due_ms": START_MS + 5, "user_id": "u", "event_id": "q/2",
        "shown_ms": START_MS, "request_id": "q", "engaged": 1, "left": -1, "ordered": -1,
        "weight": 5.0, "sampled": False, "logits": [0.0],
    }  # fmt: skip
    rows = [rest, example, _list()]
    found = read(json.dumps(row).encode() for row in rows)
    assert found.lists.start.tolist() == [0, 3]
    assert [found.rooms.ids[room] for room in found.lists.room] == ["b", "a", "c"]
    assert found.lists.engaged.tolist() == [0, 0, 1]
    assert np.array_equal(found.lists.score, [2.0, np.nan, 1.0], equal_nan=True)
    assert found.lists.slot.tolist() == [0, 1, 2]
    assert len(found.examples) == 0, "what was not sampled was not learnt from"


def test_a_list_that_began_anew_is_one_of_its_own():
    again = _list(clock_ms=START_MS + 9)
    found = read(json.dumps(row).encode() for row in (_list(), again))
    assert found.lists.start.tolist() == [0, 2, 4]


def test_a_replay_that_showed_nothing_can_be_read():
    found = read([])
    assert len(found.lists) == len(found.examples) == 0
