"""The small parts of the world: dice, dials, the clock, words, breakages, the crowd."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import accumulate

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.decode import Decoder
from events.letters import DeadLetter
from simulator.breakage import BREAKAGES
from simulator.clock import Clock
from simulator.crowd import Crowd
from simulator.dial import Dial
from simulator.dice import Dice
from simulator.segments import SEGMENTS
from simulator.settings import SimulatorSettings, preset
from simulator.stage import Stage
from simulator.words import NAMED_POINTS, tag_groups


def test_streams_of_one_seed_differ_and_repeat():
    assert Dice(1, "a").random() == Dice(1, "a").random() != Dice(1, "b").random()


@given(st.lists(st.integers(), max_size=20), st.integers(0, 25), st.integers(0, 99))
def test_distinct_draws_no_place_twice(items, count, seed):
    drawn = Dice(seed, "d").distinct(items, count)
    assert len(drawn) == min(count, len(items))
    assert not Counter(drawn) - Counter(items)


def test_draws_have_the_means_that_they_promise():
    dice = Dice(1, "means")
    n = 20_000
    assert sum(dice.exponential(5.0) for _ in range(n)) / n == pytest.approx(5.0, rel=0.05)
    assert sum(dice.geometric(3.0) for _ in range(n)) / n == pytest.approx(3.0, rel=0.05)
    assert sum(dice.normal() for _ in range(n)) / n == pytest.approx(0.0, abs=0.03)
    cumulative = list(accumulate([1.0, 0.0, 3.0]))
    picked = Counter(dice.pick_by(cumulative) for _ in range(n))
    assert picked[1] == 0
    assert picked[2] / n == pytest.approx(0.75, abs=0.02)


@given(st.floats(0.01, 0.2), st.floats(0.1, 100.0), st.integers(0, 50))
def test_a_dial_keeps_its_mean_whatever_the_unit(target, unit, seed):
    dice, dial = Dice(seed, "dial"), Dial(target, typical=unit / 2)
    given_ = [dial.turn(unit * dice.random()) for _ in range(2_000)]
    assert sum(given_) / len(given_) == pytest.approx(target, rel=0.15)


def test_the_clock_wakes_in_order_of_time_and_of_asking():
    clock, heard = Clock(100), []

    def life(name, *waits):
        for wait_ms in waits:
            heard.append((clock.now_ms, name))
            yield wait_ms
        heard.append((clock.now_ms, name))

    clock.start(life("a", 5, 5))
    clock.start(life("b", 0, 10))
    clock.start(life("c"), 10)
    while clock.next_wake_ms() is not None:
        clock.wake()
    assert heard == [
        (100, "a"), (100, "b"), (100, "b"), (105, "a"), (110, "c"), (110, "b"), (110, "a"),
    ]  # fmt: skip


@pytest.mark.parametrize("count", range(1, 31))
def test_named_tags_are_as_many_as_asked_and_do_not_contain_one_another(count):
    tags = [tag for group in tag_groups(count, named=True) for tag in group]
    assert len(set(tags)) == len(tags) == count
    every = [*tags, *NAMED_POINTS]
    assert not [(a, b) for a in every for b in every if a != b and a in b]


def test_numbered_tags_do_not_contain_one_another_and_named_ones_run_out():
    tags = [tag for group in tag_groups(200, named=False) for tag in group]
    assert len(set(tags)) == 200
    assert len({len(tag) for tag in tags}) == 1
    with pytest.raises(ValueError, match="31 asked for, 30 have names"):
        tag_groups(31, named=True)


@pytest.mark.parametrize("name", BREAKAGES)
@pytest.mark.parametrize("kind", ["click", "dwell", "like"])
def test_every_breakage_is_a_dead_letter(name, kind):
    event = {
        "event_id": "s1-1", "kind": kind, "event_time_ms": 1_750_000_000_000, "user_id": "u1",
        "platform": "app", "room_id": "r1", "dwell_ms": 1_750_000_000,
    }  # fmt: skip
    line = orjson.dumps(event)
    assert not isinstance(Decoder().decode(line), DeadLetter)
    for seed in range(20):
        broken = BREAKAGES[name](line, Dice(seed, "break"))
        assert isinstance(Decoder().decode(broken), DeadLetter), broken


def test_viewers_come_in_their_waking_hours():
    stage = Stage(preset("demo"), 1)
    rhythm = Crowd(stage.viewers, stage.settings, Dice(1, "crowd"))
    steady = replace(stage.settings, daily_rhythm=False)
    even = Crowd(stage.viewers, steady, Dice(1, "crowd"))
    evening_ms = stage.settings.start_ms  # 11:30 UTC, 19:30 in Shanghai

    def awake(crowd: Crowd) -> int:
        drawn = [crowd.next(evening_ms) for _ in range(400)]
        assert None not in drawn
        return sum(abs(viewer.peak_utc - 11.5) < 4.0 for viewer in drawn if viewer)

    assert awake(rhythm) > awake(even) + 40


def test_viewers_who_are_busy_or_gone_are_not_drawn():
    stage = Stage(preset("demo"), 1)
    crowd = Crowd(stage.viewers, stage.settings, Dice(1, "crowd"))
    for viewer in stage.viewers[1:]:
        viewer.busy = True
    assert {crowd.next(stage.settings.start_ms) for _ in range(300)} <= {stage.viewers[0], None}


def test_in_turn_everybody_comes_before_anybody_comes_again():
    stage = Stage(replace(preset("demo"), in_turn_share=1.0), 1)
    crowd = Crowd(stage.viewers, stage.settings, Dice(1, "crowd"))
    assert {crowd.next(0) for _ in stage.viewers} == set(stage.viewers)


def test_where_kinds_are_alike_people_of_one_kind_share_their_main_interest():
    def in_own_group(settings: SimulatorSettings) -> float:
        """How many of those of one kind have the main tag that is their kind's."""
        stage = Stage(settings, 1)
        kinds = [kind.name for kind in SEGMENTS]
        own = 0
        for viewer in stage.viewers:
            kind = 2 * kinds.index(viewer.segment.name) + (viewer.lang == "en")
            main = max(viewer.taste, key=lambda tag: viewer.taste[tag])
            own += main in stage.catalog.groups[kind % len(stage.catalog.groups)]
        return own / len(stage.viewers)

    world = replace(preset("strangers"), viewers=600)
    assert in_own_group(world) > 0.65
    assert in_own_group(replace(world, alike_share=0.0)) < 0.35
