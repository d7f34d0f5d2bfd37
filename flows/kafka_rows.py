"""Kafka's messages as decoded rows, each with its partition's time as of it."""

from __future__ import annotations

from collections.abc import Sequence

from confluent_kafka import Message

from events.decode import Decoder, DecodeSettings
from events.kinds import FAMILIES, KINDS, Event
from events.letters import DeadLetter
from flows.live_clock import PartClock
from flows.live_runtime import CATALOGUE, WallClock

_STILL = frozenset(KINDS[kind] for kind in FAMILIES[CATALOGUE])
_NO_TIME = 0


class Waiting:
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


class RowReader:
    """Decodes the messages of any partition; holds no state between them."""

    def __init__(self, settings: DecodeSettings, now: WallClock) -> None:
        self._decoder = Decoder(settings)
        self._future_ms_max = settings.future_ms_max
        self._now = now

    def read(self, part: str, messages: Sequence[Message], clock: PartClock) -> Waiting:
        """The rows of a partition's next messages, in order; moves the partition's clock."""
        now_ms = self._now()
        decoder, waiting = self._decoder, Waiting(0)
        topic, _, number = part.rpartition("/")
        future_ms = self._future_ms_max
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
        return waiting
