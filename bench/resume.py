"""How long a live run takes to go on after `kill -9`, by how many users are in its state.

Killed with all its processes once an epoch has made the state durable; a click of somebody new
comes while it is away. The time is from starting it again to that click's tags in Redis.
"""

from __future__ import annotations

import time
from pathlib import Path

import redis
from confluent_kafka import Producer

from bench.live_run import Flow, broker, running, send
from bench.live_traffic import line, probe
from bench.measure import RunError, Spread
from bench.report import Row

SECTION = "Resume after kill -9"
_COMMAND = "python -m bench --only resume"
_EPOCHS_S = 15.0
_UP_S_MAX = 600.0
_LOOK_S = 0.01


def resume_rows(url: str, folder: Path, sizes: list[int]) -> list[Row]:
    """The time for each number of users."""
    rows = []
    for users in sizes:
        own = folder / f"resume-{users}"
        own.mkdir()
        with redis.Redis.from_url(url) as client:
            seconds, size_mb = _resume_s(client, url, own, users)
        what = f"to the first new event's `tags`, {users:,} users in state"
        note = f"a start of Python included; the recovery folder has {size_mb:,.0f} MB"
        rows.append(
            Row(SECTION, what, "s", Spread(seconds, seconds, seconds, 1), _COMMAND, note=note)
        )
    return rows


def _resume_s(client: redis.Redis, url: str, folder: Path, users: int) -> tuple[float, float]:
    client.flushall()
    state, log = folder / "state", folder / "flow.log"
    with broker() as brokers:
        command = ("flows.cli", "run", "--kafka", brokers, "--redis", url)
        recovery = ("--recovery", str(state))
        filled = send(brokers, users, 0, 1)["sent"]
        with running(*command, *recovery, told=log) as process:
            Flow(url, process, log).until(filled)
            time.sleep(_EPOCHS_S)
            # Its workers go with it: their standard input has ended.
            process.kill()
        key = f"ll:{{{_click(brokers)}}}:tags"
        size_mb = sum(file.stat().st_size for file in state.rglob("*") if file.is_file()) / 1e6
        began_s = time.monotonic()
        with running(*command, *recovery, told=log) as process:
            while not client.exists(key):
                if process.poll() is not None:
                    raise RunError(f"the flow ended: {log.read_text('utf-8')[-2_000:]}")
                if time.monotonic() - began_s > _UP_S_MAX:
                    raise RunError(f"the flow did not go on within {_UP_S_MAX:.0f} s")
                time.sleep(_LOOK_S)
            return time.monotonic() - began_s, size_mb


def _click(brokers: str) -> str:
    """A click of somebody new, in Kafka; the user."""
    now_us = time.time_ns() // 1000
    topic, user, event = probe(now_us)
    producer = Producer({"bootstrap.servers": brokers, "log_level": 2})
    producer.produce(topic, line(event, f"resume-{now_us}", now_us // 1000), user)
    producer.flush()
    return user
