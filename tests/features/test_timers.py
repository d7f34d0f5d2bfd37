"""Timers fire as the simplest list of them would: in order, once, and not when called off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from features.timers import AWAIT, CLOSE, Timer, Timers
from tests.shelves import DictShelf

PERSONS = ["a", "b 1 "]

TIMERS = st.tuples(
    st.integers(0, 20),
    st.sampled_from([CLOSE, AWAIT]),
    st.sampled_from(PERSONS),
    st.sampled_from(["x", "1 y"]),
)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), TIMERS),
        st.tuples(st.just("call off"), TIMERS),
        st.tuples(st.just("due"), st.integers(0, 20)),
        st.tuples(st.just("forget"), st.sampled_from(PERSONS)),
        st.tuples(st.just("store"), st.none()),
    ),
    max_size=60,
)


@given(ACTS, st.booleans())
def test_they_fire_as_a_plain_set_of_them_would(acts: list[tuple[str, object]], shelved: bool):
    shelf = DictShelf() if shelved else None
    timers, judge = Timers(shelf), set[Timer]()
    for act, what in acts:
        if act == "set":
            timers.set(what)
            judge.add(what)
        elif act == "call off":
            timers.call_off(what)
            judge.discard(what)
        elif act == "due":
            fired = list(timers.due(what))
            assert fired == sorted(timer for timer in judge if timer[0] <= what)
            judge = {timer for timer in judge if timer[0] > what}
        elif act == "forget":
            timers.forget(what)
            judge = {timer for timer in judge if timer[2] != what}
        else:
            stored = timers.snapshot()
            assert stored == ([] if shelved else sorted(judge))
            timers = Timers(shelf)
            timers.restore(stored)
            if shelf is not None:
                assert len(shelf.bodies) == len(judge)
        assert timers.is_due(10) == any(timer[0] <= 10 for timer in judge)
        assert list(timers.of(CLOSE, "a")) == [
            t[3] for t in sorted(judge) if t[1:3] == (CLOSE, "a")
        ]
    assert list(timers.due(20)) == sorted(judge)


def test_what_is_set_while_others_fire_does_so_in_its_turn():
    timers, fired = Timers(), []
    for second in range(10):
        timers.set((second, CLOSE, "a", "x"))
    for timer in timers.due(8):
        fired.append(timer[0])
        if timer[0] == 3:
            timers.set((1, AWAIT, "a", "late"))
            timers.set((5, AWAIT, "a", "next"))
            timers.call_off((7, CLOSE, "a", "x"))
    assert fired == [0, 1, 2, 3, 1, 4, 5, 5, 6, 8]
    assert [due for due, *_ in timers.snapshot()] == [9]
