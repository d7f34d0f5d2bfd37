"""Lines to a Kafka topic: nothing is forgotten before the broker has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from sinks.retry import Stopped

_POLL_S: Final = 0.2


class TopicWriter:
    """Produces to one topic through a confluent `Producer`, or what has its four methods.

    Guarantee: at-least-once; `flush` returns once the brokers have acknowledged everything, however
    long that takes, or raises `Stopped` once `should_stop()` is true.
    """

    def __init__(
        self, producer: Any, topic: str, should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._should_stop = should_stop
        self._failed: list[tuple[bytes, bytes]] = []
        self.retries = 0
        self.away = ""

    def append(self, key: bytes, line: bytes) -> None:
        """Send one line; waits while the producer's own queue is full."""
        while True:
            try:
                self._producer.produce(
                    self._topic, key=key, value=line, on_delivery=self._delivered(key, line)
                )
                self._producer.poll(0)
                return
            except BufferError:
                self._check()
                self._producer.poll(_POLL_S)

    def flush(self) -> None:
        """Return once the brokers have everything."""
        while self._producer.flush(_POLL_S) or self._failed:
            self._check()
            failed, self._failed = self._failed, []
            for key, line in failed:
                self.retries += 1
                self.append(key, line)
        self.away = ""

    def _delivered(self, key: bytes, line: bytes) -> Callable[[Any, Any], None]:
        def report(error: Any, _message: Any) -> None:
            if error is not None:
                self.away = str(error)
                self._failed.append((key, line))

        return report

    def _check(self) -> None:
        if self._should_stop():
            raise Stopped(f"topic {self._topic}: stopped while the brokers were away")
