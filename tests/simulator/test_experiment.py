"""A world in an experiment: lists on request, worth told, and readiness to act held."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from simulator.cast import Room
from simulator.dial import Dial
from simulator.live import Given, LiveWorld
from simulator.settings import preset

CLEAN = replace(preset("demo"), duplicate_share=0, disorder_share=0, late_share=0, broken_share=0)
MINUTE_MS = 60_000
Seen = list[tuple[str, str, str, list[Room], float]]


def lived(seed: int, best: bool, minutes: int = 8) -> tuple[Seen, list[dict[str, object]]]:
    """What was seen in a world that shows everyone the same ten rooms, loved or not."""
    world = LiveWorld(CLEAN, seed)
    world.step(world.now_ms + MINUTE_MS)
    seen: Seen = []
    stage = world._stage
    rooms = sorted(stage.policy.live, key=lambda room: room.host.trust * (1 if best else -1))[-10:]
    given: Given = (None, [room.room_id for room in rooms], [1.0] * 10)
    world.experiment(lambda person: given, lambda *one: seen.append(one))
    lines = world.step(world.now_ms + minutes * MINUTE_MS)
    return seen, [orjson.loads(line) for line in lines]


def test_everyone_sees_what_is_asked_for_and_it_is_told():
    seen, events = lived(3, best=True)
    shown = {
        e["request_id"] for e in events if e["kind"] == "impression" and e["surface"] == "recs"
    }
    told = {request_id for _, request_id, surface, _, _ in seen if surface == "recs"}
    assert len(told) > 50
    assert told <= shown
    assert all(worth > 0.0 for *_, worth in seen)


def test_what_keeps_its_promise_is_worth_more():
    better = [worth for _, _, surface, _, worth in lived(3, best=True)[0] if surface == "recs"]
    worse = [worth for _, _, surface, _, worth in lived(3, best=False)[0] if surface == "recs"]
    assert sum(better) / len(better) > sum(worse) / len(worse)


def test_without_a_list_the_world_shows_its_own():
    world = LiveWorld(CLEAN, 5)
    seen: list[str] = []
    world.experiment(lambda person: None, lambda *one: seen.append(one[2]))
    world.step(world.now_ms + 2 * MINUTE_MS)
    assert "feed" in seen
    assert "recs" not in seen


def test_a_held_dial_lets_more_act_where_more_is_liked():
    dial = Dial(0.1)
    for _ in range(5_000):
        dial.turn(1.0)
    assert dial.probability(1.0) == pytest.approx(0.1, rel=0.01)
    dial.hold()
    for _ in range(5_000):
        assert dial.turn(2.0) == dial.probability(2.0)
    assert dial.turn(2.0) == pytest.approx(0.2, rel=0.01)
