"""A second signal within a second is answered after a second of wall clock, whatever else comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from events import kinds
from events.hashing import hash64
from features.catalogue import Entry
from features.observed import Observed
from features.rows import Rows
from flows.live_messages import Arrival
from flows.live_runtime import LiveRuntime
from flows.live_shards import LiveObserveStep
from flows.settings import Settings
from tests.line import START_MS, Teller

PART = "clicks/0"


class Wall:
    """A clock that a test moves."""

    now_ms = START_MS + 10_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def wall() -> Wall:
    return Wall()


def runtime(wall: Wall) -> LiveRuntime:
    made = LiveRuntime(Settings(), [PART], now=wall)
    host = Teller()(kinds.Host, 0, host_id="h1", name="h1", tags=["tea"])
    made.catalogue.apply(Entry(1, START_MS, host))
    return made


@pytest.fixture
def step(wall: Wall) -> LiveObserveStep:
    return LiveObserveStep(runtime(wall), None)


def arrives(step: LiveObserveStep, *events: Any) -> list[Any]:
    """What comes of a round of one partition, whose clock is that of its last row."""
    clock_ms = events[-1].event_time_ms
    rows = Rows(0, 0, clock_ms, 0)
    rows.rows = [
        (event, event.user_id, 0, hash64(event.event_id), event.event_time_ms, 0)
        for event in events
    ]
    return slates(step.take([Arrival(PART, 1, clock_ms, rows)]))


def slates(made: Any) -> list[Any]:
    """Who is to get a slate."""
    observed = [one for one in made if isinstance(one, Observed)]
    return [step.user_id for one in observed for step in one.steps if step.wish is not None]


def click(say: Teller, at_s: float, user: str = "ann") -> Any:
    return say(kinds.Follow, at_s, user, host_id="h1")


def test_the_first_signal_is_answered_at_once_and_the_second_after_a_second(
    step: LiveObserveStep, wall: Wall
):
    say = Teller()
    assert arrives(step, click(say, 5.0)) == ["ann"]
    wall.now_ms += 300
    assert arrives(step, click(say, 5.2)) == []
    due = step.notify_at()
    assert due == datetime.fromtimestamp((wall.now_ms + 1_000) / 1000, UTC)
    wall.now_ms += 999
    assert slates(step.on_notify()[0]) == []
    wall.now_ms += 1
    assert slates(step.on_notify()[0]) == ["ann"]
    assert step.notify_at() is None
    wall.now_ms += 60_000
    assert slates(step.on_notify()[0]) == []


def test_a_slate_that_came_meanwhile_is_not_made_twice(step: LiveObserveStep, wall: Wall):
    say = Teller()
    assert arrives(step, click(say, 5.0)) == ["ann"]
    assert arrives(step, click(say, 5.2)) == []
    assert arrives(step, click(say, 6.1)) == ["ann"]
    wall.now_ms += 1_000
    assert slates(step.on_notify()[0]) == []


def test_put_off_slates_of_many_come_each_in_turn(step: LiveObserveStep, wall: Wall):
    say = Teller()
    assert arrives(step, click(say, 5.0, "ann"), click(say, 5.0, "bob")) == ["ann", "bob"]
    arrives(step, click(say, 5.1, "ann"))
    wall.now_ms += 400
    arrives(step, click(say, 5.2, "bob"))
    wall.now_ms += 600
    assert slates(step.on_notify()[0]) == ["ann"]
    wall.now_ms += 400
    assert slates(step.on_notify()[0]) == ["bob"]


def test_what_was_put_off_when_a_run_ended_is_made_up_by_event_time(wall: Wall):
    say = Teller()
    step = LiveObserveStep(runtime(wall), None)
    arrives(step, click(say, 5.0))
    arrives(step, click(say, 5.2))
    again = LiveObserveStep(runtime(wall), step.pack())
    assert again.notify_at() is None
    assert "ann" not in arrives(again, click(say, 7.9, "bob"))
    assert "ann" in arrives(again, click(say, 8.1, "bob"))


def test_word_of_the_time_alone_moves_a_shard_on_once_a_second(wall: Wall):
    """What tells so comes of every partition: most of it is not worth a turn of all shards."""
    say, parts = Teller(), [f"clicks/{part}" for part in range(4)]
    step = LiveObserveStep(LiveRuntime(Settings(), parts, now=wall), None)
    rows = Rows(0, 0, START_MS, 0)
    event = click(say, 0)
    rows.rows = [(event, event.user_id, 0, hash64(event.event_id), START_MS, 0)]
    step.take([Arrival(part, 1, START_MS, Rows(0, 0, START_MS, 0)) for part in parts[1:]])
    step.take([Arrival(parts[0], 1, START_MS, rows)])
    moved = []
    for now_ms in range(START_MS + 100, START_MS + 5_000, 100):
        made = list(step.take([Arrival(part, 1, now_ms, Rows(0, 0, now_ms, 0)) for part in parts]))
        moved += [one.ends[-1][0] for one in made if isinstance(one, Observed)]
    assert moved == [START_MS + second * 1_000 for second in range(1, 5)]
