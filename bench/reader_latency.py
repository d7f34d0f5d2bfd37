"""How long product servers wait for the reader while the flow writes as fast as it can.

Open loop: calls are due at fixed times, whatever became of those before them, and who comes late
because an earlier call took long is measured from when it was due; so a stall counts for every
call that would have met it.
"""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import redis

from bench.liveloom import replay_command
from bench.measure import RunError, shown, spread
from bench.report import Row
from sinks.reader import Reader

SECTION = "Reader, while the flow writes"
USERS_A_CALL = 20
CALLS_A_SECOND = 200
_KNOWN_MIN = 500
_KNOWN_MAX = 20_000
_BEGUN_S_MAX = 120.0
_CALLS_MIN = 200
_SEED = 1


@dataclass(frozen=True)
class Waits:
    """How long calls took, in ms, in the order of size."""

    ms: tuple[float, ...]

    def quantile(self, share: float) -> float:
        """The wait that this share of calls did not exceed."""
        return self.ms[min(int(share * len(self.ms)), len(self.ms) - 1)]


def paced(
    calls: Sequence[Callable[[], object]],
    every_s: float,
    goes_on: Callable[[], bool],
    clock: Callable[[], float] = time.perf_counter,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Waits]:
    """Make the calls in turn, one each `every_s` seconds, while `goes_on()`; the waits of each."""
    waits: list[list[float]] = [[] for _ in calls]
    due_s = free_s = clock()
    turn = 0
    while goes_on():
        now_s = clock()
        if now_s < due_s:
            sleep(due_s - now_s)
        # Waking up late is the generator's own doing; being kept by an earlier call is not.
        began_s = due_s if free_s > due_s else clock()
        calls[turn % len(calls)]()
        free_s = clock()
        waits[turn % len(calls)].append(1000 * (free_s - began_s))
        due_s += every_s
        turn += 1
    return [Waits(tuple(sorted(one))) for one in waits]


def latency_rows(log: Path, redis_url: str, rounds: int, seconds: float) -> list[Row]:
    """The reader's rows, beside a bare client's for the same keys in the same seconds."""
    measured = [_measure(log, redis_url, seconds) for _ in range(rounds)]
    command = shown(replay_command(log, redis_url, Path("out")))
    rows = []
    for place, (who, limits) in enumerate((("`Reader`", {"at_most": 2.0}), ("a bare MGET", {}))):
        for name, share in (("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)):
            value = spread([round_[place].quantile(share) for round_ in measured])
            asked: dict[str, Any] = limits if name == "p99" else {}
            rows.append(Row(SECTION, f"{who}, {name}", "ms", value, command, **asked))
    calls = [len(one.ms) for pair in measured for one in pair]
    note = (
        f"{USERS_A_CALL} users a call, {CALLS_A_SECOND} calls/s of each kind in turn, open loop, "
        f"{min(calls):,} calls or more a round, while a replay writes in another process; tags "
        "aged, rooms that ended left out, reasons at hand; the bare client fetches the same keys "
        "and parses nothing"
    )
    rows[0] = Row(**{**rows[0].__dict__, "note": note})
    return rows


def _measure(log: Path, redis_url: str, seconds: float) -> tuple[Waits, Waits]:
    client: Any = redis.Redis.from_url(redis_url, protocol=2)
    client.flushall()
    with tempfile.TemporaryDirectory(prefix="liveloom-bench-reader-") as out:
        quiet = subprocess.DEVNULL
        command = replay_command(log, redis_url, Path(out))
        flow = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        try:
            users, now_ms = _known(client, flow)
            reader = Reader(client, "ll:", lambda: now_ms)
            dice = random.Random(_SEED)
            end_s = time.perf_counter() + seconds

            def drawn() -> list[str]:
                return dice.sample(users, USERS_A_CALL)

            def bare() -> object:
                names = ("tags", "recs", "push")
                return client.mget([f"ll:{{{user}}}:{name}" for user in drawn() for name in names])

            read, fetched = paced(
                [lambda: reader.get_many(drawn(), now_ms), bare],
                0.5 / CALLS_A_SECOND,
                lambda: flow.poll() is None and time.perf_counter() < end_s,
            )
        finally:
            flow.terminate()
            flow.wait()
            client.close()
    if min(len(read.ms), len(fetched.ms)) < _CALLS_MIN:
        raise RunError("the replay ended before enough was read: give it more --events")
    return read, fetched


def _known(client: Any, flow: subprocess.Popen[bytes]) -> tuple[list[str], int]:
    """Users who have a list by now, and a time at which their weights have not all aged away."""
    until_s = time.perf_counter() + _BEGUN_S_MAX
    while time.perf_counter() < until_s and flow.poll() is None:
        keys = list(client.scan_iter("ll:{*}:recs", count=1_000))[:_KNOWN_MAX]
        if len(keys) >= _KNOWN_MIN:
            newest = orjson.loads(client.get(keys[-1]))["as_of_ms"]
            return [key.decode()[4:-6] for key in keys], newest
        time.sleep(0.05)
    raise RunError("the replay wrote no lists to read")
