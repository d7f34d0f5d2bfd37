"""What tests write to Kafka and read from it, on a real broker or on the client's own stand-in."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from confluent_kafka import ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from events.kinds import FAMILIES, FAMILY_OF, KIND_OF, person_of
from flows.settings import Settings
from tests.kafka.consume import consume

WAIT_S = 90.0
PARTS = 4
_FOR_EVER = {"retention.ms": "-1"}


class Broker:
    """A broker under whose names one test works: `prefix` opens those of its topics and group.

    Without an address it is a stand-in within this process, which others may reach. Topics come by
    being written to, each with four partitions.
    """

    def __init__(self, address: str | None = None, prefix: str = "") -> None:
        own = {"test.mock.num.brokers": 1, "bootstrap.servers": "none"}
        known = {"bootstrap.servers": address or "", "log_level": 2}
        self.is_real = address is not None
        self.prefix = prefix
        self._producer = Producer(known if self.is_real else own)
        self._made: set[str] = set()
        if address is None:
            found = self._producer.list_topics(timeout=10).brokers.values()
            address = ",".join(f"{broker.host}:{broker.port}" for broker in found)
        self.address = address

    def another(self) -> Broker:
        """The same broker, under other names."""
        return Broker(self.address, f"{self.prefix}other.") if self.is_real else Broker()

    # Names.

    @property
    def group(self) -> str:
        """The consumer group of a run."""
        return f"{self.prefix}liveloom"

    @property
    def letters(self) -> str:
        """The topic of dead letters, without the prefix."""
        return "ll.dead_letters"

    def naming(self, settings: Settings) -> Settings:
        """The settings, with this test's names."""
        kafka = dataclasses.replace(settings.kafka, **self.names())
        return dataclasses.replace(settings, kafka=kafka)

    def names(self) -> dict[str, str]:
        """The settings that hold this test's names."""
        return {
            "topic_prefix": self.prefix,
            "group": self.group,
            "dead_letters_topic": f"{self.prefix}{self.letters}",
        }

    # Topics.

    @functools.cached_property
    def admin(self) -> AdminClient:
        """For what only a real broker can do."""
        return AdminClient({"bootstrap.servers": self.address, "log_level": 2})

    def make(
        self, *topics: str, parts: int = PARTS, settings: Mapping[str, str] = _FOR_EVER
    ) -> None:
        """Make topics, which only a real broker needs."""
        names = [f"{self.prefix}{topic}" for topic in topics]
        self._made.update(names)
        if self.is_real:
            new = [NewTopic(name, parts, config=dict(settings)) for name in names]
            for made in self.admin.create_topics(new).values():
                made.result(WAIT_S)

    def make_families(self) -> None:
        """All topics of events, so that a run reads each from its start."""
        self.make(*(family for family in FAMILIES if f"{self.prefix}{family}" not in self._made))

    # Writing.

    def send(self, events: Iterable[Any], record_ms: int | None = None) -> None:
        """Each event into its family's topic, recorded at its own time or at the one given."""
        for event in events:
            family = FAMILY_OF[KIND_OF[type(event)]]
            key = (person_of(event) or "catalogue").encode()
            at_ms = event.event_time_ms if record_ms is None else record_ms
            self.put(family, msgspec.json.encode(event), key, at_ms)
        self.flush()

    def put(
        self, topic: str, row: bytes | None, key: bytes | None, at_ms: int, part: int = -1
    ) -> None:
        """One row, perhaps into a partition that is chosen."""
        if f"{self.prefix}{topic}" not in self._made:
            self.make(topic)
        while True:
            try:
                self._producer.produce(
                    f"{self.prefix}{topic}", row, key, partition=part, timestamp=at_ms
                )
                return
            except BufferError:
                self._producer.poll(0.1)

    def flush(self) -> None:
        """Return once all rows are there."""
        assert self._producer.flush(WAIT_S) == 0

    # Reading.

    def rows(self, topic: str, count: int, wait_s: float = WAIT_S) -> list[tuple[bytes, bytes]]:
        """So many keys and values of a topic, in any order; fewer if they do not come."""
        return consume(self.address, f"{self.prefix}{topic}", count, wait_s)

    def committed(self, topic: str) -> int:
        """The sum of the offsets that the run's group has committed of a topic."""
        places = [TopicPartition(f"{self.prefix}{topic}", part) for part in range(PARTS)]
        wanted = [ConsumerGroupTopicPartitions(self.group, places)]
        found = self.admin.list_consumer_group_offsets(wanted)[self.group].result(WAIT_S)
        return sum(max(0, one.offset) for one in found.topic_partitions)
