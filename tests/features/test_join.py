"""The join of impressions and feedback: one example an item, labels as they came, lists bounded."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.example import Example
from features.join import Join, JoinSettings
from features.user import CLICKED, ENGAGED, LEFT, STAYED, OpenList, User, new_user

WIDTH = 2
START_MS = 1_767_225_600_000

_flags = st.lists(
    st.sampled_from([0, 0, 0, CLICKED, ENGAGED, LEFT, CLICKED | STAYED, CLICKED | LEFT]),
    min_size=1,
    max_size=12,
)


def made(**changed: Any) -> Join:
    return Join(JoinSettings(**changed), WIDTH, seed=1)


def opened(join: Join, user: User, flags: list[int], request_id: str = "q1") -> OpenList:
    shown, _ = join.open(user, request_id, START_MS)
    for place in range(len(flags)):
        vector = struct.pack("<3f", place + 0.5, -place, 0.25)
        join.show(shown, [f"r{place}"], [place], vector)
    for place, flag in enumerate(flags):
        for bit in (CLICKED, ENGAGED, LEFT, STAYED):
            if flag & bit:
                join.label(shown, place, bit, START_MS + 1_000)
    return shown


@settings(max_examples=100, deadline=None)
@given(_flags, st.sampled_from([0.0, 0.3, 1.0]), st.sampled_from([0.0, 0.1, 1.0]))
def test_a_closed_list_becomes_the_examples_that_its_flags_say(
    flags: list[int], clicked_share: float, untouched_share: float
):
    join, user = made(clicked_share=clicked_share, untouched_share=untouched_share), new_user(0)
    examples = join.close("u1", user, opened(join, user, flags), START_MS + 31_000)
    by_place = {example.position: example for example in examples}
    assert list(by_place) == sorted(by_place)
    touched = any(flag & (CLICKED | ENGAGED) for flag in flags)
    share = clicked_share if touched else untouched_share
    for place, flag in enumerate(flags):
        example = by_place.get(place)
        if touched or flag:
            assert example is not None, "lists with a click come whole, so that they can be ranked"
        if example is None:
            continue
        assert example.engaged == int(bool(flag & (CLICKED | ENGAGED)))
        assert example.left == (1 if flag & LEFT else 0 if flag & STAYED else -1)
        assert example.ordered == -1
        assert np.frombuffer(example.x, "<f8").tolist() == [place + 0.5, -place]
        assert (example.room_id, example.request_id) == (f"r{place}", "q1")
        assert (example.shown_ms, example.due_ms) == (START_MS, START_MS + 31_000)
        if flag:
            assert (example.sampled, example.weight) == (True, 1.0)
        elif example.sampled:
            assert example.weight == pytest.approx(1.0 if share == 1.0 else 1.0 / share)
    assert [waiting.room_id for waiting in user.awaiting] == [
        f"r{place}" for place, flag in enumerate(flags) if flag & CLICKED
    ]


@pytest.mark.parametrize("first", [0, CLICKED])
def test_sampled_negatives_weigh_as_much_as_all_of_them(first: int):
    """The share is met, and weights make up for what is left out."""
    join, sampled, total, weight = made(clicked_share=0.3, untouched_share=0.1), 0, 0, 0.0
    for number in range(600):
        user = new_user(0)
        flags = [first, 0, 0, 0, 0, 0]
        examples = join.close("u1", user, opened(join, user, flags, f"q{number}"), START_MS)
        negatives = [e for e in examples if e.sampled and not e.engaged]
        sampled += len(negatives)
        weight += sum(e.weight for e in negatives)
        total += flags.count(0)
    assert sampled / total == pytest.approx(0.3 if first else 0.1, rel=0.15)
    assert weight / total == pytest.approx(1.0, rel=0.15)


def test_sampling_depends_on_the_list_and_the_seed_alone():
    flags = [CLICKED] + [0] * 30

    def drawn(seed: int) -> list[bool]:
        join = Join(JoinSettings(), WIDTH, seed)
        user = new_user(0)
        return [e.sampled for e in join.close("u1", user, opened(join, user, flags), START_MS)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


def test_examples_come_by_position_however_the_impressions_came():
    join, user = made(), new_user(0)
    shown, _ = join.open(user, "q1", START_MS)
    for position in (2, 0, 1):
        join.show(shown, [f"r{position}"], [position], struct.pack("<3f", position, 0, 0))
    join.label(shown, 0, CLICKED, START_MS)
    examples = join.close("u1", user, shown, START_MS)
    assert [example.position for example in examples] == [0, 1, 2]
    assert [np.frombuffer(example.x)[0] for example in examples] == [0.0, 1.0, 2.0]


def test_a_list_closes_after_its_last_click_but_at_the_horizon_at_the_latest():
    join, user = made(), new_user(0)
    shown = opened(join, user, [0, 0, 0])
    assert shown.close_ms == START_MS + 600_000
    join.label(shown, 0, ENGAGED, START_MS + 5_000)
    assert shown.close_ms == START_MS + 600_000
    join.label(shown, 0, CLICKED, START_MS + 20_000)
    assert shown.close_ms == START_MS + 50_000
    join.label(shown, 1, CLICKED, START_MS + 10_000)
    assert shown.close_ms == START_MS + 50_000, "an older click that comes late changes nothing"
    join.label(shown, 2, CLICKED, START_MS + 590_000)
    assert shown.close_ms == START_MS + 600_000


def test_a_fourth_list_closes_the_oldest_and_long_lists_are_cut():
    join, user = made(list_items_max=2), new_user(0)
    for name in ("q1", "q2", "q3"):
        assert join.open(user, name, START_MS)[1] is None
    shown, evicted = join.open(user, "q4", START_MS)
    assert evicted is not None
    assert evicted.request_id == "q1"
    assert [held.request_id for held in user.lists] == ["q2", "q3", "q4"]
    assert join.open(user, "q4", START_MS) == (shown, None)
    assert join.fitting(shown, ["a", "b", "c"]) == ["a", "b"]
    join.show(shown, ["a", "b"], [0, 1], bytes(2 * 12))
    assert join.fitting(shown, []) == []
    assert (join.crowded_out, join.cut) == (1, 1)


def test_feedback_finds_the_list_that_it_names_else_the_newest():
    join, user = made(), new_user(0)
    first, second = (opened(join, user, [0, 0], name) for name in ("q1", "q2"))
    assert join.find(user, "r1", None, START_MS) == (second, 1)
    assert join.find(user, "r1", "q1", START_MS) == (first, 1)
    assert join.find(user, "r1", "q0", START_MS) is None
    assert join.find(user, "r9", None, START_MS) is None


def test_a_list_whose_time_is_over_counts_as_if_it_had_closed():
    join, user = made(), new_user(0)
    first, second = (opened(join, user, [0, 0], name) for name in ("q1", "q2"))
    join.label(second, 1, CLICKED, START_MS + 1_000)
    over_ms = second.close_ms + 1
    assert join.find(user, "r1", None, over_ms - 1) == (second, 1)
    assert join.find(user, "r1", None, over_ms) == (first, 1)
    assert join.find(user, "r1", "q2", over_ms) is None
    assert join.about_to_await(user, "r1", over_ms - 1) is None
    assert join.about_to_await(user, "r0", over_ms) is None, "nobody clicked it"
    assert join.about_to_await(user, "r1", over_ms) is second
    second.orders["r1"] = "o1"
    assert join.about_to_await(user, "r1", over_ms) is None, "it has its order"
    opened(join, user, [0], "q3")
    _, evicted = join.open(user, "q4", over_ms)
    assert evicted is second
    assert join.crowded_out == 0


def waiting_for(join: Join, user: User, places: int = 1) -> list[Example]:
    return join.close("u1", user, opened(join, user, [CLICKED] * places), START_MS)


def test_an_order_within_its_horizon_answers_the_newest_click_once():
    join, user = made(), new_user(0)
    waiting_for(join, user)
    limit_ms = START_MS + 1_800_000
    assert join.ordered(user, "r9", "o1", START_MS) is None
    assert join.ordered(user, "r0", "o1", limit_ms + 1) is None
    waiting = join.ordered(user, "r0", "o1", limit_ms)
    assert waiting is not None
    example = join.order_example("u1", waiting, True, limit_ms, "order/o1")
    assert (example.ordered, example.engaged, example.left) == (1, -1, -1)
    assert np.frombuffer(example.x, "<f8").tolist() == [0.5, 0.0]
    assert (example.sampled, example.weight) == (True, 1.0)
    assert join.ordered(user, "r0", "o2", START_MS) is None
    assert join.expired(user, limit_ms + 1) == [], "an order that came is no missing order"


def test_a_refund_unlearns_its_order_within_seven_days():
    join, user = made(), new_user(0)
    waiting_for(join, user)
    join.ordered(user, "r0", "o1", START_MS)
    assert join.refunded(user, "o2") is None
    assert join.refunded(user, "o1") is not None
    assert join.refunded(user, "o1") is None
    waiting_for(join, user)
    join.ordered(user, "r0", "o3", START_MS)
    assert join.expired(user, START_MS + 7 * 86_400_000) == []
    assert join.refunded(user, "o3") is None


def test_clicked_rooms_without_an_order_expire_and_are_bounded():
    join, user = made(awaiting_max=2), new_user(0)
    waiting_for(join, user, places=4)
    gone = join.expired(user, START_MS + 1)
    assert [waiting.room_id for waiting in gone] == ["r0", "r1"]
    assert [waiting.room_id for waiting in user.awaiting] == ["r2", "r3"]
    gone = join.expired(user, START_MS + 1_800_000)
    assert [waiting.room_id for waiting in gone] == ["r2", "r3"]
    assert user.awaiting == []


def test_the_click_rates_of_a_list_are_those_it_was_shown_with():
    join, user = made(), new_user(0)
    assert join.rates(opened(join, user, [0, CLICKED, 0])) == [0.25, 0.25, 0.25]
