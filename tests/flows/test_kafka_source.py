"""One partition of a topic: rounds, state, gaps, pace and the pause before an epoch's end."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from events import kinds
from events.envelope import seal
from flows import epoch_rest
from flows.brokers import place
from flows.epoch_rest import EpochRest
from flows.failures import BadInput
from flows.kafka_client import client_settings
from flows.kafka_source import KafkaPartition, KafkaSource, Sources
from flows.live_messages import PartRound
from flows.live_runtime import LiveRuntime
from flows.stop import Stop
from tests.kafka.broker import Broker
from tests.kafka_line import Recent, settings_for
from tests.waiting import until


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def tell() -> Recent:
    return Recent()


def sources_of(broker: Broker, *parts: str, stop: Stop | None = None, **flow: int) -> Sources:
    settings = settings_for()
    settings = dataclasses.replace(settings, flow=dataclasses.replace(settings.flow, **flow))
    runtime = LiveRuntime(settings, parts, workers=2)
    runtime.started = True
    return Sources(runtime, client_settings(broker.address, None), stop or Stop())


@contextmanager
def partition(sources: Sources, name: str, state: bytes | None = None) -> Iterator[KafkaPartition]:
    made = KafkaSource([name], sources).build_part("log", name, state)
    try:
        yield made
    finally:
        made.close()


def rounds(part: KafkaPartition, enough: Callable[[list[PartRound]], Any]) -> list[PartRound]:
    """What a partition gives out until it is enough."""
    made: list[PartRound] = []

    def more() -> Any:
        made.extend(part.next_batch())
        return enough(made)

    until(more)
    return made


def events_in(made: list[PartRound]) -> list[Any]:
    return [row[0] for one in made for rows in one.split.shards for row in rows.rows]


def put(broker: Broker, events: list[Any], part: int = 0, topic: str = "clicks") -> None:
    for event in events:
        broker.put(topic, msgspec.json.encode(event), b"k", event.event_time_ms, part)
    broker.flush()


def clicks(tell: Recent, *at: float) -> list[Any]:
    return [tell(kinds.Click, at_s, "u1", room_id="r1") for at_s in at]


def state_at(offset: int) -> bytes:
    return seal(b"LLKP", 1, msgspec.msgpack.encode((offset, 1, True, 5, {}, 0)))


def test_rows_come_in_order_and_go_on_after_a_snapshot(broker: Broker, tell: Recent):
    sent = clicks(tell, 1, 3, 2, 4)
    put(broker, sent[:2])
    with partition(sources_of(broker, "clicks/0"), "clicks/0") as part:
        made = rounds(part, lambda made: len(events_in(made)) == 2)
        assert made[-1].offset == 1
        state = part.snapshot()
    put(broker, sent[2:])
    with partition(sources_of(broker, "clicks/0"), "clicks/0", state) as part:
        made += rounds(part, lambda made: len(events_in(made)) == 2)
        assert [event.event_id for event in events_in(made)] == [one.event_id for one in sent]
        assert made[-1].clock_ms == tell.begin_ms + 4_000


def test_an_empty_partition_tells_the_time_each_tick(broker: Broker, tell: Recent):
    put(broker, clicks(tell, 1), 0)
    sources = sources_of(broker, "clicks/0", "clicks/1")
    shards = set(range(sources.splitter.shards))
    with partition(sources, "clicks/1") as part:
        made = rounds(part, lambda made: len(made) > 3 and made[-1].clock_ms)
        assert not events_in(made)
        assert any(one.tick for one in made)
        told = rounds(part, lambda made: {w.shard for one in made for w in one.words} == shards)
        heard = [name for one in told for word in one.words for name, _, _ in word.heard]
        assert set(heard) == {"clicks/1"}
        asked_ms = time.time() * 1000
        made += rounds(part, lambda made: made and made[-1].clock_ms)
        assert asked_ms - 8_000 < made[-1].clock_ms <= time.time() * 1000 - 5_000
        assert made[-1].clock_ms > made[-2].clock_ms or made[-1].clock_ms > 0


def test_rows_that_were_deleted_unread_are_counted(broker: Broker, tell: Recent, caplog: Any):
    text = "x" * 100_000
    many = [tell(kinds.Comment, n / 10, "u1", room_id="r1", text=text) for n in range(90)]
    put(broker, many, 0, "comments")
    sources = sources_of(broker, "comments/0")
    ends = until(lambda: sources.watch._consumer.get_watermark_offsets(place("comments/0")))
    low, high = ends
    assert low > 0, "the broker keeps all of it"
    with partition(sources, "comments/0", state_at(0)) as part:
        rounds(part, lambda made: len(events_in(made)) == high - low)
        reports = [one.report for one in rounds(part, lambda made: made and made[-1].report)]
        assert reports[-1] is not None
        assert reports[-1].counts["lost_rows"] == low
    assert "retention is too short" in caplog.text


def test_a_topic_that_was_made_anew_is_refused(broker: Broker, tell: Recent):
    put(broker, clicks(tell, 1, 2))
    with (
        partition(sources_of(broker, "clicks/0"), "clicks/0", state_at(1_000)) as part,
        pytest.raises(BadInput, match="empty recovery folder"),
    ):
        rounds(part, lambda made: False)


def test_two_partitions_advance_together(broker: Broker, tell: Recent):
    put(broker, clicks(tell, *range(0, 60)), 0)
    put(broker, clicks(tell, *range(0, 60, 2)), 1)
    sources = sources_of(broker, "clicks/0", "clicks/1")
    with partition(sources, "clicks/0") as fast, partition(sources, "clicks/1") as slow:
        ahead: list[PartRound] = []
        for _ in range(50):
            ahead += fast.next_batch()
            time.sleep(0.01)
        assert len(events_in(ahead)) == 0, "nothing is known of the other one"
        behind: list[PartRound] = []

        def both() -> bool:
            ahead.extend(fast.next_batch())
            behind.extend(slow.next_batch())
            times = [made[-1].clock_ms for made in (ahead, behind) if made and made[-1].clock_ms]
            if len(times) == 2 and len(events_in(behind)) < 30:
                assert times[0] - times[1] <= 5_000
            return len(events_in(ahead)) == 60 and len(events_in(behind)) == 30

        until(both)


def test_before_all_times_are_known_a_partition_tells_no_more_than_its_own(
    broker: Broker, tell: Recent
):
    put(broker, clicks(tell, 1, 2))
    sources = sources_of(broker, "clicks/0", "clicks/1")
    sources.runtime.started = False
    with partition(sources, "clicks/0") as part:
        made = rounds(part, lambda made: made and made[-1].clock_ms)
        assert events_in(made) == []
        assert made[-1].clock_ms == tell.begin_ms + 999
        sources.runtime.started = True
        rounds(part, lambda made: len(events_in(made)) == 2)


def test_an_epoch_has_a_limit_of_rows(broker: Broker, tell: Recent):
    put(broker, clicks(tell, *[n / 1000 for n in range(5_000)]))
    with partition(sources_of(broker, "clicks/0", epoch_rows_max=1), "clicks/0") as part:
        read = 0
        while read < 5_000:
            # However many rows the broker hands over at once, one round of them is an epoch's.
            read += len(events_in(rounds(part, lambda made: events_in(made))))
            if read < 5_000:
                for _ in range(20):
                    assert events_in(part.next_batch()) == []
                    time.sleep(0.001)
            part.snapshot()
        assert read == 5_000


def test_a_stop_ends_the_input(broker: Broker, tell: Recent):
    put(broker, clicks(tell, 1))
    stop = Stop()
    with partition(sources_of(broker, "clicks/0", stop=stop), "clicks/0") as part:
        part.next_batch()
        stop.asked = True
        with pytest.raises(StopIteration):
            part.next_batch()


def test_who_waited_for_others_waits_before_the_next_epoch_ends(monkeypatch: pytest.MonkeyPatch):
    now_s = 0.0
    monkeypatch.setattr(epoch_rest, "time", SimpleNamespace(perf_counter=lambda: now_s))
    rest = EpochRest(0.05)
    assert rest.before_epoch_ends() == 0.0
    rest.epoch_ends()
    now_s += 0.03
    assert rest.before_epoch_ends() == 0.0, "the epoch has just begun"
    now_s += 0.025
    assert rest.before_epoch_ends() >= 0.9 * 0.03
    assert rest.before_epoch_ends() == 0.0, "once an epoch"
