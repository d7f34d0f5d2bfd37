"""Topics in, Redis out: whole live runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from events import kinds
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, catalogue, running, settings_for, traffic
from tests.waiting import until


def test_events_become_lists_and_weights(broker: Broker, redis_url: str):
    tell = Recent()
    events = catalogue(tell) + traffic(tell, 1, 150)
    broker.send(events)
    with running(broker, redis_url, settings_for("run:")) as run:
        health = run.until(events=len(events), slates=1)
        assert health["mode"] == "live"
        assert health["late"] == health["duplicates"] == health["dead_letters"] == 0
        assert health["unknown_item"] == 0
        assert health["catalogue_events"] == 3
        assert health["newest_event_time_ms"] == max(event.event_time_ms for event in events)
        view = until(
            lambda: run.reader.get("u3", tell.begin_ms + 20_000).items and run.reader.get("u3")
        )
        assert {item.room_id for item in view.items} == {"r1", "r2"}
        counted = sum(
            1.0 if isinstance(event, kinds.Click) else 0.5
            for event in events
            if getattr(event, "user_id", "") == "u0" and isinstance(event, kinds.Click | kinds.Like)
        )
        until(lambda: run.weights(tell)["u0"]["cups"][3] == pytest.approx(counted), KeyError)


def test_the_catalogue_is_known_before_the_first_event_counts(broker: Broker, redis_url: str):
    tell = Recent()
    broker.send(traffic(tell, 1, 60))
    broker.send([tell.room(f"x{number}", "other", at_s=2) for number in range(500)])
    broker.send(catalogue(tell))
    with running(broker, redis_url, settings_for("cat:")) as run:
        run.until(events=500, catalogue_events=503, slates=10)
        assert run.health()["unknown_item"] == 0
        until(lambda: run.weights(tell)["u1"]["cups"][3] > 0, KeyError)


def test_rows_that_cannot_be_used_go_to_their_topic(broker: Broker, redis_url: str):
    tell = Recent()
    broker.send(catalogue(tell))
    broker.put("clicks", b'{"kind":"click"', b"k", tell.begin_ms, 2)
    far = tell(kinds.Click, 900, "u1", room_id="r1")
    broker.send([far], record_ms=tell.begin_ms)
    good = tell(kinds.Click, 5, "u1", room_id="r1")
    broker.send([good])
    with running(broker, redis_url, settings_for("dead:")) as run:
        health = run.until(dead_letters=2, events=4)
        assert health["dead_letters_by_reason"] == {"far_future": 1, "truncated_json": 1}
        assert run.health()["newest_event_time_ms"] == good.event_time_ms
    letters = {json.loads(row)["reason"]: key for key, row in broker.rows(broker.letters, 2)}
    assert set(letters) == {"far_future", "truncated_json"}
    assert letters["truncated_json"].startswith(f"{broker.prefix}clicks/2:".encode())


def test_a_run_that_goes_on_counts_each_event_once(broker: Broker, redis_url: str, tmp_path: Path):
    tell = Recent()
    first, second = catalogue(tell) + traffic(tell, 1, 80), traffic(tell, 9, 80)
    broker.send(first)
    with running(broker, redis_url, settings_for("on:"), tmp_path / "on") as run:
        run.until(events=len(first))
        before = run.value("on:{u1}:tags")
    broker.send(second)
    whole = len(first) + len(second)
    with running(broker, redis_url, settings_for("on:"), tmp_path / "on") as run:
        health = run.until(events=whole)
        assert health["events"] == whole
        assert health["duplicates"] == 0
        until(lambda: run.value("on:{u1}:tags")["version"] > before["version"])
        went_on = until(lambda: run.weights(tell))
        health = run.until(lost_rows=0)
    with running(broker, redis_url, settings_for("straight:")) as run:
        run.until(events=whole)
        until(lambda: run.weights(tell) == went_on)
        for user in ("u0", "u5"):
            own = run.value(f"straight:{{{user}}}:tags")
            assert own["version"] == run.value(f"on:{{{user}}}:tags")["version"]


def test_an_older_copy_of_the_state_goes_on_from_where_it_was(
    broker: Broker, redis_url: str, tmp_path: Path
):
    tell = Recent()
    state, copy = tmp_path / "state", tmp_path / "copy"
    parts = [catalogue(tell) + traffic(tell, 1, 60)]
    parts += [traffic(tell, 7 + 5 * number, 40) for number in range(2)]
    sent = 0
    for number, part in enumerate(parts):
        broker.send(part)
        sent += len(part)
        if number == 2:
            # What was done in between is done again.
            shutil.rmtree(state)
            shutil.copytree(copy, state)
        with running(broker, redis_url, settings_for("older:"), state) as run:
            health = run.until(events=sent)
            assert health["events"] == sent
            assert health["duplicates"] == health["lost_rows"] == 0
        if number == 0:
            shutil.copytree(state, copy)
    with running(broker, redis_url, settings_for("older:"), state) as run:
        went_on = until(lambda: run.weights(tell))
        version = run.value("older:{u1}:tags")["version"]
    with running(broker, redis_url, settings_for("never:")) as run:
        run.until(events=sent)
        until(lambda: run.weights(tell) == went_on)
        assert run.value("never:{u1}:tags")["version"] == version


def test_what_is_durable_is_committed(broker: Broker, redis_url: str, tmp_path: Path):
    tell = Recent()
    events = catalogue(tell) + traffic(tell, 1, 40)
    broker.send(events)
    clicks = sum(isinstance(event, kinds.Click) for event in events)
    with running(broker, redis_url, settings_for("commit:"), tmp_path) as run:
        run.until(events=len(events))
        until(lambda: broker.committed("clicks") == clicks)


def test_decisions_are_logged_in_a_folder(broker: Broker, redis_url: str, tmp_path: Path):
    tell = Recent()
    events = catalogue(tell) + traffic(tell, 1, 40)
    broker.send(events)
    folder = tmp_path / "decisions"
    with running(broker, redis_url, settings_for("log:"), None, str(folder)) as run:
        slates = run.until(events=len(events), slates=10)["slates"]
    lines = [
        json.loads(line)
        for path in folder.glob("decisions-*.jsonl")
        for line in path.read_bytes().splitlines()
    ]
    assert len([line for line in lines if line["type"] == "slate"]) >= slates
    assert all("@" in line["value"]["model"] for line in lines if line["type"] == "slate")


def test_devices_count_and_are_linked(broker: Broker, redis_url: str):
    tell = Recent()
    broker.send(catalogue(tell))
    broker.send(
        [tell(kinds.Click, 1 + number, device_id="d1", room_id="r1") for number in range(4)]
    )
    with running(broker, redis_url, settings_for("dev:")) as run:
        until(lambda: run.value("dev:{device:d1}:tags"))
        # Its topic was not there when the run began.
        broker.send([tell(kinds.IdentityLink, 6, "u1", device_id="d1")])
    with running(broker, redis_url, settings_for("dev:")) as run:
        until(lambda: run.value("dev:{u1}:tags"))
        tags = run.reader.get("u1", tell.begin_ms + 10_000).tags
        assert tags["tea"][0] == 4.0
        # Another shard's, which delivers apart.
        until(lambda: not run.value("dev:{device:d1}:tags"))
