"""A live process tells its figures over HTTP, and whether it is alive and ready."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from decisions.push.wording import WHY_NOT
from events import kinds
from events.letters import REASONS
from flows.failures import BadInput
from flows.live_runtime import LiveRuntime
from flows.metrics.collect import LiveFigures
from flows.metrics.epochs import EpochMeter
from flows.metrics.names import METRICS, STANDARD
from flows.metrics.serve import address_of, serving
from tests.kafka_line import Broker, Recent, running, settings_for
from tests.waiting import until

Told = dict[tuple[str, frozenset[tuple[str, str]]], float]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def told(port: int) -> Told:
    """Every sample by name and labels."""
    code, text = ask(port, "/metrics")
    assert code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(samples: Told, name: str) -> float:
    return sum(value for (known, _), value in samples.items() if known == name)


def test_a_run_tells_what_it_does(redis_url: str):
    broker, tell, port = Broker(), Recent(), free_port()
    events: list[object] = [tell.room("r1", "tea cups"), tell.room("r2", "cups pots")]
    for number in range(60):
        events += tell.shown(1 + number / 5, f"u{number % 7}", f"q{number}", "r1 r2")
        events.append(tell(kinds.Click, 1.1 + number / 5, f"u{number % 7}", room_id="r1"))
    again = tell(kinds.Click, 14, "u1", room_id="r1")
    lost = tell(kinds.Click, 14, "u1", room_id="nowhere")
    events += [again, again, lost]
    broker.send(events)
    broker.put("clicks", b'{"kind":"click"', b"k", tell.begin_ms, 2)
    with running(broker, redis_url, settings_for("met:"), metrics=f"127.0.0.1:{port}") as run:
        health = run.until(events=len(events), slates=1, duplicates=1, unknown_item=1)
        assert ask(port, "/live") == (200, "ok\n")
        assert ask(port, "/ready") == (200, "ok\n")
        assert ask(port, "/")[0] == 404
        samples = until(lambda: _epochs(port))
        names = {name.removesuffix("_count") for name, _ in samples}
        without_recovery = {metric.name for metric in METRICS if "_recovery_" not in metric.name}
        assert names >= without_recovery
        assert names >= set(STANDARD)
        assert total(samples, "liveloom_events_total") == len(events)
        assert samples["liveloom_dead_letters_total", _of(reason="truncated_json")] == 1
        assert total(samples, "liveloom_duplicate_events_total") == 1
        assert total(samples, "liveloom_unknown_item_events_total") == 1
        assert samples["liveloom_decisions_total", _of(kind="slate")] >= health["slates"]
        assert total(samples, "liveloom_rows_behind") == 0
        assert total(samples, "liveloom_catalogue_events") == 2
        assert total(samples, "liveloom_ready") == 1
        assert 0 < total(samples, "liveloom_event_time_lag_seconds") < 3600
        assert total(samples, "liveloom_redis_reply_seconds_count") > 0
        assert total(samples, "liveloom_redis_reply_seconds_sum") > 0
    with pytest.raises(OSError, match="refused"):
        ask(port, "/live")


def _of(**labels: str) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def _epochs(port: int) -> Told | None:
    """All samples, once model cards and two epochs are there."""
    samples = told(port)
    there = total(samples, "liveloom_epochs_total") > 1
    return samples if there and ("liveloom_model_auc", _of(model="engagement")) in samples else None


def test_reasons_are_there_before_anything_has_happened(tmp_path: Path):
    runtime = LiveRuntime(settings_for(), [])
    port = free_port()
    with serving(("127.0.0.1", port), runtime, LiveFigures(runtime, 3, str(tmp_path))):
        samples = told(port)
        assert {labels for name, labels in samples if name == "liveloom_dead_letters_total"} == {
            _of(reason=reason) for reason in REASONS
        }
        assert {labels for name, labels in samples if name == "liveloom_push_refusals_total"} == {
            _of(reason=reason) for reason in WHY_NOT
        }
        assert {labels for name, labels in samples if name == "liveloom_kept_out_rooms_total"} == {
            _of(reason="left"),
            _of(reason="passed_over"),
        }
        assert len([name for name, _ in samples if name == "liveloom_table_rows_total"]) == 8
        assert total(samples, "liveloom_restarts_total") == 3
        free = total(samples, "liveloom_recovery_free_bytes")
        assert 0 < free < total(samples, "liveloom_recovery_disk_bytes")


def test_rows_for_tables_are_told_by_what_came_of_them():
    runtime = LiveRuntime(settings_for(), [])
    counts = {"engagements": 9, "late": 1, "refused": 2, "dropped": 3}
    runtime.tell("neighbours", counts)
    port = free_port()
    with serving(("127.0.0.1", port), runtime, LiveFigures(runtime)):
        samples = told(port)
    for outcome, count in {"taken": 9, "late": 1, "refused": 2, "dropped": 3}.items():
        labels = _of(kind="neighbours", outcome=outcome)
        assert samples["liveloom_table_rows_total", labels] == count


def test_who_waits_for_redis_is_alive_and_not_ready():
    runtime = LiveRuntime(settings_for(), [])
    now_s = 0.0
    runtime.epochs = EpochMeter(lambda: now_s)
    port = free_port()
    with serving(("127.0.0.1", port), runtime, LiveFigures(runtime)):
        now_s = 300.0
        assert ask(port, "/live") == (503, "nothing was read for 300 s\n")
        runtime.counters.away = "connection refused"
        assert ask(port, "/live")[0] == 200
        assert ask(port, "/ready") == (503, "Redis cannot be written\n")
        runtime.counters.away = ""
        runtime.epochs.read()
        runtime.catalogue_ready = False
        assert ask(port, "/live")[0] == 200
        assert ask(port, "/ready") == (503, "the catalogue is not known yet\n")


def test_an_address_that_is_taken_is_told():
    runtime = LiveRuntime(settings_for(), [])
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = taken.getsockname()
        with (
            pytest.raises(BadInput, match=f"port {address[1]} .*give another address by --metrics"),
            serving(address, runtime, LiveFigures(runtime)),
        ):
            pass


def test_addresses_are_loopback_unless_told_otherwise():
    assert address_of("9464") == ("127.0.0.1", 9464)
    assert address_of("9464", 2) == ("127.0.0.1", 9466)
    assert address_of("0.0.0.0:9464", 1) == ("0.0.0.0", 9465)
    assert address_of("[::1]:9464") == ("::1", 9464)
    for text in ("", "host:", "host:x", "host:0", "65536", "-1"):
        with pytest.raises(BadInput, match="HOST:PORT"):
            address_of(text)
    with pytest.raises(BadInput, match="HOST:PORT"):
        address_of("65535", 1)


def test_an_epoch_is_measured_by_the_first_partition():
    now_s = 0.0
    meter = EpochMeter(lambda: now_s)
    meter.enter("a/0")
    meter.enter("b/0")
    for step_s in (0.1, 0.2, 0.6, 0.1):
        now_s += step_s
        meter.read()
    meter.ends("b/0")
    assert meter.ended == 0
    meter.ends("a/0")
    assert meter.ended == 1
    assert (meter.last.seconds, meter.last.stall_s) == (pytest.approx(1.0), pytest.approx(0.6))

    def snapshot() -> bytes:
        nonlocal now_s
        now_s += 0.25
        return b"1234"

    assert meter.timed(snapshot)() == b"1234"
    assert meter.timed(snapshot)() == b"1234"
    assert meter.timed(lambda: None)() is None
    meter.read()
    meter.ends("a/0")
    assert meter.last.snapshot_bytes == 8
    assert (meter.last.snapshot_s, meter.last.stall_s) == (0.5, 0.5)
    meter.ends("a/0")
    assert meter.last.snapshot_bytes == 0
