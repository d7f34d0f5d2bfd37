"""One partition as its brokers give it out: rows in order, its end, and what was lost of it."""

from __future__ import annotations

import logging
import time
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message

from flows.brokers import place
from flows.failures import BadInput
from flows.kafka_client import ClientSettings, consumer
from flows.kafka_rows import RowReader, Waiting
from flows.kafka_settings import KafkaSettings
from flows.live_clock import PartClock
from flows.logs import said

_LOG = logging.getLogger("liveloom")
_SAME_ERROR_S = 30.0
_END = KafkaError._PARTITION_EOF
_OUT_OF_RANGE = KafkaError._AUTO_OFFSET_RESET


class PartReader:
    """Reads from an offset on, or where that is -1 from the beginning; never waits for brokers.

    `waiting`: the rows that were read and not given out. `at_end`: nothing more is there just
    now; `complete`: that was so once. `lost`: rows that were deleted before they could be read.
    """

    def __init__(
        self,
        name: str,
        client: ClientSettings,
        settings: KafkaSettings,
        rows: RowReader,
        clock: PartClock,
        offset: int,
    ) -> None:
        self._name = name
        self._settings = settings
        self._rows = rows
        self._clock = clock
        self.waiting = Waiting(offset)
        self.at_end = self.complete = False
        self.lost = 0
        self._error_s: dict[int, float] = {}
        self._consumer: Consumer = consumer(client, settings)
        self._consumer.assign([place(name, OFFSET_BEGINNING if offset < 0 else offset)])

    @property
    def offset(self) -> int:
        """The offset of the first row that was not given out; -1 before anything was read."""
        waiting = self.waiting
        following = waiting.next
        if waiting.place < len(waiting.offsets):
            following = waiting.offsets[waiting.place]
        if waiting.letters:
            following = min(following, waiting.letters[0].offset or 0)
        return following

    @property
    def has_rows(self) -> bool:
        """Whether rows that were read have not been given out."""
        return self.waiting.place < len(self.waiting.events)

    @property
    def rows_waiting(self) -> int:
        """How many rows were read and not given out."""
        return len(self.waiting.events) - self.waiting.place

    @property
    def is_empty(self) -> bool:
        """Whether all that was read has been given out, dead letters too."""
        return not self.has_rows and not self.waiting.letters

    @property
    def behind(self) -> int:
        """How many rows there are that were not given out, by what the brokers said last."""
        try:
            _, high = self._consumer.get_watermark_offsets(place(self._name), cached=True)
        except (KafkaException, TypeError):
            return 0
        return max(0, high - max(self.offset, 0))

    def read(self) -> None:
        """Read and decode what the brokers have sent."""
        try:
            messages = self._consumer.consume(self._settings.chunk_rows, 0)
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
                self.at_end = False
            elif error.code() == _END:
                end = message.offset() or 0
                self.at_end = self.complete = True
            elif error.code() == _OUT_OF_RANGE:
                lost = True
            else:
                self._say(error)
        if rows:
            self.waiting = self._rows.read(self._name, rows, self._clock)
        # Behind the last row there may be marks of transactions, which are never handed over.
        self.waiting.next = max(self.waiting.next, end)
        if lost:
            self._find_again()

    def _find_again(self) -> None:
        """The offset that was asked for is not there: go on where the partition begins."""
        wanted = self.waiting.next
        try:
            ends = self._consumer.get_watermark_offsets(
                place(self._name), timeout=self._settings.broker_s_max
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
                self.lost += low - wanted
                self.waiting.next = first = low
                _LOG.error(
                    "%s: %d rows from offset %d on were deleted before they could be read: "
                    "its retention is too short",
                    *(self._name, low - wanted, wanted),
                    extra=said({"partition": self._name, "lost_rows": low - wanted}),
                )
        self._consumer.assign([place(self._name, first)])

    def _say(self, error: Any) -> None:
        """Log an error, the same one rarely; the client tries again by itself."""
        now_s = time.monotonic()
        if now_s - self._error_s.get(error.code(), -_SAME_ERROR_S) >= _SAME_ERROR_S:
            self._error_s[error.code()] = now_s
            _LOG.warning("%s: %s", self._name, error.str())

    def close(self) -> None:
        """Leave the brokers."""
        self._consumer.close()
