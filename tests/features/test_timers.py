"""Timers fire as the simplest list of them would: in order, once, and not when called off."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from features.timers import AWAIT, CLOSE, Timer, Timers

TIMERS = st.tuples(
    st.integers(0, 20),
    st.sampled_from([CLOSE, AWAIT]),
    st.sampled_from("ab"),
    st.sampled_from("xy"),
)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), TIMERS),
        st.tuples(st.just("call off"), TIMERS),
        st.tuples(st.just("due"), st.integers(0, 20)),
        st.tuples(st.just("forget"), st.sampled_from("ab")),
        st.tuples(st.just("store"), st.none()),
    ),
    max_size=60,
)


@given(ACTS)
def test_they_fire_as_a_plain_list_of_them_would(acts: list[tuple[str, object]]):
    timers, judge = Timers(), list[Timer]()
    for act, what in acts:
        if act == "set":
            timers.set(what)
            judge.append(what)
        elif act == "call off":
            timers.call_off(what)
            if what in judge:
                judge.remove(what)
        elif act == "due":
            fired = list(timers.due(what))
            assert fired == sorted(timer for timer in judge if timer[0] <= what)
            judge = [timer for timer in judge if timer[0] > what]
        elif act == "forget":
            timers.forget(what)
            judge = [timer for timer in judge if timer[2] != what]
        else:
            stored = timers.snapshot()
            timers = Timers()
            timers.restore(stored)
        assert timers.snapshot() == sorted(judge)
        assert timers.is_due(10) == any(timer[0] <= 10 for timer in judge)
        assert list(timers.of(CLOSE, "a")) == [
            t[3] for t in sorted(judge) if t[1:3] == (CLOSE, "a")
        ]


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
