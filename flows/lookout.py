"""Looks out for topics and partitions that come while a run goes on, to take them in."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from confluent_kafka import KafkaException

from flows.brokers import event_parts
from flows.kafka_client import ClientSettings, consumer
from flows.kafka_settings import KafkaSettings
from flows.stop import Asked


class Lookout:
    """A stop that is also asked for by what has come; `found` says what that is.

    What the brokers do not answer is asked again.
    """

    def __init__(
        self, client: ClientSettings, settings: KafkaSettings, parts: Iterable[str], stop: Asked
    ) -> None:
        self._known = frozenset(parts)
        self._settings = settings
        self._stop = stop
        self._consumer = consumer(client, settings)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="lookout", daemon=True)
        self.found: list[str] = []

    @property
    def asked(self) -> bool:
        """Whether the run is to end, for good or to begin anew."""
        return self._stop.asked or bool(self.found)

    def __enter__(self) -> Lookout:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()
        self._consumer.close()

    def _look(self) -> None:
        while not self._ended.wait(self._settings.look_again_s):
            try:
                parts, _ = event_parts(self._consumer, self._settings)
            except KafkaException:
                continue
            self.found = [part for part in parts if part not in self._known]
            if self.found:
                return
