"""How long the end of an epoch holds the flow up, by how many users are in its state.

The flow runs as `liveloom run --recovery` starts it, with some of the users acting, and says
itself for how long it read nothing.
"""

from __future__ import annotations

import threading
import time
import urllib.request
from pathlib import Path

import redis

from bench.live_run import broker, live_run, send
from bench.measure import Spread, spread
from bench.redis_server import free_port
from bench.report import Row

SECTION = "Epoch stall"
_COMMAND = "python -m bench --only stall"
_POLL_S = 0.5
_EPOCHS, _STALL = "liveloom_epochs_total", "liveloom_epoch_stall_seconds"


class Scraper:
    """Asks a live process for its figures, again and again; `stalls_ms` has one of each epoch."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}/metrics"
        self._ended = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.stalls_ms: list[float] = []
        self._thread.start()

    def _run(self) -> None:
        while not self._ending.wait(_POLL_S):
            found = self._ask()
            ended = found.get(_EPOCHS, 0.0)
            if self._ended and ended > self._ended:
                self.stalls_ms.append(1000 * found[_STALL])
            self._ended = ended

    def _ask(self) -> dict[str, float]:
        with urllib.request.urlopen(self._address, timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        words = [line.split() for line in lines if line.startswith((_EPOCHS, _STALL))]
        return {name: float(value) for name, value in words}

    def end(self) -> list[float]:
        """What was found."""
        self._ending.set()
        self._thread.join()
        return self.stalls_ms


def stall_rows(
    url: str, folder: Path, sizes: list[int], active: int, rate: int, seconds: int
) -> list[Row]:
    """The longest time without a read in each epoch, for each number of users."""
    rows = []
    for users in sizes:
        redis.Redis.from_url(url).flushall()
        own = folder / f"users-{users}"
        own.mkdir()
        port = free_port()
        with broker() as brokers:
            filled = send(brokers, users, 0, 1)["sent"]
            with live_run(brokers, url, own, "--metrics", str(port)) as flow:
                flow.until(filled)
                # The fill's own epochs end first.
                time.sleep(15.0)
                scraper = Scraper(port)
                try:
                    sent = send(brokers, min(users, active), rate, seconds)["sent"]
                    flow.until(filled + sent)
                finally:
                    stalls = scraper.end()
        note = f"{min(users, active):,} of them active, {rate:,} events/s, an epoch 10 s"
        found: Spread | None = spread(stalls) if stalls else None
        rows.append(Row(SECTION, f"{users:,} users", "ms", found, _COMMAND, note=note))
    return rows
