"""The factor machine equals its slopes worked out number by number, and keeps River's promises."""

from __future__ import annotations

import math
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river import checks, datasets

from events.errors import StateError
from models.factor_state import MachineState, extract, rebuild
from models.factors import FactorMachine, Side

NAMES = ("tag a", "tag b", "host c", "room d")
_side = st.dictionaries(
    st.sampled_from(NAMES), st.floats(-1.0, 1.0).map(lambda value: round(value, 3))
)
_rows = st.lists(
    st.tuples(_side, _side, st.booleans(), st.floats(0.5, 5.0), st.floats(-3.0, 3.0)), max_size=25
)
Rows = list[tuple[dict[str, float], dict[str, float], bool, float, float]]


class Naive:
    """The same by plain numbers, one factor of one name at a time."""

    def __init__(self, like: FactorMachine) -> None:
        self.like = like
        self.vectors: dict[tuple[int, str], list[float]] = {}
        self.sums: dict[tuple[int, str], float] = {}

    def begin(self, names: list[str]) -> None:
        for name in names:
            if (0, name) not in self.vectors:
                machine = FactorMachine(self.like.factors, spread=self.like.spread)
                machine.learn_sides([(name, 1.0)], [(name, 1.0)], True, 0.0)
                for side in range(2):
                    self.vectors[side, name] = machine.held[side, 0].tolist()
                    self.sums[side, name] = self.like.squares

    def learn(
        self, left: dict[str, float], right: dict[str, float], label: bool, weight: float, o: float
    ) -> None:
        if not left or not right:
            return
        self.begin([*left, *right])
        u, v = self.sum(0, left), self.sum(1, right)
        z = o + sum(p * q for p, q in zip(u, v, strict=True))
        most = self.like.gradient_max
        slope = min(max((1.0 / (1.0 + math.exp(-z)) - label) * weight, -most), most)
        before = {key: list(held) for key, held in self.vectors.items()}
        for side, names, other in ((0, left, v), (1, right, u)):
            for name, value in names.items():
                step = [
                    slope * value * k + self.like.l2 * held
                    for k, held in zip(other, before[side, name], strict=True)
                ]
                self.sums[side, name] += sum(one * one for one in step)
                rate = self.like.learning_rate / math.sqrt(self.sums[side, name])
                self.vectors[side, name] = [
                    held - rate * one for held, one in zip(before[side, name], step, strict=True)
                ]

    def sum(self, side: int, names: dict[str, float]) -> list[float]:
        total = [0.0] * self.like.factors
        for name, value in names.items():
            for k, held in enumerate(self.vectors.get((side, name), [])):
                total[k] += held * value
        return total

    def product(self, left: dict[str, float], right: dict[str, float]) -> float:
        return sum(p * q for p, q in zip(self.sum(0, left), self.sum(1, right), strict=True))


@settings(max_examples=60, deadline=None)
@given(_rows, st.sampled_from([0.0, 0.01]))
def test_it_is_the_naive_machine(rows: Rows, l2: float):
    machine = FactorMachine(factors=3, learning_rate=0.3, l2=l2, spread=0.5, gradient_max=2.0)
    naive = Naive(machine)
    for left, right, label, weight, offset in rows:
        machine.learn_sides(list(left.items()), list(right.items()), label, weight, offset)
        naive.learn(left, right, label, weight, offset)
    for left, right, *_ in rows:
        expected = naive.product(left, right)
        assert machine.product(list(left.items()), list(right.items())) == pytest.approx(
            expected, abs=1e-9
        )


@settings(max_examples=30, deadline=None)
@given(_rows, st.integers(0, 25))
def test_a_machine_restored_continues_to_the_bit(rows: Rows, cut: int):
    def teach(machine: FactorMachine, some: Rows) -> bytes:
        for left, right, label, weight, offset in some:
            machine.learn_sides(list(left.items()), list(right.items()), label, weight, offset)
        return msgspec.msgpack.encode(extract(machine))

    straight, first, second = (FactorMachine(factors=2, names_max=16) for _ in range(3))
    packed = teach(first, rows[:cut])
    rebuild(second, msgspec.msgpack.decode(packed, type=MachineState))
    assert msgspec.msgpack.encode(extract(second)) == packed
    assert teach(second, rows[cut:]) == teach(straight, rows)


def test_another_length_is_refused():
    with pytest.raises(StateError, match="have 2 factors and settings ask for 3"):
        rebuild(FactorMachine(factors=3), extract(FactorMachine(factors=2)))


def river_checks() -> list[Any]:
    """All that River asks of a binary classifier, on its own data."""
    phishing = list(datasets.Phishing().take(200))
    with mock.patch.object(checks, "_yield_datasets", return_value=[phishing]):
        return list(checks.yield_checks(FactorMachine()))


@pytest.mark.parametrize("check", river_checks(), ids=lambda check: check.__name__)
def test_river_s_own_checks(check: Any):
    check(FactorMachine())


def test_river_asks_a_lot():
    assert len(river_checks()) > 20


def test_what_nobody_has_told_the_machine_is_found_by_factors():
    """Ten users like even rooms or odd ones; it is known of each room but the last two."""
    machine = FactorMachine(factors=4, learning_rate=0.5)
    for turn in range(60):
        for user in range(10):
            room = (turn + 3 * user) % 12
            if room < 10 or user < 6:
                machine.learn_sides(
                    [(f"user {user}", 1.0)], [(f"room {room}", 1.0)], user % 2 == room % 2
                )
    for user in (6, 7, 8, 9):
        liked, other = (
            machine.product([(f"user {user}", 1.0)], [(f"room {room}", 1.0)])
            for room in (10 + user % 2, 11 - user % 2)
        )
        assert liked > other


def test_tags_that_share_an_audience_come_close():
    """No two tags ever stand together, with a user or a room: who chooses what joins them."""
    machine = FactorMachine(factors=4, learning_rate=0.5)
    for turn in range(2_000):
        liked, shown = turn % 6, (turn * 7 // 6) % 6
        machine.learn_sides(
            [(f"tag {liked}", 1.0)], [(f"tag {shown}", 1.0)], liked % 2 == shown % 2
        )
    names, left, right = machine.vectors()
    for vectors in (left, right):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        for one in range(6):
            for other in range(one):
                a, b = (unit[names.index(f"tag {number}")] for number in (one, other))
                assert (float(a @ b) > 0.8) == (one % 2 == other % 2)


def test_texts_are_names_and_unmarked_features_stand_on_both_sides():
    machine = FactorMachine()
    machine.learn_one({"colour": "red", "right size": 2.0, "left age": 1.0, "absent": 0.0}, True)
    assert set(machine.place) == {"colour=red", "size", "age"}
    both: Side = [("colour=red", 1.0)]
    chance = 1.0 / (1.0 + math.exp(-machine.product(both, both)))
    assert machine.predict_proba_one({"colour": "red"})[True] == pytest.approx(chance)


def test_names_unseen_for_longest_leave_and_are_counted():
    machine = FactorMachine(names_max=16)
    for number in range(60):
        machine.learn_sides([("kept", 1.0)], [(f"name {number}", 1.0)], True)
        assert len(machine.place) <= 16
    assert {"kept", "name 59"} <= set(machine.place)
    assert "name 0" not in machine.place
    assert machine.forgotten == 61 - len(machine.place)
    many = [(f"name {number}", 1.0) for number in range(7)]
    machine.learn_sides(many, [("other", 1.0)], True)
    machine.learn_sides([(f"more {name}", 1.0) for name, _ in many], many, True)
    assert len(machine.place) <= 16
    fresh = FactorMachine()
    fresh.learn_sides([("kept", 1.0)], [("name 0", 1.0)], True, 0.0)
    machine = FactorMachine(names_max=16)
    machine.learn_sides([("kept", 1.0)], [("name 0", 1.0)], True)
    for number in range(1, 60):
        machine.learn_sides([("kept", 1.0)], [(f"name {number}", 1.0)], True)
    machine.learn_sides([("kept", 1.0)], [("name 0", 1.0)], True, 0.0)
    held = machine.held[1, machine.place["name 0"]]
    assert held.tolist() == fresh.held[1, fresh.place["name 0"]].tolist()


def test_scoring_changes_nothing():
    machine = FactorMachine()
    machine.learn_sides([("a", 1.0)], [("b", 1.0)], True)
    before = msgspec.msgpack.encode(extract(machine))
    assert machine.product([("a", 1.0), ("new", 1.0)], [("b", 1.0)]) != 0.0
    assert machine.product([("new", 1.0)], [("b", 1.0)]) == 0.0
    assert machine.predict_proba_one({"new": 1.0}) == {False: 0.5, True: 0.5}
    names, left, _ = machine.vectors()
    left[:] = 0.0
    assert np.any(machine.held[0, : len(names)])
    assert msgspec.msgpack.encode(extract(machine)) == before
