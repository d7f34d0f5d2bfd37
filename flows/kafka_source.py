"""Topics as the engine's source: one partition each, in chunks, paced by event time."""

from __future__ import annotations

import logging
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message

from events.decode import Decoder
from events.envelope import seal, unseal
from events.kinds import FAMILIES, KINDS, Event
from events.letters import DeadLetter
from features.collect import Splitter
from flows.brokers import ClientSettings, Watch, consumer, place
from flows.failures import BadInput
from flows.live_clock import Pace, PartClock
from flows.live_messages import PartRound
from flows.live_runtime import LiveRuntime
from flows.messages import Report
from flows.stop import Stop

_KIND = b"LLKP"
_VERSION = 1
_LOG = logging.getLogger("liveloom")
_STILL = frozenset(KINDS[kind] for kind in FAMILIES["catalog"])
_SAME_ERROR_S = 30.0
_NO_TIME = 0
_WAITED_S_MIN = 0.002
_END = KafkaError._PARTITION_EOF
_OUT_OF_RANGE = KafkaError._AUTO_OFFSET_RESET


class _State(msgspec.Struct, array_like=True):
    """Where reading stands: the first row that was not given out, and the time as of it."""

    offset: int
    time_ms: int
    complete: bool
    events: int
    letters: dict[str, int]
    lost_rows: int


_STATE = msgspec.msgpack.Decoder(_State)


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
        self.decoder = Decoder(settings.decode)
        self.splitter = Splitter(settings.flow.shards, settings.strengths)
        self.parts = 0


class _Waiting:
    """Decoded rows that have not been given out, in order, and where they stand."""

    __slots__ = ("clocks", "events", "letters", "next", "offsets", "place")

    def __init__(self, following: int) -> None:
        self.events: list[Event] = []
        self.clocks: list[int] = []
        self.offsets: list[int] = []
        self.letters: list[DeadLetter] = []
        self.place = 0
        self.next = following
        """The offset behind all that was read."""


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
        self._epoch_s = runtime.settings.flow.epoch_s
        self._clock = PartClock(round(self._kafka.silent_s * 1000))
        self._events = self._lost = 0
        self._letters: Counter[str] = Counter()
        self._complete = False
        self._waiting = _Waiting(-1)
        if state is not None:
            saved = _STATE.decode(unseal(_KIND, _VERSION, state, f"the source {name}"))
            self._clock = PartClock(round(self._kafka.silent_s * 1000), saved.time_ms)
            self._events, self._lost = saved.events, saved.lost_rows
            self._letters.update(saved.letters)
            self._complete = saved.complete
            self._waiting = _Waiting(saved.offset)
        self._time_ms = self._clock.time_ms
        self._at_end = False
        self._tick = -1
        self._rows_in_epoch = 0
        self._durable = -1
        self._idle = 0
        self._rest = _Rest(self._epoch_s) if runtime.workers > 1 else None
        self._wait_s = 0.0
        self._error_s: dict[int, float] = {}
        self._consumer: Consumer = consumer(sources.client, self._kafka)
        first = OFFSET_BEGINNING if self._waiting.next < 0 else self._waiting.next
        self._consumer.assign([place(name, first)])
        sources.parts += 1
        sources.watch.enter()
        self._begun = self._told = False
        if not self._catalogue:
            sources.pace.enter(name, runtime.now())

    # What the engine asks.

    def next_batch(self) -> list[PartRound]:
        """The next round, if there is any; an empty one each tick."""
        if self._sources.stop.asked:
            raise StopIteration
        if self._durable >= 0:
            self._sources.watch.durable(self._name, self._durable)
            self._durable = -1
        self._wait_s = self._rest.before_epoch_ends() if self._rest is not None else 0.0
        if not self._begun and not self._begins():
            return []
        waiting = self._waiting
        if waiting.place == len(waiting.events) and not waiting.letters:
            if self._rows_in_epoch >= self._rows_max():
                return self._tell()
            self._read()
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
        if self._rest is not None:
            self._rest.epoch_ends()
        self._rows_in_epoch = 0
        self._durable = self._offset()
        state = _State(
            self._durable,
            self._time_ms,
            self._complete,
            self._events,
            dict(self._letters),
            self._lost,
        )
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    def close(self) -> None:
        """Leave the brokers."""
        self._consumer.close()
        self._sources.watch.leave()

    def _rows_max(self) -> int:
        rows_max = self._runtime.settings.flow.epoch_rows_max // self._sources.parts
        return max(self._kafka.chunk_rows, rows_max)

    def _offset(self) -> int:
        """The offset of the first row that was not given out; -1 before anything was read."""
        waiting = self._waiting
        following = waiting.next
        if waiting.place < len(waiting.offsets):
            following = waiting.offsets[waiting.place]
        if waiting.letters:
            following = min(following, waiting.letters[0].offset or 0)
        return following

    # Reading.

    def _read(self) -> None:
        """Read and decode what the brokers have sent."""
        try:
            messages = self._consumer.consume(self._kafka.chunk_rows, 0)
        except KafkaException as problem:
            self._say(problem.args[0])
            return
        if not messages:
            return
        rows: list[Message] = []
        end, lost = -1, False
        for message in messages:
            error = message.error()
            if error is None:
                rows.append(message)
                self._at_end = False
            elif error.code() == _END:
                end = message.offset() or 0
                self._at_end = self._complete = True
            elif error.code() == _OUT_OF_RANGE:
                lost = True
            else:
                self._say(error)
        if rows:
            self._decode(rows)
        # Behind the last row there may be marks of transactions, which are never handed over.
        self._waiting.next = max(self._waiting.next, end)
        if lost:
            self._find_again()

    def _decode(self, messages: Sequence[Message]) -> None:
        now_ms = self._runtime.now()
        decoder, clock, waiting = self._sources.decoder, self._clock, _Waiting(0)
        topic, _, number = self._name.rpartition("/")
        future_ms = self._runtime.settings.decode.future_ms_max
        outcomes = decoder.decode_all([message.value() or b"" for message in messages])
        events, clocks, offsets = waiting.events, waiting.clocks, waiting.offsets
        for message, outcome in zip(messages, outcomes, strict=True):
            known, record_ms = message.timestamp()
            if known == _NO_TIME:
                record_ms = now_ms
            row = outcome
            if row is None:
                clock.read_up_to(min(record_ms, now_ms))
                continue
            if not isinstance(row, DeadLetter) and row.event_time_ms - record_ms > future_ms:
                row = decoder.future(row, record_ms) or row
            offset: int = message.offset()  # type: ignore[assignment]
            if isinstance(row, DeadLetter):
                clock.read_up_to(min(record_ms, now_ms))
                waiting.letters.append(row.at_offset(topic, int(number), offset))
                continue
            if type(row) in _STILL:
                time_ms = clock.read_up_to(min(record_ms, now_ms))
            else:
                time_ms = clock.row(row.event_time_ms, record_ms, now_ms)
            events.append(row)
            clocks.append(time_ms)
            offsets.append(offset)
        waiting.next = messages[-1].offset() + 1  # type: ignore[operator]
        self._waiting = waiting

    def _find_again(self) -> None:
        """The offset that was asked for is not there: go on where the partition begins."""
        wanted = self._waiting.next
        try:
            ends = self._consumer.get_watermark_offsets(
                place(self._name), timeout=self._kafka.broker_s_max
            )
        except KafkaException as problem:
            self._say(problem.args[0])
            ends = None
        first = OFFSET_BEGINNING if wanted < 0 else wanted
        if ends is not None and wanted >= 0:
            low, high = ends
            if wanted > high:
                raise BadInput(
                    f"{self._name} ends at offset {high:,}, but {wanted:,} were read of it before: "
                    "it was made anew, or lost rows; start with an empty recovery folder"
                )
            if wanted < low:
                self._lost += low - wanted
                self._waiting.next = first = low
                _LOG.error(
                    "%s: %d rows from offset %d on were deleted before they could be read: "
                    "its retention is too short",
                    *(self._name, low - wanted, wanted),
                )
        self._consumer.assign([place(self._name, first)])

    def _say(self, error: Any) -> None:
        """Log an error, the same one rarely; the client tries again by itself."""
        now_s = time.monotonic()
        if now_s - self._error_s.get(error.code(), -_SAME_ERROR_S) >= _SAME_ERROR_S:
            self._error_s[error.code()] = now_s
            _LOG.warning("%s: %s", self._name, error.str())

    # Giving out.

    def _give(self) -> list[PartRound]:
        """As many rows as the slowest partition allows."""
        waiting = self._waiting
        start, end = waiting.place, len(waiting.events)
        if start == end and not waiting.letters:
            self._rest_longer()
            return []
        now_ms = self._runtime.now()
        if start < end and not self._catalogue:
            limit_ms = self._sources.pace.limit_ms(self._name, now_ms)
            end = bisect_right(waiting.clocks, limit_ms, start, end)
            if start == end:
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
        self._letters.update(letter.reason for letter in letters)
        self._sources.watch.busy(self._name)
        if not self._catalogue:
            head_ms = self._time_ms if whole else waiting.clocks[end]
            reads = not (whole and self._at_end)
            self._sources.pace.tell(self._name, head_ms if reads else None, now_ms)
        return [self._round(events, clocks, waiting.offsets[part], letters, now_ms)]

    def _rest_longer(self) -> None:
        """Nothing came: ask a little later, and have the brokers asked where the end is."""
        self._idle = min(self._idle + 1, 1 << 20)
        idle_s = min(self._idle // 4, self._kafka.idle_poll_ms_max) / 1000
        self._wait_s = max(self._wait_s, idle_s)

    def _tell(self) -> list[PartRound]:
        """A round without rows, once a tick."""
        now_ms = self._runtime.now()
        tick = now_ms // self._kafka.tick_ms
        news = self._catalogue and self._is_read() and not self._told
        if tick == self._tick and not news:
            return []
        waiting = self._waiting
        if waiting.place == len(waiting.events) and self._at_end:
            self._sources.watch.silent(self._name)
            end, asked_ms = self._sources.watch.ends.get(self._name, (-1, 0))
            if 0 <= end <= max(waiting.next, 0):
                self._time_ms = self._clock.read_up_to(asked_ms)
            self._sources.pace.tell(self._name, None, now_ms)
        return [self._round([], [], [], [], now_ms)]

    def _round(
        self,
        events: list[Event],
        clocks: list[int],
        offsets: list[int],
        letters: list[DeadLetter],
        now_ms: int,
    ) -> PartRound:
        split, _ = self._sources.splitter.split(0, 0, events, clocks, offsets, self._time_ms, False)
        tick = now_ms // self._kafka.tick_ms
        ticks, self._tick = tick != self._tick, tick
        # The catalogue's own time holds nobody up.
        time_ms = 0 if self._catalogue else self._time_ms
        complete = self._catalogue and self._is_read()
        self._told = self._is_read()
        made = PartRound(self._name, self._offset() - 1, time_ms, split, ticks, complete)
        made.letters = letters
        if ticks:
            made.report = Report(f"collect {self._name}", self._counts())
        return made

    def _is_read(self) -> bool:
        """Whether the end has been reached once, and all before it given out."""
        return self._complete and self._waiting.place == len(self._waiting.events)

    def _counts(self) -> dict[str, Any]:
        try:
            _, high = self._consumer.get_watermark_offsets(place(self._name), cached=True)
        except (KafkaException, TypeError):
            high = -1
        return {
            "events": self._events,
            "dead_letters": self._letters.total(),
            "dead_letters_by_reason": dict(sorted(self._letters.items())),
            "lost_rows": self._lost,
            "rows_behind": max(0, high - max(self._offset(), 0)),
            "newest_event_time_ms": self._clock.newest_ms,
        }


class _Rest:
    """Lets a fast process wait before an epoch ends, not after it.

    Who ends an epoch early waits for the slowest, and that wait would count as part of the next
    epoch: with each one less would be left of it to read in.
    """

    def __init__(self, epoch_s: float) -> None:
        self._epoch_s = epoch_s
        self._ended_s: float | None = None
        self._began_s = time.perf_counter()
        self._waited_s = 0.0
        self._done = True

    def epoch_ends(self) -> None:
        """The partition's snapshot is taken."""
        self._ended_s = time.perf_counter()

    def before_epoch_ends(self) -> float:
        """How long to wait now, in seconds: mostly not at all."""
        now_s = time.perf_counter()
        if self._ended_s is not None:
            self._waited_s, self._began_s = now_s - self._ended_s, self._ended_s
            self._ended_s, self._done = None, False
        if self._done or self._waited_s <= _WAITED_S_MIN:
            return 0.0
        if now_s - self._began_s < self._epoch_s - 0.003:
            return 0.0
        self._done = True
        return 0.003 + 0.9 * self._waited_s


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
