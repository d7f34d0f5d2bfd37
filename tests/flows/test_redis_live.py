"""A live run whose Redis is full, stalled, away or emptied: it waits, and loses nothing."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from events import kinds
from flows.failures import is_stop
from flows.settings import Settings
from tests.flows.test_kafka_processes import Command, likes, rooms
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, Running, running, settings_for
from tests.redis_servers import Proxy, Server, keys_of, until

USERS = 6
HASTY = {"reply_timeout_s": 0.5, "connect_timeout_s": 0.5, "retry_longest_ms": 100}


@pytest.fixture
def settings() -> Settings:
    usual = settings_for("ll:")
    return dataclasses.replace(usual, redis=dataclasses.replace(usual.redis, **HASTY))


def clicks(tell: Recent, begin_s: float, count: int) -> list[Any]:
    return [
        tell(kinds.Click, begin_s + number / 10, f"u{number % USERS}", room_id="r1")
        for number in range(count)
    ]


def tags(held: dict[bytes, Any]) -> dict[bytes, Any]:
    return {key: value for key, value in held.items() if key.endswith(b":tags")}


def lasting(held: dict[bytes, Any]) -> dict[bytes, Any]:
    """All but what a run renews by itself."""
    return {key: body for key, body in held.items() if not key.endswith((b":health", b":epoch"))}


@contextmanager
def at_rest(
    broker: Broker, url: str, own: Server, settings: Settings, folder: Path
) -> Iterator[tuple[Running, Recent, dict[bytes, Any]]]:
    """A run that has delivered all of its first events, and what Redis holds then."""
    tell = Recent()
    events = [tell.room("r1", "tea cups"), tell.room("r2", "pots"), *clicks(tell, 1, 60)]
    broker.send(events)
    with running(broker, url, settings, folder) as run:
        run.until(events=len(events), slates=USERS)
        yield run, tell, settled(own, run)


def settled(own: Server, run: Running) -> dict[bytes, Any]:
    """What Redis holds once nothing changes any more over some beats of the run."""
    with own.client() as client:
        return unchanged(client, run.health)


def unchanged(client: Any, health: Callable[[], dict[str, Any]]) -> dict[bytes, Any]:
    """The same, of a run that is known by its health."""

    def same() -> dict[bytes, Any] | None:
        before, began = lasting(keys_of([client])), health()["version"]
        beat = began
        for at_ms in range(250, 1_501, 250):
            # Each is a beat of its own: a run that stood still for a while has done nothing in it.
            until(lambda last=beat, at_ms=at_ms: health()["version"] > max(last, began + at_ms))
            beat = health()["version"]
        held = lasting(keys_of([client]))
        return held if held and held == before else None

    found: dict[bytes, Any] = until(same)
    return found


def later(own: Server, run: Running, events: int, signals: int) -> dict[bytes, Any]:
    """What Redis holds once the run has read so many events, and their signals count."""
    run.until(events=events)
    with own.client() as client:
        until(lambda: _weight(client) == signals)
    return settled(own, run)


def _weight(client: Any, tag: str = "tea", prefix: str = "ll:") -> float:
    bodies = [client.get(key) for key in client.keys(f"{prefix}{{u*:tags")]
    return sum(orjson.loads(body)["weights"][tag][3] for body in bodies if body)


def test_emptied_and_restarted_it_is_filled_again(
    broker: Broker, own: Server, settings: Settings, tmp_path: Path
):
    with at_rest(broker, own.url, own, settings, tmp_path / "recovery") as (run, tell, before):
        own.kill()
        own.forget()
        own.start()
        with own.client() as client:
            until(lambda: lasting(keys_of([client])) == before)
        until(lambda: run.health().get("delivery", {}).get("lost"))
        assert run.health()["delivery"]["put_back"] >= len(tags(before))
        broker.send(clicks(tell, 8, 12))
        held = later(own, run, 74, 72)
        assert set(held) == set(before)


def test_two_processes_fill_it_again_each_its_own_keys(broker: Broker, own: Server, tmp_path: Path):
    tell = Recent()
    events = [*rooms(tell), *likes(tell, 1, 240)]
    broker.send(events)
    more = ("--recovery", str(tmp_path / "state"), "--processes", "2")
    with Command(broker, own.url, "two:", tmp_path, *more) as run, own.client() as client:
        run.until_events(len(events))
        before = unchanged(client, run.reader.health)
        assert len(tags(before)) == 12
        own.kill()
        own.forget()
        own.start()
        until(lambda: lasting(keys_of([client])) == before)
        broker.send(likes(tell, 20, 120))
        run.until_events(len(events) + 120)
        run.until(lambda: run.reader.health()["delivery"]["lost"])
        until(lambda: _weight(client, "all", "two:") == 0.5 * 360)
        code, said = run.end()
        assert code == 0
        assert set(lasting(keys_of([client]))) == set(before)
    facts = [orjson.loads(line) for line in said.splitlines() if line.startswith("{")]
    filled = {fact["process"] for fact in facts if "Redis is filled again" in fact["message"]}
    assert filled == {0, 1}


def fill(own: Server, _proxy: Proxy) -> Callable[[], None]:
    admin = own.client()
    admin.config_set("maxmemory", 1)
    return lambda: admin.config_set("maxmemory", 0)


def stall(_own: Server, proxy: Proxy) -> Callable[[], None]:
    proxy.stall()
    return proxy.resume


def go_away(own: Server, _proxy: Proxy) -> Callable[[], None]:
    own.kill()
    return lambda: own.start() and None


@pytest.mark.parametrize(
    ("break_it", "says"),
    [(fill, "raise maxmemory"), (stall, "stalled"), (go_away, "see whether it runs")],
)
def test_while_it_cannot_be_written_the_flow_waits_and_loses_nothing(
    broker: Broker, own: Server, settings: Settings, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, break_it: Callable[..., Callable[[], None]], says: str,
):  # fmt: skip
    proxy = Proxy(own.port)
    with at_rest(broker, proxy.url, own, settings, tmp_path / "recovery") as (run, tell, before):
        caplog.clear()
        mend = break_it(own, proxy)
        broker.send(clicks(tell, 8, 30))
        until(lambda: any(says in message for message in caplog.messages))
        assert all("nothing is lost" in m for m in caplog.messages if says in m)
        mend()
        held = later(own, run, 92, 90)
        assert set(held) == set(before)
        until(lambda: not run.health()["delivery"]["away"])
        assert run.health()["delivery"]["retries"] > 0
        assert "can be written again" in caplog.text
    proxy.close()


def test_a_stop_is_obeyed_while_it_is_away_and_the_next_run_delivers_the_rest(
    broker: Broker, own: Server, settings: Settings, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):  # fmt: skip
    caplog.set_level(logging.WARNING, "liveloom")
    folder = tmp_path / "recovery"

    def run_until_it_is_away() -> None:
        with at_rest(broker, own.url, own, settings, folder) as (_, tell, _):
            own.kill()
            broker.send(clicks(tell, 8, 30))
            until(lambda: "the flow waits" in caplog.text)

    with pytest.raises(Exception, match="stop") as stopped:
        run_until_it_is_away()
    assert is_stop(stopped.value)
    own.start()
    with running(broker, own.url, settings, folder) as run:
        later(own, run, 92, 90)
