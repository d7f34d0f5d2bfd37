"""LEARN with factors: scored as served, learnt on what is left over, restored to the bit."""

from __future__ import annotations

import dataclasses
import random
import struct
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from events.errors import StateError
from features.example import Example
from models.factor_learner import FactorLearner
from models.factor_settings import FactorSettings
from models.factor_table import FACTOR_NAMES, FactorTable
from models.learn import LearnState
from models.settings import LearnSettings
from models.table import encode_table

ON = FactorSettings(on=True, publish_s=5, factors=3, learning_rate=0.5)
World = Callable[..., list[Example]]
FAR_S = 2_000_000_000


@pytest.fixture
def chosen(settings: LearnSettings) -> LearnSettings:
    baseline = {"factors": FACTOR_NAMES[0]}
    return dataclasses.replace(settings, factor_prior=1.0, baseline_features=baseline)


@pytest.fixture
def all_names(names: tuple[str, ...]) -> tuple[str, ...]:
    return (*names, *FACTOR_NAMES)


def sided(examples: list[Example]) -> list[Example]:
    """Even users like even rooms, and say so wherever the small world leaves it to chance."""
    made = []
    for one in examples:
        user, room = int(one.user_id[1:]), int(one.room_id[4:])
        fits = user % 2 == room % 2
        made.append(
            msgspec.structs.replace(
                one,
                engaged=int(fits),
                weight=1.0,
                sampled=True,
                user_side=[(f"host {user}", 0.6), (f"room {user}", 0.8)],
                room_side=[(f"room {room}", 1.0)] if room else [],
            )
        )
    return made


def run(state: LearnState, examples: list[Example], chunk: int) -> tuple[list[bytes], list[bytes]]:
    """Weights and factors as bytes, with their stamps."""
    tables = []
    for begin in range(0, len(examples), chunk):
        tables += state.close(min(e.due_ms for e in examples[begin:]) // 1000 - 1)
        for example in examples[begin : begin + chunk]:
            state.add(example)
    tables += state.close(FAR_S)
    return [encode_table(table) for _, table in tables], [f.pack() for f in state.take_factors()]


def test_any_cut_gives_the_same_bytes(
    chosen: LearnSettings, all_names: tuple[str, ...], world: World
):
    examples = sided(world(80))
    shuffled = examples[:]
    random.Random(1).shuffle(shuffled)
    one, other = LearnState(chosen, all_names, ON), LearnState(chosen, all_names, ON)
    first, second = run(one, examples, 40), run(other, shuffled, len(shuffled))
    assert first == second
    assert one.snapshot() == other.snapshot()
    assert len(first[1]) > 3


def test_stopped_anywhere_it_goes_on_to_the_bit(
    chosen: LearnSettings, all_names: tuple[str, ...], world: World
):
    examples = sided(world(80))
    straight = LearnState(chosen, all_names, ON)
    for example in examples:
        straight.add(example)
    tables = straight.close(FAR_S)
    halfway = LearnState(chosen, all_names, ON)
    for example in examples:
        halfway.add(example)
    halfway.close(examples[len(examples) // 2].due_ms // 1000)
    before = [table.pack() for table in halfway.take_factors()]
    again = LearnState.restore(halfway.snapshot(), chosen, all_names, ON)
    rest = again.close(FAR_S)
    assert again.snapshot() == straight.snapshot()
    assert [encode_table(t) for _, t in rest] == [encode_table(t) for _, t in tables[-len(rest) :]]
    after = [table.pack() for table in again.take_factors()]
    assert before
    assert after
    assert before + after == [table.pack() for table in straight.take_factors()]


def test_it_learns_what_the_other_features_leave_over(
    chosen: LearnSettings, all_names: tuple[str, ...], world: World
):
    """Nothing in the vector says whom a room suits, so all that is right is the factors' doing."""
    examples = sided(world(300))
    on, off = LearnState(chosen, all_names, ON), LearnState(chosen, all_names, ON)
    resting = dataclasses.replace(chosen, without=FACTOR_NAMES)
    off = LearnState(resting, all_names, ON)
    found = []
    for state in (on, off):
        run(state, examples, 40)
        metrics: Any = state.metrics()
        found.append((metrics["models"]["engagement"]["auc"], metrics["ranking"]))
    assert found[0][0] > found[1][0] + 0.1
    assert found[0][1]["ndcg_at_10"] > found[1][1]["ndcg_at_10"] + 0.05
    assert found[0][1]["baselines"]["factors"]["ndcg_at_10"] > found[1][1]["ndcg_at_10"] + 0.05
    learning: Any = on.metrics()["learning"]
    assert learning["factor_examples"] > 1000
    assert learning["factor_names_forgotten"] == 0
    assert learning["factor_names"] == 7 + 30


def test_a_score_is_that_of_the_table_as_old_as_it_was_in_use(world: World):
    examples = sided(world(60))
    learner = FactorLearner(ON, 1, 20)
    tables: list[FactorTable] = []
    for second in range(40):
        learner.learn(examples[8 * second : 8 * second + 8], np.zeros(8))
        table = learner.publish(second)
        tables += [table] if table else []
    assert [table.stamp_s for table in tables] == list(range(0, 40, 5))
    asked = examples[:3]
    for second in range(19, 45):
        held = max((t for t in tables if t.stamp_s <= second), key=lambda t: t.stamp_s)
        expected = [held.product(e.user_side, e.room_side) for e in asked]
        assert learner.served(asked, [second] * 3).tolist() == pytest.approx(expected, abs=1e-12)
    assert learner.publish(60) is not None
    assert learner.publish(70) is None, "nothing was learnt since"
    assert FactorLearner(ON, 1, 20).served(asked, [9] * 3).tolist() == [0.0] * 3


def test_a_table_scores_as_the_machine_does_and_survives_travel(world: World):
    learner = FactorLearner(ON, 1, 20)
    examples = sided(world(40))
    learner.learn(examples, np.zeros(len(examples)))
    table = learner.publish(7)
    assert table is not None
    again = FactorTable.unpack(table.pack())
    assert (again.stamp_s, again.place) == (7, table.place)
    for example in examples:
        expected = learner.machine.product(example.user_side, example.room_side)
        for one in (table, again):
            assert one.product(example.user_side, example.room_side) == pytest.approx(
                expected, abs=1e-9
            )
    assert table.product([("host 1", 1.0)], [("room never", 1.0)]) == 0.0
    packed = table.pack()
    for broken in (packed[:-1], b"", packed[:4] + struct.pack("<H", 9) + packed[6:]):
        with pytest.raises(StateError):
            FactorTable.unpack(broken)


def test_vectors_that_leave_the_finite_numbers_are_an_error(world: World):
    learner = FactorLearner(ON, 1, 20)
    learner.learn(sided(world(4)), np.zeros(32))
    learner.machine.held[0, 0] = np.nan
    with pytest.raises(FloatingPointError, match="lower learning_rate"):
        learner.publish(7)


def test_off_learns_as_before(settings: LearnSettings, names: tuple[str, ...], world: World):
    plain, with_sides = LearnState(settings, names), LearnState(settings, names)
    examples = world(40)
    unasked = [
        msgspec.structs.replace(one, user_side=[("host 1", 1.0)], room_side=[("room 1", 1.0)])
        for one in examples
    ]
    assert run(plain, examples, 30) == run(with_sides, unasked, 30)
    learning: Any = plain.metrics()["learning"]
    assert not any(name.startswith("factor") for name in learning)
