"""Topics as the engine's source: one partition each, in chunks, paced by event time."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition

from events.kinds import Event
from events.letters import DeadLetter
from features.collect import Splitter
from flows.brokers import Watch
from flows.epoch_rest import EpochRest
from flows.kafka_client import ClientSettings
from flows.kafka_reader import PartReader
from flows.kafka_rows import RowReader
from flows.live_clock import Pace, PartClock
from flows.live_messages import PartRound
from flows.live_runtime import LiveRuntime
from flows.live_words import Words
from flows.part_state import PartState, seal_part, unseal_part
from flows.stop import Stop


class Sources:
    """What the partitions of one process share."""

    def __init__(self, runtime: LiveRuntime, client: ClientSettings, stop: Stop) -> None:
        settings = runtime.settings
        kafka = settings.kafka
        self.runtime = runtime
        self.client = client
        self.stop = stop
        self.watch = Watch(client, kafka, runtime.now)
        self.pace = Pace(kafka.ahead_ms, round(kafka.start_s * 1000))
        self.rows = RowReader(settings.decode, runtime.now)
        shards, least = settings.flow.shards, settings.audience_min
        self.splitter = Splitter(
            *(shards, settings.strengths, runtime.door, least), segments=settings.segmented
        )
        self.words = Words(shards, kafka.tick_ms)
        self.rows_in_epoch = 0
        """Of all partitions, each since its own epoch began."""


class KafkaPartition(StatefulSourcePartition[PartRound, bytes]):
    """Rows of one partition, each round at most a chunk.

    Guarantee: a row is given out after those before it, and again only where the state that a
    restart begins with does not hold it. A row that was deleted before it could be read is
    counted as lost.
    """

    def __init__(self, name: str, sources: Sources, state: bytes | None) -> None:
        runtime = sources.runtime
        self._name = name
        self._sources = sources
        self._runtime = runtime
        self._kafka = runtime.settings.kafka
        self._catalogue = name in runtime.catalogue_parts
        self._index = runtime.parts.index(name) if name in runtime.parts else 0
        self._epoch_s = runtime.settings.flow.epoch_s
        self._clock = PartClock(round(self._kafka.silent_s * 1000))
        self._events = lost = 0
        self._letters: Counter[str] = Counter()
        offset, complete = -1, False
        if state is not None:
            saved = unseal_part(state, name)
            self._clock = PartClock(round(self._kafka.silent_s * 1000), saved.time_ms)
            self._events, lost = saved.events, saved.lost_rows
            self._letters.update(saved.letters)
            offset, complete = saved.offset, saved.complete
        self._time_ms = self._clock.time_ms
        self._tick = self._noted_ms = -1
        self._rows_in_epoch = 0
        self._durable = -1
        self._idle = 0
        self._rest = EpochRest(self._epoch_s) if runtime.workers > 1 else None
        self._wait_s = 0.0
        self._reader = PartReader(
            name, sources.client, self._kafka, sources.rows, self._clock, offset
        )
        self._reader.complete, self._reader.lost = complete, lost
        sources.watch.enter()
        runtime.epochs.enter(name)
        self._begun = self._told_read = self._told_time = self._is_silent = False
        self._asked_ms = 0
        if not self._catalogue:
            sources.pace.enter(name, runtime.now())

    # What the engine asks.

    def next_batch(self) -> list[PartRound]:
        """The next round, if there is any; an empty one where it is time to tell."""
        self._runtime.epochs.read()
        if self._sources.stop.asked:
            raise StopIteration
        if self._durable >= 0:
            self._sources.watch.durable(self._name, self._durable)
            self._durable = -1
        self._wait_s = self._rest.before_epoch_ends() if self._rest is not None else 0.0
        if not self._begun and not self._begins():
            return []
        if self._reader.is_empty:
            if self._is_far_enough():
                return self._tell()
            self._reader.read()
        return self._give() or self._tell()

    def _begins(self) -> bool:
        """Whether reading may begin: what events point at must be known first."""
        if self._catalogue:
            self._begun = True
        elif self._runtime.catalogue_ready:
            self._begun = True
            self._sources.pace.enter(self._name, self._runtime.now())
        else:
            self._rest_longer()
        return self._begun

    def next_awake(self) -> datetime | None:
        """Sooner where rows come, later where none do, never long."""
        if not self._wait_s:
            return None
        wait_s = min(self._wait_s, self._epoch_s / 4)
        return datetime.now(UTC) + timedelta(seconds=wait_s)

    def snapshot(self) -> bytes:
        """Where reading stands."""
        self._runtime.epochs.ends(self._name)
        if self._rest is not None:
            self._rest.epoch_ends()
        self._sources.rows_in_epoch -= self._rows_in_epoch
        self._rows_in_epoch = 0
        self._durable = self._reader.offset
        state = PartState(
            self._durable,
            self._time_ms,
            self._reader.complete,
            self._events,
            dict(self._letters),
            self._reader.lost,
        )
        return seal_part(state)

    def close(self) -> None:
        """Leave the brokers."""
        self._reader.close()
        self._sources.watch.leave()

    def _is_far_enough(self) -> bool:
        """Whether other processes might not keep up with what this one reads in an epoch."""
        rows_max = self._runtime.settings.flow.epoch_rows_max
        return self._runtime.workers > 1 and self._sources.rows_in_epoch >= rows_max

    # Giving out.

    def _give(self) -> list[PartRound]:
        """As many rows as the slowest partition allows."""
        waiting = self._reader.waiting
        start, end = waiting.place, len(waiting.events)
        if start == end and not waiting.letters:
            self._rest_longer()
            return []
        now_ms = self._runtime.now()
        if start < end and not self._catalogue:
            limit_ms = self._sources.pace.limit_ms(self._name, now_ms)
            end = bisect_right(waiting.clocks, limit_ms, start, end)
            if start == end or not self._runtime.started:
                # Its rows wait for those of others, to whom it is as far as the first of them.
                self._time_ms = max(self._time_ms, waiting.clocks[start] - 1)
                self._sources.pace.tell(self._name, waiting.clocks[start], now_ms)
                self._wait_s = max(self._wait_s, self._kafka.idle_poll_ms_max / 1000)
                return []
        self._idle = 0
        part = slice(start, end)
        events, clocks = waiting.events[part], waiting.clocks[part]
        waiting.place = end
        whole = end == len(waiting.events)
        self._time_ms = self._clock.time_ms if whole else clocks[-1]
        following = waiting.next if whole else waiting.offsets[end]
        letters = [one for one in waiting.letters if (one.offset or 0) < following]
        waiting.letters = waiting.letters[len(letters) :]
        self._events += len(events)
        self._rows_in_epoch += len(events)
        self._sources.rows_in_epoch += len(events)
        self._letters.update(letter.reason for letter in letters)
        if self._is_silent:
            self._is_silent = False
            self._sources.watch.busy(self._name)
        if not self._catalogue:
            head_ms = self._time_ms if whole else waiting.clocks[end]
            reads = not (whole and self._reader.at_end)
            self._sources.pace.tell(self._name, head_ms if reads else None, now_ms)
        return [self._round(events, clocks, waiting.offsets[part], letters, now_ms)]

    def _rest_longer(self) -> None:
        """Nothing came: ask a little later, and the brokers whether there is more."""
        self._idle = min(self._idle + 1, 1 << 20)
        idle_s = min(self._idle // 4, self._kafka.idle_poll_ms_max) / 1000
        self._wait_s = max(self._wait_s, idle_s)
        if not self._reader.at_end:
            return
        watch = self._sources.watch
        if not self._is_silent:
            self._is_silent = True
            watch.silent(self._name)
            if not self._catalogue:
                self._sources.pace.tell(self._name, None, self._runtime.now())
        end, asked_ms = watch.ends.get(self._name, (-1, 0))
        if asked_ms > self._asked_ms and end <= max(self._reader.waiting.next, 0):
            self._asked_ms = asked_ms
            self._time_ms = self._clock.read_up_to(asked_ms)

    def _tell(self) -> list[PartRound]:
        """A round without rows: where it is time to tell, or something becomes known."""
        now_ms = self._runtime.now()
        is_read = self._catalogue and self._is_read() and not self._told_read
        timed = self._time_ms > 0 and not self._told_time
        if is_read or timed:
            self._tick = -1
        self._note()
        if self._turn(now_ms) != self._tick or self._sources.words.are_due(now_ms):
            return [self._round([], [], [], [], now_ms)]
        return []

    def _round(
        self,
        events: list[Event],
        clocks: list[int],
        offsets: list[int],
        letters: list[DeadLetter],
        now_ms: int,
    ) -> PartRound:
        split, _ = self._sources.splitter.split(0, 0, events, clocks, offsets, self._time_ms, False)
        tick = self._turn(now_ms)
        ticks, self._tick = tick != self._tick, tick
        # The catalogue's own time holds nobody up.
        time_ms = 0 if self._catalogue else self._time_ms
        complete = self._catalogue and self._is_read()
        made = PartRound(self._name, self._reader.offset - 1, time_ms, split, ticks, complete)
        made.is_first = time_ms > 0 and not self._told_time
        self._told_read, self._told_time = complete, self._time_ms > 0
        self._noted_ms = -1
        self._note()
        made.words = self._sources.words.take(now_ms)
        made.letters = letters
        if ticks:
            made.report = self._runtime.tell(f"collect {self._name}", self._counts())
        return made

    def _note(self) -> None:
        """How far it is, for the next shards that are told so."""
        if 0 < self._time_ms != self._noted_ms and not self._catalogue:
            self._noted_ms = self._time_ms
            self._sources.words.note(self._name, self._reader.offset - 1, self._time_ms)

    def _turn(self, now_ms: int) -> int:
        return self._runtime.turn(now_ms, self._kafka.tick_ms, self._index)

    def _is_read(self) -> bool:
        """Whether the end has been reached once, and all before it given out."""
        return self._reader.complete and not self._reader.has_rows

    def _counts(self) -> dict[str, Any]:
        return {
            "events": self._events,
            "dead_letters": self._letters.total(),
            "dead_letters_by_reason": dict(sorted(self._letters.items())),
            "lost_rows": self._reader.lost,
            "rows_behind": self._reader.behind,
            "rows_waiting": self._reader.rows_waiting,
            "newest_event_time_ms": self._clock.newest_ms,
        }


class KafkaSource(FixedPartitionedSource[PartRound, bytes]):
    """All partitions of the events' topics.

    Guarantee: with recovery, killed anywhere, each row counts once in the state; without, a
    restart reads every topic from its beginning.
    """

    def __init__(self, parts: Sequence[str], sources: Sources) -> None:
        self._parts = list(parts)
        self._sources = sources

    def list_parts(self) -> list[str]:
        """Those that were there when the run began; any process can read any."""
        return self._parts

    def build_part(self, step_id: str, for_part: str, resume_state: bytes | None) -> KafkaPartition:
        """The partition, from its beginning or where it stood."""
        return KafkaPartition(for_part, self._sources, resume_state)
