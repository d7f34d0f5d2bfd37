"""Live runs beside a test, in threads, and events of a moment ago."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from events import kinds
from flows.brokers import list_parts
from flows.kafka_client import client_settings
from flows.live import Live, run_process, shape
from flows.recovery import Recovery
from flows.settings import Settings
from flows.stop import Stop
from sinks.connect import connect
from sinks.reader import Reader
from tests.kafka.broker import WAIT_S, Broker
from tests.line import START_MS, Teller
from tests.waiting import until

_AGO_MS = 120_000
TRAFFIC_USERS = 9


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


def catalogue(tell: Recent) -> list[object]:
    return [
        tell.room("r1", "tea cups"),
        tell.room("r2", "cups pots"),
        tell(kinds.Host, 0, host_id="host-r1", name="Ada"),
    ]


def traffic(tell: Recent, begin_s: float, count: int) -> list[object]:
    """Clicks, likes and impression lists of a few users, ten seconds to a hundred events."""
    made: list[object] = []
    for number in range(count):
        at_s, user = begin_s + number / 10, f"u{number % TRAFFIC_USERS}"
        room_id = f"r{1 + number % 2}"
        made += tell.shown(at_s, user, f"q{tell.told}", "r1 r2")
        made.append(tell(kinds.Click, at_s + 0.02, user, room_id=room_id))
        if number % 3 == 0:
            made.append(tell(kinds.Like, at_s + 0.04, user, room_id=room_id))
    return made


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

    def weights(self, tell: Recent) -> dict[str, dict[str, Any]]:
        """Each user's tag weights two minutes after the beginning, in all windows."""
        users = [f"u{number}" for number in range(TRAFFIC_USERS)]
        views = self.reader.get_many(users, tell.begin_ms + 120_000)
        return {view.user_id: view.tags for view in views}

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
    metrics: str | None = None,
    pseudonym_key_file: str | None = None,
) -> Iterator[Running]:
    """A run over what topics there are now, under the broker's names, ended with the block."""
    settings = broker.naming(settings)
    client = client_settings(broker.address, None)
    parts = tuple(list_parts(client, settings.kafka, Stop()))
    folder = str(recovery) if recovery is not None else None
    live = Live(broker.address, None, parts, redis_url, folder, decisions, 1, settings)
    live = dataclasses.replace(live, metrics=metrics, pseudonym_key_file=pseudonym_key_file)
    if folder is None:
        made = Running(live, settings.redis.prefix)
        try:
            yield made
        finally:
            made.end()
        return
    with Recovery(folder) as held:
        held.open(shape(live))
        held.begin()
        made = Running(live, settings.redis.prefix)
        try:
            yield made
        finally:
            made.end()
