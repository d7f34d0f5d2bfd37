"""Sends traffic to a broker at its own pace, beside whatever happens to those who read it."""

from __future__ import annotations

import threading
import time

import msgspec

from events.kinds import person_of
from tests.crash.traffic import Sent, Traffic
from tests.kafka.broker import Broker

_LOOK_S = 0.02


class Feed:
    """A thread that sends each event when it is due, until it is told to close."""

    def __init__(self, broker: Broker, traffic: Traffic, begin_ms: int) -> None:
        self._broker = broker
        self._traffic = traffic
        self._begin_ms = begin_ms
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = 0
        self.closes_ms = 0

    def start(self) -> None:
        """Send the catalogue at once, and go on with the events."""
        for event in self._traffic.catalogue():
            self._send(Sent(0.0, "catalog", event))
        self._broker.flush()
        self._begin_s = time.monotonic()
        self._thread.start()

    def _send(self, sent: Sent) -> None:
        event = sent.event
        key = (person_of(event) or "").encode()
        self._broker.put(
            sent.topic, msgspec.json.encode(event), key, event.event_time_ms, sent.part
        )
        self.sent += 1

    def _run(self) -> None:
        for sent in self._traffic.events():
            while time.monotonic() - self._begin_s < sent.at_s:
                time.sleep(_LOOK_S)
            if self._ended.is_set():
                break
            self._send(sent)
        for last in self._traffic.closing(sent.at_s):
            self._send(last)
            self.closes_ms = last.event.event_time_ms
        self._broker.flush()

    def close(self) -> None:
        """Send what closes the evening, and return once the broker has everything."""
        self._ended.set()
        self._thread.join()
