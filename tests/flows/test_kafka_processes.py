"""`liveloom run` as people run it: ended by a signal, killed, and begun again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from events import kinds
from sinks.connect import connect
from sinks.reader import Reader
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, settings_for
from tests.started import Started
from tests.waiting import until

USERS = 12
SETTINGS = """
[flow]
shards = 4
epoch_s = 0.4
[kafka]
tick_ms = 100
ask_s = 0.1
look_again_s = 0.3
topic_prefix = "{topics}"
group = "{topics}liveloom"
dead_letters_topic = "{topics}ll.dead_letters"
[redis]
prefix = "{prefix}"
"""


class Command(Started):
    """The command in processes of its own, and what it writes."""

    def __init__(
        self, broker: Broker, url: str, prefix: str, folder: Path, *args: str, more: str = ""
    ) -> None:
        name = prefix.strip(":")
        file = folder / f"{name}.toml"
        text = SETTINGS.format(prefix=prefix, topics=broker.prefix)
        file.write_text(text + more, "utf-8")
        made = ("run", "--kafka", broker.address, "--redis", url, "--settings", file, *args)
        super().__init__(folder / f"{name}.words", *made)
        self.client: Any = connect(url, settings_for(prefix).redis)
        self.reader = Reader(self.client, prefix, lambda: int(time.time() * 1000))

    def until_events(self, count: int) -> None:
        """Wait until it has counted so many."""
        self.until(lambda: self.reader.health().get("events") == count)

    def seen(self, tell: Recent) -> dict[str, Any]:
        """The weights of all users, and which version they are."""
        users = [f"u{number}" for number in range(USERS)]
        views = self.reader.get_many(users, tell.begin_ms + 150_000)
        return {view.user_id: (view.versions[0], view.tags) for view in views}

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        self.client.close()


def ended(run: Command, tell: Recent) -> tuple[dict[str, Any], str]:
    """What it leaves once it was asked to end, and what it said: it delivers all that it read."""
    code, said = run.end()
    assert code == 0, said
    return run.seen(tell), said


def counted(seen: dict[str, Any]) -> float:
    """What the signals of all users weigh."""
    return sum(tags["all"][3] for _, tags in seen.values())


def likes(tell: Recent, begin_s: float, count: int) -> list[object]:
    return [
        tell(kinds.Like, begin_s + number / 20, f"u{number % USERS}", room_id=f"r{number % 3}")
        for number in range(count)
    ]


def rooms(tell: Recent) -> list[object]:
    return [tell.room(f"r{number}", f"tag{number} all") for number in range(3)]


def test_two_processes_killed_at_once_count_each_event_once(
    broker: Broker, redis_url: str, tmp_path: Path
):
    tell, dead = Recent(), set[int]()
    broker.send(rooms(tell) + likes(tell, 0, 300))
    more = ("--recovery", str(tmp_path / "state"), "--processes", "2")
    with Command(broker, redis_url, "kill:", tmp_path, *more) as run:
        run.until_events(303)
        for number in range(2):
            workers = run.workers(2, besides=dead)
            dead |= {worker.pid for worker in workers}
            broker.send(likes(tell, 15 + 5 * number, 100))
            time.sleep(0.3)
            # One of them alone: the others go with it, and all begin again.
            workers[number].kill()
        broker.send(likes(tell, 40, 100))
        run.until_events(603)
        killed, said = ended(run, tell)
        assert "all begin again" in said
    with Command(broker, redis_url, "straight:", tmp_path) as run:
        run.until_events(603)
        straight, _ = ended(run, tell)
    assert killed == straight
    assert counted(straight) == pytest.approx(0.5 * 600)


def test_a_signal_ends_it_cleanly_and_it_goes_on_without_doubles(
    broker: Broker, redis_url: str, tmp_path: Path
):
    tell = Recent()
    broker.send(rooms(tell) + likes(tell, 0, 200))
    more = ("--recovery", str(tmp_path / "state"))
    for stops in range(2):
        before = time.time() * 1000
        broker.send(likes(tell, 20 + 5 * stops, 100))
        with Command(broker, redis_url, "term:", tmp_path, *more) as run:
            run.until(lambda before=before: run.reader.health().get("as_of_ms", 0) > before)
            code, said = run.end()
            assert code == 0, said
            assert "Traceback" not in said
    with Command(broker, redis_url, "term:", tmp_path, *more) as run:
        run.until_events(403)
        assert run.reader.health()["duplicates"] == 0
        seen, _ = ended(run, tell)
        assert counted(seen) == pytest.approx(0.5 * 400)


def test_a_run_that_is_killed_leaves_no_process_and_no_address_behind(
    broker: Broker, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tell, scratch = Recent(), tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    broker.send(rooms(tell))
    with Command(broker, redis_url, "gone:", tmp_path, "--processes", "2") as run:
        run.until_events(3)
        workers = run.workers(2)
        assert not any(redis_url in word for worker in workers for word in worker.cmdline())
        run.kill()
        until(lambda: not any(worker.is_running() for worker in workers))
    assert [path.name for path in scratch.rglob("*") if path.is_file()] == []


_FAILS_ONCE = """
import os, pathlib, sys

flag = pathlib.Path(__file__).with_name("failed")
if "flows.commands.live_worker" in sys.orig_argv and not flag.exists():
    from features.signals import Signals

    def fails(*args):
        flag.touch()
        raise LookupError("a step that fails")

    Signals.take = fails
"""


def test_a_step_that_fails_is_shown_and_all_begin_again(
    broker: Broker, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tell = Recent()
    broker.send(rooms(tell) + likes(tell, 0, 100))
    (tmp_path / "sitecustomize.py").write_text(_FAILS_ONCE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    more = ("--recovery", str(tmp_path / "state"), "--processes", "2")
    with Command(broker, redis_url, "fails:", tmp_path, *more) as run:
        run.until_events(103)
        seen, said = ended(run, tell)
    assert counted(seen) == pytest.approx(0.5 * 100)
    assert "Traceback" in said
    assert "in fails" in said
    assert "LookupError: a step that fails" in said
    assert "all begin again in 1 s" in said


def test_topics_that_come_later_are_taken_in(broker: Broker, redis_url: str, tmp_path: Path):
    tell = Recent()
    with Command(broker, redis_url, "new:", tmp_path, "--recovery", str(tmp_path / "state")) as run:
        broker.send(rooms(tell))
        run.until_events(3)
        broker.send(likes(tell, 1, 50))
        run.until_events(53)
        broker.send([tell(kinds.Share, 10, "u1", room_id="r1")])
        run.until_events(54)
        assert run.reader.health()["duplicates"] == 0
        code, said = run.end()
    assert code == 0
    assert f"new are {broker.prefix}likes/0" in said
    assert "Traceback" not in said


def test_brokers_that_are_away_are_said_in_a_line(redis_url: str, tmp_path: Path):
    class Nowhere:
        address = "127.0.0.1:9"

    file = tmp_path / "client.properties"
    file.write_text("sasl.password=s3cret\n", "utf-8")
    settings = tmp_path / "quick.toml"
    settings.write_text("[kafka]\nbroker_s_max = 1\n", "utf-8")
    args = ("--kafka", Nowhere.address, "--redis", redis_url, "--settings", settings)
    with Started(tmp_path / "words", "run", *args, "--kafka-config", file) as run:
        code, said = run.wait()
    assert code == 1
    assert "Kafka at 127.0.0.1:9" in said
    assert "Traceback" not in said
    assert "s3cret" not in said
