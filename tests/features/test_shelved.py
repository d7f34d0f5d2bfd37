"""A mapping that rests on a shelf answers as a plain one, and goes on from its last write."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from features.shelved import Shelved
from tests.shelves import DictShelf


class Thing(msgspec.Struct, array_like=True):
    base: int
    seen_ms: int


def things(objects_max: int, shelf: DictShelf, page: int = 2) -> Shelved[Thing]:
    return Shelved(Thing, lambda thing: thing.seen_ms + 10, objects_max, shelf, page)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "change", "peek", "put", "drop", "cool", "write", "again", "kill"]),
        st.sampled_from("abcdef"),
        st.integers(-5, 100),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS, st.integers(0, 4))
def test_a_shelved_mapping_answers_as_a_plain_one(steps, objects_max):
    shelf = DictShelf()
    shelved, plain = things(objects_max, shelf), {}
    durable, checkpoint = {}, {}
    for what, key, number in steps:
        if what == "put":
            plain[key] = Thing(number, number)
            shelved.put(key, msgspec.structs.replace(plain[key]))
        elif what == "change":
            thing = shelved.get(key)
            if thing is not None:
                thing.base = plain[key].base = number
        elif what == "drop":
            plain.pop(key, None)
            shelved.drop(key)
        elif what == "cool":
            shelved.cool()
            assert len(shelved.objects) + len(shelved._still) <= max(objects_max * 5 // 4, 1)
        elif what == "write":
            shelved.write()
            assert not shelved.objects
            durable = {k: msgspec.structs.replace(v) for k, v in plain.items()}
            checkpoint = dict(shelf.bodies)
        elif what == "again":
            assert shelved.pack() == {}
            shelved = things(objects_max, shelf)
        elif what == "kill":
            # What was put since the last checkpoint is gone, in memory and on the shelf.
            plain = {k: msgspec.structs.replace(v) for k, v in durable.items()}
            shelf = DictShelf()
            shelf.bodies.update(checkpoint)
            shelved = things(objects_max, shelf)
        else:
            assert (shelved.get if what == "get" else shelved.peek)(key) == plain.get(key)
        assert len(shelved) == len(plain)
        assert sorted(shelved) == sorted(plain)


def test_a_write_puts_only_what_was_touched_since_the_last():
    shelf = DictShelf()
    shelved = things(9, shelf)
    for key in "abc":
        shelved.put(key, Thing(0, 1))
    shelved.write()
    shelf.bodies.clear()
    shelved.get("b")
    shelved.peek("a")
    shelved.write()
    assert list(shelf.bodies) == ["b"]


def test_what_is_due_comes_by_page_for_page():
    shelved = things(0, DictShelf())
    for key, seen_ms in (("a", 1), ("b", 50), ("c", 2), ("d", 3), ("e", 60)):
        shelved.put(key, Thing(0, seen_ms))
    shelved.write()
    assert [shelved.due(20) for _ in range(4)] == [["a"], ["c", "d"], [], ["a"]]


def test_values_that_came_with_a_snapshot_move_to_the_shelf():
    shelf = DictShelf()
    shelved = things(2, shelf)
    shelved.restore({"a": msgspec.msgpack.encode(Thing(7, 1))})
    assert shelved.get("a") == Thing(7, 1)
    assert len(shelved) == 1
    assert things(2, shelf).due(-1 << 40) == ["a"]
