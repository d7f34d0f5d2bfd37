"""A live LEARN works off a second in helpings, and publishes what a recorded one does."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import pytest

from decisions.outputs import Delivery
from flows.live_learn import EXAMPLES_MAX, LiveLearnStep
from flows.live_runtime import LiveRuntime
from flows.messages import Learnable, Weights
from flows.settings import FlowSettings, Settings
from flows.steps import LearnStep
from flows.tables_step import FOREVER_S
from models.factor_settings import FactorSettings
from tests.line import Line, Teller
from tests.small_world import SmallWorld

SETTINGS = Settings(flow=FlowSettings(shards=1))


@pytest.fixture(scope="module")
def examples() -> list[Any]:
    line = Line(decides=False)
    for seed in range(4):
        line.made.examples += (
            Line(decides=False).feed(SmallWorld(Teller(), seed).log(400), done=True).examples
        )
    return line.made.examples


def told(made: Any) -> list[Weights]:
    return [one for one in made if isinstance(one, Weights)]


def test_helpings_end_where_one_go_does_and_give_way_in_between(examples: list[Any]):
    runtime = LiveRuntime(SETTINGS, [])
    assert len(examples) > EXAMPLES_MAX
    last_s = max(example.due_ms for example in examples) // 1000
    learnable = Learnable(0, examples, last_s)
    at_once = told(LearnStep(runtime, None).take([learnable]))
    step, wakes = LiveLearnStep(runtime, None), 0
    weights = told(step.take([learnable]))
    while step.notify_at() is not None:
        wakes += 1
        weights += told(step.on_notify()[0])
    assert wakes > 2
    stamps = [stamp_s for one in weights for stamp_s, _ in one.tables]
    assert stamps == [stamp_s for one in at_once for stamp_s, _ in one.tables]
    assert weights[-1].progress_s == last_s


def test_what_was_left_when_a_run_ended_is_learnt_by_the_next(examples: list[Any]):
    runtime = LiveRuntime(SETTINGS, [])
    last_s = max(example.due_ms for example in examples) // 1000
    step = LiveLearnStep(runtime, None)
    stamps = [s for one in told(step.take([Learnable(0, examples, last_s)])) for s, _ in one.tables]
    again = LiveLearnStep(runtime, step.pack())
    assert again.notify_at() is not None
    again.on_notify()
    weights = told(again.take([Learnable(0, [], last_s)]))
    while again.notify_at() is not None:
        weights += told(again.on_notify()[0])
    stamps += [stamp_s for one in weights for stamp_s, _ in one.tables]
    assert weights[-1].progress_s == last_s
    assert stamps == sorted(set(stamps))


def test_factors_leave_in_helpings_too_and_a_new_run_sends_them_again():
    chosen = dataclasses.replace(SETTINGS, factors=FactorSettings(on=True, publish_s=5))
    log = SmallWorld(Teller(), 1).log(800)
    examples = Line(chosen, decides=False).feed(log, done=True).examples
    assert len(examples) > EXAMPLES_MAX
    runtime = LiveRuntime(chosen, [])
    last_s = max(example.due_ms for example in examples) // 1000
    learnable = Learnable(0, examples, last_s)
    at_once = told(LearnStep(runtime, None).take([learnable]))
    step = LiveLearnStep(runtime, None)
    weights = told(step.take([learnable]))
    while step.notify_at() is not None:
        weights += told(step.on_notify()[0])
    factors = [one.pack() for message in weights for one in message.factors]
    assert factors == [one.pack() for message in at_once for one in message.factors]
    assert len(factors) > 2
    stamps = [stamp_s for message in weights for stamp_s, _ in message.tables]
    assert {one.stamp_s for message in weights for one in message.factors} <= set(stamps)
    again = LiveLearnStep(runtime, step.pack())
    [resent] = told(again.on_notify()[0])
    assert [one.pack() for one in resent.factors] == factors[-len(resent.factors) :]
    assert resent.factors[0].stamp_s <= resent.tables[0][0]


def test_while_an_epoch_ends_nothing_is_learnt(examples: list[Any]):
    now_ms = 1_767_225_600_000
    step = LiveLearnStep(LiveRuntime(SETTINGS, [], now=lambda: now_ms), None)
    last_s = max(example.due_ms for example in examples) // 1000
    stamps = [s for one in told(step.take([Learnable(0, examples, last_s)])) for s, _ in one.tables]
    before = step.pack()
    # The engine wakes it once more: it was to go on at once.
    assert step.on_notify()[0] == [] == list(step.take([Learnable(0, [], last_s)]))
    assert step.pack() == before
    assert step.notify_at() is not None
    now_ms += round(1000 * SETTINGS.flow.epoch_s / 2)
    while step.notify_at() is not None:
        stamps += [s for one in told(step.on_notify()[0]) for s, _ in one.tables]
    at_once = told(
        LearnStep(LiveRuntime(SETTINGS, []), None).take([Learnable(0, examples, last_s)])
    )
    assert stamps == [stamp_s for one in at_once for stamp_s, _ in one.tables]


def test_the_last_cards_are_the_same_however_the_last_seconds_closed(examples: list[Any]):
    seconds = sorted({example.due_ms // 1000 for example in examples})
    # Two that are too near each other for a card each.
    before_s, last_s = [pair for pair in pairwise(seconds) if pair[1] - pair[0] < 5][-1]
    some = [example for example in examples if example.due_ms // 1000 <= last_s]
    end = Learnable(0, [], FOREVER_S)
    in_one_go = [Learnable(0, some, FOREVER_S)]
    bit_by_bit = [Learnable(0, some, before_s), Learnable(0, [], last_s), end]
    last: list[Any] = []
    for cut in (in_one_go, [Learnable(0, some, before_s), end], bit_by_bit):
        step = LearnStep(LiveRuntime(SETTINGS, []), None)
        made = [one for learnable in cut for one in step.take([learnable])]
        last.append([one.cards for one in made if isinstance(one, Delivery) and one.cards][-1])
    assert last[0] == last[1] == last[2]
