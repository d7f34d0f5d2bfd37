"""Kills live runs over Kafka at random moments, and compares with one that nobody disturbed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from sinks.reader import Reader
from tests.crash.command import Command
from tests.crash.feed import Feed
from tests.crash.held import Held, differing, held
from tests.crash.traffic import AGO_S, ONE_TOPIC, SOME_TOPICS, USERS, Traffic
from tests.crash.watcher import Watcher
from tests.everything import EVERYTHING
from tests.kafka.broker import Broker

WAIT_S = 180.0
HOUR_MS, HOUR_MAX = 3_600_000, 6
_PROCESSES = (1, 2, 3)
_WAYS = ("one process", "all at once", "the command alone")
_SETTINGS = """
[flow]
shards = 8
epoch_s = 0.5
lateness_ms = 2000
cards_every_s = 1
tables_frozen = {frozen}
[kafka]
tick_ms = 100
ask_s = 0.2
silent_s = 600.0
start_s = 600.0
topic_prefix = "{names}"
group = "{names}{prefix}"
dead_letters_topic = "{names}ll.dead_letters"
[join]
label_horizon_s = 15
after_click_s = 5
[push]
consent_without_record = true
quiet_from = "00:00"
quiet_to = "00:00"
min_gap_ms = 3000
hour_max = {hour_max}
day_max = 40
reminder_day_max = 40
reminder_leads_ms = [12000, 5000]
[redis]
prefix = "{prefix}"
"""


@dataclass(frozen=True)
class Kill:
    """One kill: how many processes there were, what was killed, and after how long."""

    processes: int
    way: str
    after_s: float


@dataclass
class Result:
    """What came of a matrix: each list must be empty."""

    name: str
    kills: list[Kill] = field(default_factory=list)
    events: int = 0
    reads: int = 0
    pushes: int = 0
    examples: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)

    @property
    def is_right(self) -> bool:
        """Whether nothing is lost, doubled or backwards."""
        return not any(self.wrong.values())


class LiveMatrix:
    """`frozen`: no new tables and a whole catalogue, so that everything must be equal.

    A user's events lie in one partition of each of several topics then; otherwise in one of the
    four partitions of one topic, rooms start and end, and learning is on. `everything`: every
    optional part is on.
    """

    def __init__(
        self,
        broker: Broker,
        redis_url: str,
        folder: Path,
        seed: int,
        *,
        frozen: bool,
        everything: bool,
    ) -> None:
        self._broker = broker
        self._url = redis_url
        self._folder = folder
        self._frozen = frozen
        self._more = EVERYTHING if everything else ""
        self._name = ("tables frozen" if frozen else "learning") + ", everything on" * everything
        self._dice = random.Random(seed)
        topics, parts = (SOME_TOPICS, 2) if frozen else (ONE_TOPIC, 4)
        self._begin_ms = int((time.time() - AGO_S) * 1000) // 1000 * 1000
        traffic = Traffic(seed, self._begin_ms, topics, parts, starts=not frozen)
        self._feed = Feed(broker, traffic, self._begin_ms)
        broker.make("catalog", parts=1)
        broker.make(*topics, parts=parts)

    def run(self, kills: int, say: Callable[[str], None]) -> Result:
        """Kill so often, then compare."""
        result = Result(self._name)
        self._feed.start()
        with ExitStack() as stack:
            watcher = Watcher(self._url, "killed:", USERS)
            watcher.start()
            stack.callback(watcher.close)
            processes = 0
            for _ in range(kills):
                processes = self._dice.choice([n for n in _PROCESSES if n != processes])
                kill = self._kill(processes)
                result.kills.append(kill)
                say(f"{result.name}: {kill.processes} processes, {kill.way}, {kill.after_s:.1f} s")
            self._feed.close()
            killed = self._to_the_end("killed:", self._dice.choice(_PROCESSES))
        result.reads = watcher.reads
        say(f"{result.name}: undisturbed")
        straight = self._to_the_end("straight:", 1)
        result.events, result.pushes = self._feed.sent, len(straight.pushes)
        result.examples = sum(straight.examples.values())
        result.wrong = self._compare(killed, straight)
        result.wrong["versions backwards"] = watcher.backwards
        return result

    def _command(self, prefix: str, processes: int) -> Command:
        settings = self._folder / f"{prefix.strip(':')}.toml"
        text = _SETTINGS.format(
            frozen=str(self._frozen).lower(),
            names=self._broker.prefix,
            prefix=prefix,
            hour_max=HOUR_MAX,
        )
        settings.write_text(text + self._more, "utf-8")
        args = ["run", "--kafka", self._broker.address, "--redis", self._url]
        args += ["--settings", str(settings), "--processes", str(processes)]
        args += ["--recovery", str(self._folder / prefix.strip(":"))]
        return Command(self._folder / f"{prefix.strip(':')}.log", *args)

    def _kill(self, processes: int) -> Kill:
        """Run with so many processes until a random moment, and kill some or all of them."""
        dice = self._dice
        way = dice.choice(_WAYS)
        with self._command("killed:", processes) as run:
            self._until(run.workers, run)
            if dice.random() < 0.7:
                self._until_it_works(run)
            began_s, after_s = time.monotonic(), dice.uniform(0.0, 2.5)
            time.sleep(after_s)
            if way == "all at once":
                run.kill_all()
            elif way == "the command alone":
                run.kill()
            else:
                before = run.workers()
                run.kill_worker(dice.randrange(processes))
                # All begin again by themselves.
                self._until(lambda: run.workers() and not set(run.workers()) & set(before), run)
                if dice.random() < 0.5:
                    self._until_it_works(run)
                    run.end()
        return Kill(processes, way, time.monotonic() - began_s)

    def _until_it_works(self, run: Command) -> None:
        now_ms = time.time() * 1000
        self._until(lambda: self._health("killed:").get("as_of_ms", 0) > now_ms, run)

    def _health(self, prefix: str) -> dict[str, Any]:
        client: Any = redis.Redis.from_url(self._url)
        try:
            return Reader(client, prefix, lambda: int(time.time() * 1000)).health()
        finally:
            client.close()

    def _until(self, what: Callable[[], Any], run: Command) -> None:
        end_s = time.monotonic() + WAIT_S
        while not what():
            assert not run.has_ended, f"a run has ended by itself: see {self._folder}"
            assert time.monotonic() < end_s, f"a run does not go on: see {self._folder}"
            time.sleep(0.05)

    def _to_the_end(self, prefix: str, processes: int) -> Held:
        """Run until all has been worked off; what is in Redis then."""
        with self._command(prefix, processes) as run:
            self._until(lambda: self._is_through(prefix), run)
            before = Held()
            while (now := held(self._url, prefix)) != before:
                before = now
                time.sleep(1.5)
            assert run.end() == 0
        return now

    def _is_through(self, prefix: str) -> bool:
        health = self._health(prefix)
        if health.get("events") != self._feed.sent:
            return False
        if health["clock_time_ms"] < self._feed.closes_ms:
            return False
        return len(held(self._url, prefix).pushes) >= health["push"]["sent"]

    def _compare(self, killed: Held, straight: Held) -> dict[str, list[str]]:
        wrong = {
            "windows": differing(killed.named("tags"), straight.named("tags")),
            "examples": [] if killed.examples == straight.examples else [str(killed.examples)],
            "pushes twice": killed.pushes_twice,
            "caps broken": killed.beyond_cap(HOUR_MS, HOUR_MAX),
        }
        if self._frozen:
            sent, wanted = ({p["push_id"] for p in one.pushes} for one in (killed, straight))
            wrong["pushes lost"] = sorted(wanted - sent)
            wrong["pushes made up"] = sorted(sent - wanted)
            same = killed.pushes == straight.pushes
            wrong["pushes otherwise"] = [] if same else ["not the same bodies"]
            wrong["ledgers"] = differing(killed.named("push"), straight.named("push"))
            wrong["slates"] = differing(killed.named("recs"), straight.named("recs"))
            same = killed.others == straight.others
            wrong["guards and rooms"] = [] if same else ["not the same"]
        return wrong
