"""What is asked of Kafka's brokers beside rows: topics, where partitions end, offsets to keep."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaException, TopicPartition

from events.kinds import FAMILIES
from flows.failures import BadInput
from flows.kafka_client import ClientSettings, Complaints, consumer, without_values
from flows.kafka_settings import KafkaSettings
from flows.live_runtime import WallClock
from flows.stop import Asked

_LOG = logging.getLogger("liveloom")
_WAIT_S = 0.1
_LOOK_AGAIN_S = 2.0


def event_topics(settings: KafkaSettings) -> list[str]:
    """The topics of all families, in the families' order."""
    return [f"{settings.topic_prefix}{family}" for family in FAMILIES]


def event_parts(asker: Consumer, settings: KafkaSettings) -> tuple[list[str], list[str]]:
    """All partitions of the events' topics, as `TOPIC/NUMBER`, and the topics that are not there.

    `KafkaException` where no broker answers.
    """
    wanted = event_topics(settings)
    topics = asker.list_topics(timeout=settings.broker_s_max).topics
    missing = [topic for topic in wanted if topic not in topics or topics[topic].error]
    parts = [
        f"{topic}/{number}"
        for topic in wanted
        if topic not in missing
        for number in sorted(topics[topic].partitions)
    ]
    return parts, missing


def list_parts(
    client: ClientSettings,
    settings: KafkaSettings,
    stop: Asked,
    later: str = "the next start reads them",
) -> list[str]:
    """All partitions of the topics that there are; waits for the first topic.

    `BadInput` where no broker answers; `later` says what becomes of topics that are missing. Empty
    only when a stop is asked for.
    """
    said = False
    complaints = Complaints()
    asker = consumer(client, settings, complaints)
    try:
        while not stop.asked:
            try:
                parts, missing = event_parts(asker, settings)
            except KafkaException as problem:
                asker.poll(0)
                why = complaints.telling() or problem.args[0].str()
                where = client["bootstrap.servers"]
                raise BadInput(f"Kafka at {where}: {without_values(why, client)}") from None
            if missing and (parts or not said):
                then = later if parts else "waiting for the first of them"
                _LOG.warning("no such topics yet: %s; %s", ", ".join(missing), then)
                said = True
            if parts:
                return parts
            _sleep(_LOOK_AGAIN_S, lambda: stop.asked)
    finally:
        asker.close()
    return []


class Watch:
    """Asks, beside the flow, where silent partitions end; commits the offsets that are durable.

    One a process. What the brokers do not answer is asked again; nothing here can stop the flow.
    """

    def __init__(self, client: ClientSettings, settings: KafkaSettings, now: WallClock) -> None:
        self._settings = settings
        self._now = now
        self._consumer = consumer(client, settings)
        self._silent: dict[str, None] = {}
        self._durable: dict[str, int] = {}
        self._users = 0
        self._ending = False
        self._news = threading.Event()
        self._thread: threading.Thread | None = None
        self.ends: dict[str, tuple[int, int]] = {}
        """For a silent partition the offset behind its last row, and when it was asked for, ms."""
        self.failures = 0

    def enter(self) -> None:
        """A partition begins to use it."""
        self._users += 1
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="brokers", daemon=True)
            self._thread.start()

    def leave(self) -> None:
        """A partition has ended; the last one ends the thread."""
        self._users -= 1
        if self._users == 0 and self._thread is not None:
            self._ending = True
            self._news.set()
            self._thread.join()
            self._consumer.close()

    def silent(self, part: str) -> None:
        """Nothing comes of a partition: find out whether there is more."""
        self._silent[part] = None
        if part not in self.ends:
            self._news.set()

    def busy(self, part: str) -> None:
        """Rows come of it."""
        self._silent.pop(part, None)

    def durable(self, part: str, offset: int) -> None:
        """All before an offset is in the state that a restart begins with."""
        self._durable[part] = offset

    def _run(self) -> None:
        while not self._ending:
            for part in list(self._silent):
                if self._ending:
                    break
                self._ask(part)
            self._commit()
            self._news.wait(self._settings.ask_s)
            self._news.clear()
        self._commit()

    def _ask(self, part: str) -> None:
        asked_ms = self._now()
        try:
            end = self._consumer.get_watermark_offsets(place(part), timeout=1.0)
        except KafkaException:
            self.failures += 1
            return
        if end is not None:
            self.ends[part] = (end[1], asked_ms)

    def _commit(self) -> None:
        durable, self._durable = self._durable, {}
        if not durable:
            return
        try:
            places = [place(part, offset) for part, offset in durable.items()]
            self._consumer.commit(offsets=places, asynchronous=False)
        except KafkaException:
            self.failures += 1
            for part, offset in durable.items():
                self._durable.setdefault(part, offset)


def place(part: str, offset: int | None = None) -> TopicPartition:
    """A partition by its name, at an offset."""
    topic, _, number = part.rpartition("/")
    if offset is None:
        return TopicPartition(topic, int(number))
    return TopicPartition(topic, int(number), offset)


def _sleep(seconds: float, until: Callable[[], bool]) -> None:
    """Wait, in slices."""
    end_s = time.monotonic() + seconds
    while not until() and (left_s := end_s - time.monotonic()) > 0:
        time.sleep(min(left_s, _WAIT_S))
