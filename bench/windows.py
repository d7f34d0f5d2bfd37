"""Windowed tag weights from Kafka into Redis: the product beside other engines and a plain loop.

The same topic for all, in turns, and each one's sums are compared with exact ones: of the product
what each user's `tags` say as of their newest event, of the others every window that they closed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import redis

from bench.kafka_topics import fill, topics
from bench.live_run import broker
from bench.measure import RunError, interleave, run, spread
from bench.peer_environment import peer_python
from bench.report import Row
from bench.windows_traffic import (
    CATALOGUE,
    PARTS,
    TOPIC,
    Event,
    Sums,
    begin_ms,
    events,
    hopping,
    messages,
    newest,
)

SECTION = "Windowed tag weights, Kafka to Redis, 1 h advancing by 10 min"
_TILE_MS, _TILES = 360_000, 11
_RATE = "events a CPU second"
_COMMAND = "python -m bench --only windows"
_NAMES = {
    "windows": "liveloom, its windows alone",
    "all": "liveloom, everything on",
    "bytewax": "Bytewax, `fold_window`",
    "quix": "Quix Streams, `reduce().final()`",
    "pathway": "Pathway, `windowby`",
    "loop": "a plain Python loop: decodes, sums into tiles",
}
_NOTES = {
    "windows": "the product's graph with window kernels alone in OBSERVE (`bench.windows_shard`): "
    "its source, checks, clocks and delivery; 10 min, 1 h, 24 h and 7 d at once, each change "
    "of a round delivered; cannot be had by a setting",
    "all": "`liveloom run` as it is, on traffic without live rooms, so without slates",
    "bytewax": "each window written once, when it closes, a pipeline a batch; its clock goes by "
    "the machine's too, so that on a busy one some of a backlog is late",
    "quix": "windows written when they close, by its own Redis sink; RocksDB and changelog topic",
    "pathway": 'what the topic holds in one run (`mode="static"`), so that each sum is made once; '
    "a Redis hash a window",
    "loop": "writes nothing while it is measured",
}
_ASKED = {"bytewax": 10.0, "quix": 10.0, "pathway": 5.0}


class Wrong(RunError):
    """An engine's sums are not the exact ones."""


def _command(name: str, address: str, prefix: str, count: int, url: str) -> list[str]:
    rest = [address, prefix + TOPIC, str(count), url]
    if name in ("windows", "all"):
        rest[1] = prefix
        return [sys.executable, "-m", "bench.windows_live", *rest, name]
    python = peer_python() if name in ("quix", "pathway") else sys.executable
    return [python, "-m", f"bench.windows_{name}", *rest]


class Judge:
    """Exact sums, and whether what stands in Redis is the same."""

    def __init__(self, make: Callable[[], Iterator[Event]]) -> None:
        self.windows = hopping(make())
        self.newest = newest(make(), _TILE_MS, _TILES)

    def check(self, name: str, client: Any) -> str:
        """What was compared; `Wrong` where a sum is not as it should be.

        Of an engine that may take rows for late (`bytewax`) wrong ones are counted.
        """
        found = dict(_tags(client) if name in ("windows", "all") else _windows(client))
        exact: dict[Any, Sums] = self.newest if name in ("windows", "all") else self.windows
        if name == "bytewax":
            wrong = sum(found.get(key) != sums for key, sums in exact.items())
            return f"{wrong:,} of {len(exact):,} windows not exact"
        if name != "quix" and len(found) != len(exact):
            raise Wrong(f"{name} has {len(found):,} of {len(exact):,} windows")
        for key, sums in found.items():
            if sums != exact.get(key):
                raise Wrong(f"{name} has {sums} for {key}, not {exact.get(key)}")
        return f"{len(found):,} windows compared, all exact"


def _tags(client: Any) -> Iterator[tuple[str, Sums]]:
    for key in client.scan_iter("ll:{*}:tags", 1_000):
        value = orjson.loads(client.get(key) or b"")
        place = value["windows"].index("1h")
        sums = {tag: row[place] for tag, row in value["weights"].items() if row[place]}
        yield key.decode().partition("{")[2].partition("}")[0], sums


def _windows(client: Any) -> Iterator[tuple[tuple[str, int], Sums]]:
    for kind, load in (("string", _of_string), ("hash", _of_hash)):
        for key in client.scan_iter("w:*", 10_000, kind):
            _, user, start = key.decode().split(":")
            yield (user, int(start)), load(client, key)


def _of_string(client: Any, key: bytes) -> Sums:
    found: Sums = orjson.loads(client.get(key) or b"")
    return found


def _of_hash(client: Any, key: bytes) -> Sums:
    return {tag.decode(): float(units) for tag, units in client.hgetall(key).items()}


def windows_rows(
    url: str, count: int, users: int, rounds: int, only: Sequence[str] = tuple(_NAMES)
) -> list[Row]:
    """Measure all, and compare what they left in Redis."""
    start_ms = begin_ms()
    prefix = f"windows{start_ms}."
    judge = Judge(lambda: events(count, users, start_ms))
    compared: dict[str, str] = {}
    with (
        broker() as address,
        topics(address, {prefix + TOPIC: PARTS, prefix + CATALOGUE: 1}),
        redis.Redis.from_url(url) as client,
    ):
        fill(address, messages(count, users, start_ms, prefix))

        def task(name: str) -> Callable[[], float]:
            def once() -> float:
                client.flushall()
                ran = run(_command(name, address, prefix, count, url))
                compared[name] = judge.check(name, client)
                return count / float(ran.output["cpu_s"])

            return once

        rates = interleave({name: task(name) for name in only}, rounds)
    work = f"{count:,} events of {users:,} users"
    rows = [
        Row(
            *(SECTION, _NAMES[name], _RATE, spread(values), _COMMAND),
            note=f"{work}; {_NOTES[name]}; {compared[name]}",
        )
        for name, values in rates.items()
    ]
    return rows + _ratios(rates)


def _ratios(rates: dict[str, list[float]]) -> list[Row]:
    found = []
    for name, least in _ASKED.items():
        for ours in ("windows", "all"):
            if name in rates and ours in rates:
                times = [a / b for a, b in zip(rates[ours], rates[name], strict=True)]
                what = f"{_NAMES[ours]}, over {_NAMES[name]}"
                asked = least if ours == "windows" else None
                found.append(Row(SECTION, what, "times", spread(times), _COMMAND, at_least=asked))
    if "loop" in rates and "windows" in rates:
        times = [b / a for a, b in zip(rates["windows"], rates["loop"], strict=True)]
        what = "CPU time of liveloom's windows alone, over the plain loop's"
        found.append(Row(SECTION, what, "times", spread(times), _COMMAND, aim=1.5))
    return found
