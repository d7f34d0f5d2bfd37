"""A mapping in two tiers answers as a plain one does, whatever rests and whenever."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.resting import Resting


class Thing(msgspec.Struct, array_like=True):
    base: int
    seen_ms: int
    words: list[str] = []


def things(objects_max: int) -> Resting[Thing]:
    return Resting(Thing, lambda thing: thing.seen_ms + 10, objects_max)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["get", "peek", "put", "drop", "cool", "again"]),
        st.sampled_from("abcdef"),
        st.integers(-5, 100),
        st.sampled_from([0, 1, 400]),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS, st.integers(0, 3))
def test_a_resting_mapping_answers_as_a_plain_one(steps, objects_max):
    resting, plain = things(objects_max), {}
    for what, key, number, size in steps:
        if what == "put":
            plain[key] = Thing(number, number, [f"word{i}" for i in range(size)])
            resting.put(key, msgspec.structs.replace(plain[key]))
        elif what == "drop":
            plain.pop(key, None)
            resting.drop(key)
        elif what == "cool":
            resting.cool()
            assert len(resting.objects) <= objects_max * 5 // 4
        elif what == "again":
            stored, resting = resting.pack(), things(objects_max)
            resting.restore(stored)
            assert resting.pack() == stored
        else:
            assert (resting.get if what == "get" else resting.peek)(key) == plain.get(key)
        assert len(resting) == len(plain)
        assert sorted(resting) == sorted(plain)
    wanted = {key: msgspec.msgpack.encode(plain[key]) for key in sorted(plain)}
    assert list(resting.pack().items()) == list(wanted.items())


@pytest.mark.parametrize("size", [0, 400])
def test_what_rests_is_looked_at_when_it_is_due_and_not_before(size: int):
    resting = things(0)
    for key, seen_ms in (("a", -20), ("b", 1), ("c", 5)):
        resting.put(key, Thing(0, seen_ms, ["word"] * size))
    assert resting.due(1_000) == []  # objects are at hand: who holds them looks himself
    resting.cool()
    assert resting.due(11) == ["a"]
    assert sorted(resting.due(12)) == ["a", "b"]
    resting.restore(resting.pack())
    assert resting.due(0) == ["a", "b", "c"]


def test_those_seen_longest_ago_rest_first_and_a_quarter_more_may_wait():
    resting = things(4)
    for number, key in enumerate("abcde"):
        resting.put(key, Thing(0, -number))
    resting.cool()
    assert len(resting.objects) == 5
    resting.put("f", Thing(0, -9))
    resting.cool()
    assert sorted(resting.objects) == list("abcd")


def test_what_is_large_rests_in_less_space_than_its_bytes():
    resting, large = things(0), Thing(0, 0, ["word"] * 1_000)
    resting.put("a", large)
    resting.cool()
    assert len(resting._packed["a"]) < len(msgspec.msgpack.encode(large)) / 10
    assert resting.peek("a") == large
    assert not resting.objects
