"""Speed of the product beside decoding alone, a plain loop and the stock way, in turns."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from bench.liveloom import replay_command, run_liveloom
from bench.measure import interleave, run, shown, spread
from bench.report import Row

SPEED = "Speed, one worker, everything on"
BESIDE = "Beside others, same log, same minutes"
RATE = "events/s"

Result = dict[str, Any]


@dataclass(frozen=True)
class Logs:
    """The logs of a run: the normal one and the one with more acts an impression."""

    normal: Path
    dense: Path


class SideBySide:
    """The runs of one comparison, and the rows that come of them."""

    def __init__(self, logs: Logs, redis_url: str, stock_skip: int, stock_events: int) -> None:
        python = [sys.executable, "-m"]
        self.url = redis_url
        self.logs = logs
        tail = ["--redis", redis_url, "--skip", str(stock_skip), "--events", str(stock_events)]
        log = str(logs.normal)
        self.commands: dict[str, list[str]] = {
            "liveloom": replay_command(logs.normal, redis_url, Path("DIR")),
            "stock": [*python, "bench.stock", log, *tail, "--rank", "one"],
            "stock_numpy": [*python, "bench.stock", log, *tail, "--rank", "numpy"],
            "product": [*python, "bench.decode", log, "--by", "product"],
            "struct": [*python, "bench.decode", log, "--by", "struct"],
            "orjson": [*python, "bench.decode", log, "--by", "orjson"],
            "plain_loop": [*python, "bench.plain_loop", log],
            "slates": [*python, "bench.slates", log, "--redis", redis_url],
            "dense": replay_command(logs.dense, redis_url, Path("DIR")),
        }

    def measure(
        self, rounds: int, only: Sequence[str], done: Callable[[str], None]
    ) -> dict[str, list[Result]]:
        """Run every task once a round, in turn; `done` hears of each that has ended."""

        def task(name: str) -> Callable[[], Result]:
            def once() -> Result:
                result = self._once(name)
                done(name)
                return result

            return once

        return interleave({name: task(name) for name in self.commands if name in only}, rounds)

    def _once(self, name: str) -> Result:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()
        if name in ("liveloom", "dense"):
            log = self.logs.normal if name == "liveloom" else self.logs.dense
            with tempfile.TemporaryDirectory(prefix="liveloom-bench-") as out:
                return run_liveloom(log, self.url, Path(out))
        return run(self.commands[name]).output

    def rows(self, results: dict[str, list[Result]]) -> list[Row]:
        """The rows of what was measured."""
        found = []
        for section, name, what, field, unit, asked in _FIGURES:
            if name in results:
                values = spread([float(result[field]) for result in results[name]])
                command = shown(self.commands[name])
                found.append(Row(section, what, unit, values, command, **asked))
        if "liveloom" in results:
            for name, what, asked, note in _RATIOS:
                if name not in results:
                    continue
                pairs = zip(results["liveloom"], results[name], strict=True)
                ratios = [a["events_per_second"] / b["events_per_second"] for a, b in pairs]
                found.append(
                    Row(BESIDE, what, "times", spread(ratios), "make bench", note=note, **asked)
                )
        return found


_FIGURES: tuple[tuple[str, str, str, str, str, dict[str, Any]], ...] = (
    (
        *(SPEED, "liveloom", "liveloom", "events_per_second", RATE),
        {
            "at_least": 60_000,
            "aim": 100_000,
            "note": "decoded, checked, learnt, decided and written, by its own clock",
        },
    ),
    (SPEED, "liveloom", "liveloom a CPU second", "events_per_cpu_second", "events", {}),
    (SPEED, "liveloom", "slates", "slates_per_event", "an event", {"at_least": 0.08}),
    (SPEED, "liveloom", "learnt examples", "examples_per_event", "an event", {"at_least": 0.1}),
    (SPEED, "liveloom", "Redis writes", "writes_per_event", "an event", {}),
    (SPEED, "liveloom", "live rooms", "live_rooms", "rooms", {}),
    (SPEED, "liveloom", "peak resident memory", "peak_rss_mb", "MB", {}),
    (
        *(SPEED, "slates", "DECIDE, CPU time a slate", "decide_us_per_slate", "µs"),
        {
            "at_most": 100,
            "note": "all that DECIDE does over the slates that it made: boards, lists, pushes and "
            "the decision log's lines, over all live rooms",
        },
    ),
    (SPEED, "slates", "the list alone, CPU time", "rank_us_per_slate", "µs", {}),
    (SPEED, "dense", "liveloom, dense log", "events_per_second", RATE, {}),
    (SPEED, "dense", "slates, dense log", "slates_per_event", "an event", {"at_least": 0.3}),
    (SPEED, "dense", "learnt examples, dense log", "examples_per_event", "an event", {}),
    (SPEED, "dense", "Redis writes, dense log", "writes_per_event", "an event", {}),
    (
        BESIDE,
        "product",
        "decoding only, as liveloom does, with its checks",
        "events_per_second",
        RATE,
        {},
    ),
    (BESIDE, "struct", "decoding only, bare msgspec structs", "events_per_second", RATE, {}),
    (BESIDE, "orjson", "decoding only, orjson dicts", "events_per_second", RATE, {}),
    (BESIDE, "plain_loop", "plain loop, windows only", "events_per_second", RATE, {}),
    (
        *(BESIDE, "stock", "the stock way", "events_per_second", RATE),
        {
            "at_least": 1_500,
            "note": "`fold_window`, `stateful_map`, River's `learn_one` an example and "
            "`predict_proba_one` a room, one redis-py call a write; one window and one model, "
            "nothing checked, no pushes and no recovery",
        },
    ),
    (BESIDE, "stock", "the stock way, slates", "slates_per_event", "an event", {}),
    (BESIDE, "stock", "the stock way, learnt examples", "examples_per_event", "an event", {}),
    (BESIDE, "stock", "the stock way, Redis writes", "writes_per_event", "an event", {}),
    (BESIDE, "stock", "the stock way, live rooms", "live_rooms", "rooms", {}),
    (
        *(BESIDE, "stock_numpy", "the stock way, rooms scored by hand", "events_per_second", RATE),
        {
            "note": "the same flow, but the weights are taken out of River and all rooms are "
            "scored in vector products, as liveloom does: the share of the difference that "
            "is scoring",
        },
    ),
)

_RATIOS: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    (
        *("stock", "liveloom over the stock way", {"at_least": 30}),
        "of the two runs of each round",
    ),
    ("stock_numpy", "liveloom over the stock way, rooms scored by hand", {}, ""),
    ("plain_loop", "liveloom over the plain loop that does windows only", {}, ""),
)

TASKS = (
    *("liveloom", "stock", "stock_numpy"),
    *("product", "struct", "orjson", "plain_loop"),
    *("slates", "dense"),
)
