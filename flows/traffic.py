"""A simulated world that lives by the wall clock, its lines sent to Kafka as they arrive."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
from confluent_kafka import KafkaException, Producer

from events.kinds import FAMILIES, FAMILY_OF
from flows.failures import BadInput
from flows.kafka_client import ClientSettings
from flows.stop import Stop
from simulator.settings import SimulatorSettings
from simulator.world import World

_STEP_S = 0.05
_FLUSH_S = 0.5
# What has no kind that could be read has to go somewhere.
_UNREAD = "clicks"
_NAMED_BY = {"host": "host_id", "room": "room_id", "product": "product_id", "on_air": "room_id"}
assert set(_NAMED_BY) == set(FAMILIES["catalog"])

Told = Callable[[int], None]
"""Is told the lines so far."""


def place_of(line: bytes) -> tuple[str, bytes | None]:
    """The family and the key of a line: `kind:id` in the catalogue, else its person; None where
    the line has none, as one that came to harm.
    """
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError:
        return _UNREAD, None
    if not isinstance(event, dict):
        return _UNREAD, None
    kind = event.get("kind")
    family = FAMILY_OF.get(kind, _UNREAD) if isinstance(kind, str) else _UNREAD
    if family == "catalog":
        return family, f"{kind}:{event.get(_NAMED_BY[str(kind)])}".encode()
    for name in ("user_id", "device_id", "nickname"):
        if isinstance(event.get(name), str):
            return family, event[name].encode("utf-8", "replace")
    return family, None


class Traffic:
    """Sends what a world says, as it happens: so many events a second of the wall clock."""

    def __init__(
        self,
        client: ClientSettings,
        prefix: str,
        world: SimulatorSettings,
        seed: int,
        rate: float,
        now: Callable[[], int],
    ) -> None:
        """`prefix` opens the topics' names; `now` is the wall clock, UTC epoch ms."""
        try:
            self._producer: Any = Producer({"linger.ms": 20, **client})
        except KafkaException as problem:
            raise BadInput(f"Kafka client: {problem.args[0].str()}") from None
        self._prefix = prefix
        self._now = now
        here = replace(world, start_ms=now(), events_per_second=rate, daily_rhythm=False)
        self._world = World(here, seed)
        self.sent = 0

    def run(self, stop: Stop, told: Told, events: int | None = None) -> None:
        """Until a stop is asked for, or so many lines were sent; returns once all are there."""
        while not stop.asked and (events is None or self.sent < events):
            self.step(None if events is None else events - self.sent)
            told(self.sent)
            time.sleep(_STEP_S)
        while self._producer.flush(_FLUSH_S) and not stop.asked:
            pass

    def step(self, most: int | None = None) -> None:
        """Live up to now, and send what arrives by then, at most so many lines."""
        self._world.advance_to(self._now())
        wire = self._world.stage.wire
        for line in wire.drain(len(wire) if most is None else min(most, len(wire))):
            self._send(line)
            self.sent += 1

    def _send(self, line: bytes) -> None:
        family, key = place_of(line)
        while True:
            try:
                self._producer.produce(f"{self._prefix}{family}", line, key)
                self._producer.poll(0)
                return
            except BufferError:
                # The brokers are away, or slower than the world: it stands still meanwhile.
                self._producer.poll(_FLUSH_S)
