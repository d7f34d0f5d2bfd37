"""A broker made of the client's own stand-in, and live runs beside a test, in threads."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from events.kinds import FAMILY_OF, KIND_OF, person_of
from flows.brokers import client_settings, list_parts
from flows.live import Live, run_process, shape
from flows.recovery import Recovery
from flows.settings import Settings
from flows.stop import Stop
from sinks.connect import connect
from sinks.reader import Reader
from tests.line import START_MS, Teller

WAIT_S = 30.0
_AGO_MS = 120_000


class Recent(Teller):
    """Makes events at so many seconds after a moment two minutes ago."""

    def __init__(self) -> None:
        super().__init__()
        self.begin_ms = int(time.time() * 1000) // 60_000 * 60_000 - _AGO_MS

    def __call__(self, kind: type[Any], at_s: float, user: str | None = None, **fields: Any) -> Any:
        """One event."""
        event = super().__call__(kind, at_s, user, **fields)
        event.event_time_ms += self.begin_ms - START_MS
        return event


class Broker:
    """One broker in this process, which others may reach; topics come by being written to.

    Each has four partitions.
    """

    def __init__(self) -> None:
        self._producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "none"})
        found = self._producer.list_topics(timeout=10).brokers.values()
        self.address = ",".join(f"{broker.host}:{broker.port}" for broker in found)

    def send(self, events: Iterable[Any], record_ms: int | None = None) -> None:
        """Each event into its family's topic, recorded at its own time or at the one given."""
        for event in events:
            family = FAMILY_OF[KIND_OF[type(event)]]
            key = (person_of(event) or "catalogue").encode()
            at_ms = event.event_time_ms if record_ms is None else record_ms
            self.put(family, msgspec.json.encode(event), key, at_ms)
        self.flush()

    def put(self, topic: str, row: bytes, key: bytes, at_ms: int, part: int = -1) -> None:
        """One row, perhaps into a partition that is chosen."""
        while True:
            try:
                self._producer.produce(topic, row, key, partition=part, timestamp=at_ms)
                return
            except BufferError:
                self._producer.poll(0.1)

    def flush(self) -> None:
        """Return once all rows are there."""
        assert self._producer.flush(WAIT_S) == 0

    def rows(self, topic: str, count: int) -> list[tuple[bytes, bytes]]:
        """So many keys and values of a topic, in any order; fewer if they do not come."""
        consumer = Consumer(
            {"bootstrap.servers": self.address, "group.id": "t", "auto.offset.reset": "earliest"}
        )
        consumer.assign([TopicPartition(topic, part, 0) for part in range(4)])
        rows = [(m.key(), m.value()) for m in consumer.consume(count, 5) if m.error() is None]
        consumer.close()
        return rows

    def committed(self, group: str, topic: str) -> int:
        """The sum of the offsets that a group has committed of a topic."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": group})
        places = consumer.committed([TopicPartition(topic, part) for part in range(4)], timeout=5)
        consumer.close()
        return sum(max(0, one.offset) for one in places)


def until(what: Callable[[], Any]) -> Any:
    """Wait for something to become true, and give it."""
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


class Running:
    """A live run in a thread, and what it writes."""

    def __init__(self, live: Live, prefix: str) -> None:
        self.stop = Stop()
        self.error: BaseException | None = None
        self.client: Any = connect(live.redis_url, live.settings.redis)
        self.reader = Reader(self.client, prefix, lambda: int(time.time() * 1000))
        self._thread = threading.Thread(target=self._run, args=(live,), daemon=True)
        self._thread.start()

    def _run(self, live: Live) -> None:
        try:
            run_process(live, 0, None, self.stop)
        except BaseException as error:
            self.error = error

    def health(self) -> dict[str, Any]:
        """The health value; the run's own failure, if it has failed."""
        if self.error is not None:
            raise self.error
        return self.reader.health()

    def until(self, **counts: int) -> dict[str, Any]:
        """Wait until health shows these counts, at least."""

        def reached() -> dict[str, Any] | None:
            health = self.health()
            there = all(health.get(name, -1) >= count for name, count in counts.items())
            return health if there else None

        found: dict[str, Any] = until(reached)
        return found

    def value(self, key: str) -> dict[str, Any]:
        """A value of Redis."""
        body = self.client.get(key)
        return json.loads(body) if body else {}

    def end(self) -> None:
        """Ask the run to stop, and wait for it."""
        self.stop.asked = True
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        self.client.close()
        if self.error is not None:
            raise self.error


def settings_for(prefix: str = "ll:", epoch_s: float = 0.5, **kafka: Any) -> Settings:
    """Settings of a quick run: few shards, short epochs."""
    usual = Settings()
    return dataclasses.replace(
        usual,
        flow=dataclasses.replace(usual.flow, shards=4, epoch_s=epoch_s),
        kafka=dataclasses.replace(usual.kafka, tick_ms=100, ask_s=0.1, **kafka),
        redis=dataclasses.replace(usual.redis, prefix=prefix),
    )


@contextmanager
def running(
    broker: Broker,
    redis_url: str,
    settings: Settings,
    recovery: Path | None = None,
    decisions: str | None = None,
) -> Iterator[Running]:
    """A run over what topics there are now, ended with the block."""
    client = client_settings(broker.address, None)
    parts = tuple(list_parts(client, settings.kafka, Stop()))
    folder = str(recovery) if recovery is not None else None
    live = Live(broker.address, None, parts, redis_url, folder, decisions, 1, settings)
    if folder is None:
        made = Running(live, settings.redis.prefix)
        try:
            yield made
        finally:
            made.end()
        return
    with Recovery(folder) as held:
        held.open(shape(live))
        made = Running(live, settings.redis.prefix)
        try:
            yield made
        finally:
            made.end()
