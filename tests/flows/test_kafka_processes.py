"""`liveloom run` as people run it: ended by a signal, killed, and begun again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from events import kinds
from sinks.connect import connect
from sinks.reader import Reader
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, settings_for
from tests.waiting import until

ROOT = Path(__file__).parents[2]
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


class Command:
    """The command in a process of its own, and what it writes."""

    def __init__(self, broker: Broker, url: str, prefix: str, folder: Path, *more: str) -> None:
        file = folder / f"{prefix.strip(':')}.toml"
        file.write_text(SETTINGS.format(prefix=prefix, topics=broker.prefix), "utf-8")
        command = [sys.executable, "-m", "flows.cli", "run", "--kafka", broker.address]
        command += ["--redis", url, "--settings", str(file), *more]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        self.client: Any = connect(url, settings_for(prefix).redis)
        self.reader = Reader(self.client, prefix, lambda: int(time.time() * 1000))

    def children(self) -> list[int]:
        """The processes that do the work."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def seen(self, tell: Recent) -> dict[str, Any]:
        """The weights of all users, and which version they are."""
        users = [f"u{number}" for number in range(USERS)]
        views = self.reader.get_many(users, tell.begin_ms + 150_000)
        return {view.user_id: (view.versions[0], view.tags) for view in views}

    def end(self) -> tuple[int, str]:
        """Ask it to end; its exit code and what it said."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=30)
        self.client.close()
        return self.process.returncode, said.decode()


@contextmanager
def command(*args: Any) -> Iterator[Command]:
    made = Command(*args)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.communicate()


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
    tell = Recent()
    broker.send(rooms(tell) + likes(tell, 0, 300))
    more = ("--recovery", str(tmp_path / "state"), "--processes", "2")
    with command(broker, redis_url, "kill:", tmp_path, *more) as run:
        until(lambda: run.reader.health().get("events") == 303)
        for number in range(2):
            broker.send(likes(tell, 15 + 5 * number, 100))
            time.sleep(0.3)
            # One of them alone: the others go with it, and all begin again.
            until(lambda: len(run.children()) == 2)
            os.kill(run.children()[number % 2], signal.SIGKILL)
        broker.send(likes(tell, 40, 100))
        until(lambda: run.reader.health().get("events") == 603)
        until(lambda: run.seen(tell)["u0"][0])
        killed = until(lambda: _settled(run, tell))
        code, said = run.end()
        assert code == 0
        assert "all begin again" in said
    with command(broker, redis_url, "straight:", tmp_path) as run:
        until(lambda: run.reader.health().get("events") == 603)
        straight = until(lambda: _settled(run, tell))
        assert run.end()[0] == 0
    assert killed == straight
    counted = sum(tags["all"][3] for _, tags in straight.values())
    assert counted == pytest.approx(0.5 * 600)


def _settled(run: Command, tell: Recent) -> dict[str, Any] | None:
    """What is seen, once it has stood still for a moment."""
    before = run.seen(tell)
    time.sleep(0.7)
    return before if before == run.seen(tell) and all(v[0] for v in before.values()) else None


def test_a_signal_ends_it_cleanly_and_it_goes_on_without_doubles(
    broker: Broker, redis_url: str, tmp_path: Path
):
    tell = Recent()
    broker.send(rooms(tell) + likes(tell, 0, 200))
    more = ("--recovery", str(tmp_path / "state"))
    for stops in range(2):
        before = time.time() * 1000
        broker.send(likes(tell, 20 + 5 * stops, 100))
        with command(broker, redis_url, "term:", tmp_path, *more) as run:
            until(lambda before=before: run.reader.health().get("as_of_ms", 0) > before)
            began_s = time.monotonic()
            code, said = run.end()
            assert code == 0, said
            assert time.monotonic() - began_s < 20
            assert "Traceback" not in said
    with command(broker, redis_url, "term:", tmp_path, *more) as run:
        until(lambda: run.reader.health().get("events") == 403)
        assert run.reader.health()["duplicates"] == 0
        seen = until(lambda: _settled(run, tell))
        assert sum(tags["all"][3] for _, tags in seen.values()) == pytest.approx(0.5 * 400)
        assert run.end()[0] == 0


def test_a_run_that_is_killed_leaves_no_process_and_no_address_behind(
    broker: Broker, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tell, scratch = Recent(), tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    broker.send(rooms(tell))
    with command(broker, redis_url, "gone:", tmp_path, "--processes", "2") as run:
        until(lambda: run.reader.health().get("events") == 3)
        until(lambda: len(run.children()) == 2)
        workers = run.children()
        assert not any(
            redis_url.encode() in Path(f"/proc/{p}/cmdline").read_bytes() for p in workers
        )
        run.process.kill()
        run.process.communicate()
        until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
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
    with command(broker, redis_url, "fails:", tmp_path, *more) as run:
        until(lambda: run.reader.health().get("events") == 103)
        seen = until(lambda: _settled(run, tell))
        code, said = run.end()
    assert code == 0
    assert sum(tags["all"][3] for _, tags in seen.values()) == pytest.approx(0.5 * 100)
    assert "Traceback" in said
    assert "in fails" in said
    assert "LookupError: a step that fails" in said
    assert "all begin again in 1 s" in said


def test_topics_that_come_later_are_taken_in(broker: Broker, redis_url: str, tmp_path: Path):
    tell = Recent()
    with command(broker, redis_url, "new:", tmp_path, "--recovery", str(tmp_path / "state")) as run:
        broker.send(rooms(tell))
        until(lambda: run.reader.health().get("events") == 3)
        broker.send(likes(tell, 1, 50))
        until(lambda: run.reader.health().get("events") == 53)
        broker.send([tell(kinds.Share, 10, "u1", room_id="r1")])
        until(lambda: run.reader.health().get("events") == 54)
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
    command = [sys.executable, "-m", "flows.cli", "run", "--kafka", Nowhere.address]
    command += ["--redis", redis_url, "--settings", str(settings), "--kafka-config", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60)
    assert done.returncode == 1
    assert b"Kafka at 127.0.0.1:9" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"s3cret" not in done.stderr
