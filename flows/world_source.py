"""A simulated world as the engine's source: it goes on once the flow has answered what it said."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from events.clock import LogClock
from events.decode import Decoder, Row
from events.kinds import Event
from events.letters import DeadLetter
from features.collect import Split, Splitter
from flows.runtime import Runtime
from flows.stop import Stop
from simulator.live import LiveWorld

_PART = "world"
_AT_ONCE = datetime.fromtimestamp(0, UTC)
_SETTLED_POLLS = 8
"""More turns of the engine than an item takes from DECIDE to a sink."""
_ANSWER_S_MAX = 60.0

Story = Callable[[Sequence[Event]], int | None]
"""Takes the events of the last step, to which the flow has answered; gives the event time in ms
up to which the world lives on, or None where the story ends."""


class WorldPartition(StatefulSourcePartition[Split, None]):
    """Steps of the world as rounds of rows, just as they come from a log."""

    def __init__(self, world: LiveWorld, runtime: Runtime, stop: Stop, story: Story) -> None:
        settings = runtime.settings
        self._world = world
        self._runtime = runtime
        self._stop = stop
        self._story = story
        self._decode = Decoder(settings.decode).decode_all
        self._clock = LogClock(None, settings.clock)
        self._splitter = Splitter(
            *(settings.flow.shards, settings.strengths),
            audience_min=settings.audience_min,
            segments=settings.segmented,
        )
        self._events: list[Event] = []
        self._letters: Counter[str] = Counter()
        self._round = self._seq = self._clock_ms = self._count = 0
        self._lines = self._rows = self._polls = 0
        self._asked_s = time.monotonic()
        self._finished = False

    def next_batch(self) -> list[Split]:
        """The world's next step; nothing while the flow has not answered the last one."""
        if self._finished:
            raise StopIteration
        if not self._is_answered():
            return []
        until_ms = None if self._stop.asked else self._story(self._events)
        rows: list[Row] = []
        if until_ms is not None:
            lines = self._world.step(until_ms)
            rows = self._decode(lines)
            for row in rows:
                self._lines += 1
                if isinstance(row, DeadLetter):
                    row.at_line(_PART, self._lines)
        self._finished = until_ms is None
        return [self._split(rows)]

    def _is_answered(self) -> bool:
        """Whether all shards have decided on the last round, and delivery had its turns since."""
        if self._round == 0:
            return True
        progress = self._runtime.progress
        shards = self._runtime.settings.flow.shards
        if len(progress.seconds) < 2 * shards or progress.slowest() < self._clock_ms // 1000:
            if time.monotonic() - self._asked_s > _ANSWER_S_MAX:
                raise TimeoutError(f"the flow has not decided for {_ANSWER_S_MAX:.0f} s")
            return False
        self._polls += 1
        return self._polls > _SETTLED_POLLS

    def _split(self, rows: list[Row]) -> Split:
        released, clocks = self._clock.finish() if self._finished else self._clock.feed(rows)
        numbers = range(self._rows + 1, self._rows + 1 + len(released))
        self._rows += len(released)
        letters: list[DeadLetter] = []
        good: list[tuple[Event, int, int]] = []
        for row, clock_ms, number in zip(released, clocks, numbers, strict=True):
            self._clock_ms = max(self._clock_ms, clock_ms)
            if isinstance(row, DeadLetter):
                letters.append(row)
            elif row is not None:
                good.append((row, clock_ms, number))
        self._events = [event for event, _, _ in good]
        self._count += len(good)
        self._letters.update(letter.reason for letter in letters)
        self._round += 1
        self._polls = 0
        self._asked_s = time.monotonic()
        split, self._seq = self._splitter.split(
            self._round,
            self._seq,
            self._events,
            [clock_ms for _, clock_ms, _ in good],
            [number for _, _, number in good],
            self._clock_ms,
            self._finished,
        )
        split.letters = letters
        if self._finished:
            split.counts = {
                "rows": self._count,
                "catalogue_events": self._seq,
                "dead_letters": self._letters.total(),
                "dead_letters_by_reason": dict(sorted(self._letters.items())),
                "newest_event_time_ms": self._clock_ms,
            }
        return split

    def next_awake(self) -> datetime:
        """At once: each turn of the engine is a poll, and it has nothing else to wait for."""
        return _AT_ONCE

    def snapshot(self) -> None:
        """A world cannot be taken up again."""


class WorldSource(FixedPartitionedSource[Split, None]):
    """One world, stepped by a story. Guarantee: none; a run that is killed is over."""

    def __init__(self, world: LiveWorld, runtime: Runtime, stop: Stop, story: Story) -> None:
        self._world = world
        self._runtime = runtime
        self._stop = stop
        self._story = story

    def list_parts(self) -> list[str]:
        """There is one world."""
        return [_PART]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> WorldPartition:
        """The world from its beginning."""
        return WorldPartition(self._world, self._runtime, self._stop, self._story)
