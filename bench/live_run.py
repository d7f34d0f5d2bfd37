"""A live run to be measured: a real broker, what is sent to it, and the flow as people start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import redis

from bench.measure import RunError
from sinks.reader import Reader

PROBES_PER_S = 50
_UP_S_MAX = 1_800.0
_BROKER = "LIVELOOM_TEST_KAFKA"


@contextmanager
def running(*words: str, told: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A module of ours beside this process, which ends when its standard input does."""
    with (told or Path(os.devnull)).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.communicate()


def first_line(process: subprocess.Popen[bytes]) -> str:
    """What a process says first."""
    out: IO[bytes] | None = process.stdout
    assert out is not None
    said = out.readline().decode().strip()
    if not said:
        raise RunError(f"{process.args!r} ended with code {process.wait()}")
    return said


@contextmanager
def broker() -> Iterator[str]:
    """The broker that the environment names, or one of our own."""
    given = os.environ.get(_BROKER)
    if given:
        yield given
        return
    with running("tests.kafka.node") as node:
        yield first_line(node)


def send(
    brokers: str,
    users: int,
    rate: int,
    seconds: int,
    probes: int = PROBES_PER_S,
    past_s: int = 0,
    active: int = 0,
) -> dict[str, Any]:
    """Send as `bench.open_loop` does; what it says."""
    numbers = map(str, (users, rate, seconds, probes, past_s, active))
    command = [sys.executable, "-m", "bench.open_loop", brokers, *numbers]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise RunError(f"the open loop failed: {ran.stderr[-2_000:]}")
    said: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return said


class Flow:
    """A live run, and what its health says."""

    def __init__(self, url: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self._reader = Reader(redis.Redis.from_url(url), "ll:", lambda: time.time_ns() // 1_000_000)
        self._process = process
        self._log = log

    def events(self) -> int:
        """How many it has taken."""
        if self._process.poll() is not None:
            raise RunError(f"the flow ended: {self._log.read_text('utf-8')[-2_000:]}")
        return int(self._reader.health().get("events", 0))

    def until(self, events: int) -> tuple[float, int]:
        """Wait until so many are taken; when that was, and how many then were."""
        end_s = time.monotonic() + _UP_S_MAX
        while (taken := self.events()) < events:
            if time.monotonic() > end_s:
                raise RunError(f"the flow took {taken:,} of {events:,} events")
            time.sleep(0.1)
        return time.monotonic(), taken


@contextmanager
def live_run(brokers: str, url: str, folder: Path, *more: str) -> Iterator[Flow]:
    """A run with a recovery folder, in one process."""
    log = folder / "flow.log"
    command = ("flows.cli", "run", "--kafka", brokers, "--redis", url)
    state = ("--recovery", str(folder / "state"))
    with running(*command, *state, *more, told=log) as process:
        yield Flow(url, process, log)
