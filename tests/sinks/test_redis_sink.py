from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from decisions.outputs import CardWrite, Delivery, Push, RoomWrite, Write, head
from sinks.connect import Client, connect
from sinks.embedded import EmbeddedRedis
from sinks.redis_sink import RedisWriter
from sinks.retry import Stopped
from sinks.settings import RedisSettings

BASE = 1_767_225_600_000
Make = Callable[..., Write]


def version_at(client: Any, key: str) -> int:
    body = client.get(key)
    return 0 if body is None else orjson.loads(body)["version"] - BASE


def test_only_larger_versions_are_taken(either: Client, quick: RedisSettings, tag_write: Make):
    writer = RedisWriter(either, quick)
    for number in (5, 3, 5, 7):
        writer.write([Delivery(writes=[tag_write("a", number)])])
        writer.flush()
    assert version_at(either, "ll:{a}:tags") == 7
    assert (writer.counters.writes, writer.counters.refused, writer.counters.repeated) == (2, 1, 1)
    assert 0 < either.pttl("ll:{a}:tags") <= quick.ttl_ms


def test_the_newest_of_a_batch_is_sent_and_the_others_counted(
    client: Client, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(client, quick)
    batch = [tag_write("a", 2), tag_write("b", 1), tag_write("a", 9), tag_write("a", 4)]
    writer.write([Delivery(writes=batch[:2]), Delivery(writes=batch[2:])])
    writer.flush()
    assert version_at(client, "ll:{a}:tags") == 9
    assert (writer.counters.writes, writer.counters.coalesced) == (2, 2)


def test_calls_hold_no_more_keys_than_the_setting(
    client: Any, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(client, replace(quick, calls_in_flight=2))
    client.config_resetstat()
    writer.write([Delivery(writes=[tag_write(f"u{i}", 1) for i in range(1_001)])])
    writer.flush()
    assert writer.counters.writes == 1_001
    assert client.info("commandstats")["cmdstat_evalsha"]["calls"] == 1 + 11  # and the marker


@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 30)), max_size=8), max_size=8
    )
)
@hypothesis_settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_redis_ends_as_a_dictionary_of_maxima(
    client: Client, quick: RedisSettings, tag_write: Make, batches: list[list[tuple[str, int]]]
):
    client.flushall()
    writer = RedisWriter(client, replace(quick, keys_per_call=3, calls_in_flight=2))
    judge: dict[str, int] = {}
    for batch in batches:
        writer.write([Delivery(writes=[tag_write(user, n, rest=f'"n":{n}') for user, n in batch])])
        for user, number in batch:
            judge[user] = max(judge.get(user, 0), number)
    writer.close()
    assert {u: version_at(client, f"ll:{{{u}}}:tags") for u in judge} == judge


def test_a_reader_beside_two_writers_never_sees_a_version_go_back(
    redis_url: str, client: Client, quick: RedisSettings, tag_write: Make
):
    done = threading.Event()
    backward: list[tuple[int, int]] = []

    def read() -> None:
        reader: Any = connect(redis_url, quick)
        last = [0] * 20
        while not done.is_set():
            values = reader.mget([f"ll:{{u{i}}}:tags" for i in range(20)])
            for i, body in enumerate(values):
                now = orjson.loads(body)["version"] if body else 0
                if now < last[i]:
                    backward.append((last[i], now))
                last[i] = now

    def write(seed: int) -> None:
        shuffled = [(user, number) for user in range(20) for number in range(1, 60)]
        random.Random(seed).shuffle(shuffled)
        writer = RedisWriter(connect(redis_url, quick), quick, f"w{seed}")
        for start in range(0, len(shuffled), 30):
            some = shuffled[start : start + 30]
            writer.write([Delivery(writes=[tag_write(f"u{u}", n) for u, n in some])])
        writer.close()

    reading = threading.Thread(target=read)
    writing = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    for thread in [reading, *writing]:
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    reading.join()
    assert backward == []
    assert {version_at(client, f"ll:{{u{i}}}:tags") for i in range(20)} == {59}


def room(room_id: str, number: int, live: bool) -> RoomWrite:
    return RoomWrite(room_id, BASE + number, live, head(BASE + number, BASE) + b'"x":0}')


def test_rooms_come_and_go_by_version(either: Client, quick: RedisSettings):
    writer = RedisWriter(either, quick)
    writer.write([Delivery(rooms=[room("r1", 1, True), room("r2", 1, True)])])
    writer.write([Delivery(rooms=[room("r1", 3, False)])])
    writer.write([Delivery(rooms=[room("r1", 2, True)])])  # comes late
    writer.flush()
    assert either.smembers("ll:rooms") == {b"r2"}
    assert version_at(either, "ll:room:r1") == 3
    writer.write([Delivery(rooms=[room("r2", 1, True)])])
    writer.flush()
    assert either.smembers("ll:rooms") == {b"r2"}
    assert (writer.counters.refused, writer.counters.repeated) == (1, 1)


def test_cards_and_health(either: Client, quick: RedisSettings):
    writer = RedisWriter(either, quick)
    body = head(BASE, BASE) + b'"auc":0.7}'
    writer.write([Delivery(cards=[CardWrite("engagement", BASE, body)])])
    writer.health(b'{"v":1}')
    writer.flush()
    assert either.get("ll:model:engagement") == body
    assert either.get("ll:health") == b'{"v":1}'


def pushes(*numbers: int) -> list[Push]:
    return [Push(f"p{n}", f"u{n}", BASE + n, b'{"push_id":"p%d"}' % n) for n in numbers]


def sent(client: Any) -> list[str]:
    return sorted(
        orjson.loads(fields[b"d"])["push_id"]
        for stream in range(4)
        for _, fields in client.xrange(f"ll:{{push:{stream}}}:out")
    )


def test_a_push_enters_its_stream_once(either: Client, quick: RedisSettings):
    writer = RedisWriter(either, quick)
    writer.push(pushes(*range(10)))
    writer.push(pushes(*range(5, 15)))
    writer.flush()
    assert sent(either) == sorted(f"p{n}" for n in range(15))
    assert (writer.counters.pushes, writer.counters.pushes_repeated) == (15, 5)


def test_push_ids_are_forgotten_by_event_time_and_streams_are_cut(
    client: Any, quick: RedisSettings
):
    writer = RedisWriter(client, replace(quick, push_streams=1, push_stream_max=50))
    writer.push(pushes(*range(1_000)), forget_before_ms=BASE + 900)
    writer.flush()
    assert client.zrange("ll:{push:0}:ids", 0, 0) == [b"p900"]
    assert 50 <= client.xlen("ll:{push:0}:out") < 300  # cut by whole blocks


def test_nothing_is_lost_while_redis_is_away(tmp_path: Path, quick: RedisSettings, tag_write: Make):
    server = EmbeddedRedis(tmp_path, append_only=True)
    url = server.start()
    waits = 0

    def sleep(_seconds: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 3:
            server.start()

    try:
        writer = RedisWriter(connect(url, quick), quick, sleep=sleep)
        writer.write([Delivery(writes=[tag_write("a", 1), tag_write("b", 1)])])
        server.stop()
        writer.write([Delivery(writes=[tag_write("b", 2), tag_write("c", 1)])])
        writer.push(pushes(1, 2))
        writer.flush()
        client = connect(url, quick)
        assert [version_at(client, f"ll:{{{u}}}:tags") for u in "abc"] == [1, 2, 1]
        assert sent(client) == ["p1", "p2"]
        assert waits == 3
        assert writer.counters.retries >= 3
        assert writer.counters.away == ""
        assert writer.lost_writes() == 0
    finally:
        server.stop()


def test_waiting_for_redis_can_be_stopped(tmp_path: Path, quick: RedisSettings, tag_write: Make):
    stop = False

    def sleep(_seconds: float) -> None:
        nonlocal stop
        stop = writer.counters.retries > 2

    with EmbeddedRedis(tmp_path) as url:
        client = connect(url, quick)
    writer = RedisWriter(client, quick, should_stop=lambda: stop, sleep=sleep)
    with pytest.raises(Stopped):
        writer.write([Delivery(writes=[tag_write("a", 1)])])
    assert "see whether it runs" in writer.counters.away


def test_scripts_that_the_server_forgot_are_loaded_again(
    either: Any, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(either, quick)
    writer.write([Delivery(writes=[tag_write("a", 1)])])
    writer.flush()
    either.script_flush()
    writer.write([Delivery(writes=[tag_write("a", 2), tag_write("b", 1)])])
    writer.flush()
    assert version_at(either, "ll:{a}:tags") == 2
    assert writer.counters.writes == 3


def test_a_key_of_another_kind_is_an_error_and_not_waited_for(
    client: Client, quick: RedisSettings, tag_write: Make
):
    client.sadd("ll:{a}:tags", "x")
    writer = RedisWriter(client, quick)
    writer.write([Delivery(writes=[tag_write("a", 1)])])
    with pytest.raises(Exception, match="WRONGTYPE"):
        writer.flush()


def test_a_redis_that_lost_writes_is_noticed(either: Client, quick: RedisSettings, tag_write: Make):
    writer = RedisWriter(either, quick)
    for number in (1, 2, 3):
        writer.write([Delivery(writes=[tag_write("a", number)])])
    writer.flush()
    assert writer.lost_writes() == 0
    either.flushall()
    writer.write([Delivery(writes=[tag_write("a", 4)])])
    writer.flush()
    assert writer.lost_writes() >= 1
    noticed = writer.lost_writes()
    writer.write([Delivery(writes=[tag_write("a", 5)])])
    writer.flush()
    assert writer.lost_writes() == noticed

    marks = writer.marks()
    either.flushall()
    resumed = RedisWriter(either, quick, marks=marks)
    resumed.write([])
    resumed.flush()
    assert resumed.lost_writes() >= 1


def test_each_node_of_a_cluster_has_a_marker(
    cluster_client: Any, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(cluster_client, quick)
    writer.write([Delivery(writes=[tag_write("a", 1)])])
    writer.flush()
    nodes = [cluster_client.get_node_from_key(key).name for key in writer.marks()]
    assert len(set(nodes)) == len(nodes) == 3


def test_a_slot_that_moved_to_another_node_is_followed(
    cluster_client: Any, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(cluster_client, quick)
    writer.write([Delivery(writes=[tag_write("a", 1)])])
    slot = cluster_client.keyslot("ll:{mover}:tags")
    source = cluster_client.get_node_from_key("ll:{mover}:tags")
    target = next(node for node in cluster_client.get_primaries() if node.name != source.name)
    target_id = cluster_client.execute_command("CLUSTER MYID", target_nodes=target)
    for node in (target, source):
        cluster_client.cluster_setslot(node, target_id.decode(), slot, "NODE")
    writer.write([Delivery(writes=[tag_write("mover", 2), tag_write("a", 2)])])
    writer.flush()
    assert version_at(cluster_client, "ll:{mover}:tags") == 2
    assert writer.counters.writes == 3


def test_waits_grow_while_redis_answers_that_it_cannot(
    client: Any, quick: RedisSettings, tag_write: Make
):
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 5:
            client.config_set("maxmemory", 0)

    writer = RedisWriter(client, quick, sleep=sleep)
    writer.write([])
    writer.flush()
    client.config_set("maxmemory", 1)
    writer.write([Delivery(writes=[tag_write("a", 1)])])
    writer.flush()
    assert version_at(client, "ll:{a}:tags") == 1
    assert len(waits) == 5
    assert max(waits[3:]) > 2 * waits[0]
    assert writer.counters.away == ""


def test_after_a_restart_only_larger_until_passed_then_one_more_than_stored(
    either: Client, quick: RedisSettings, tag_write: Make
):
    def deliver(writer: RedisWriter, offset: int, *writes: Write) -> None:
        writer.write([Delivery(source="s1", reached={"clicks-0": offset}, writes=list(writes))])
        writer.flush()

    first = RedisWriter(either, quick)
    deliver(first, 100, tag_write("a", 10), tag_write("b", 10))

    second = RedisWriter(either, quick)
    deliver(second, 60, tag_write("a", 6, rest='"x":6'))
    assert version_at(either, "ll:{a}:tags") == 10  # has not passed 100: refused
    assert second.counters.refused == 1
    third = RedisWriter(either, quick)  # killed again before it had caught up
    deliver(third, 99, tag_write("a", 8))
    assert version_at(either, "ll:{a}:tags") == 10
    deliver(third, 100, tag_write("a", 9, rest='"x":9'), tag_write("b", 11))
    assert orjson.loads(either.get("ll:{a}:tags")) == {
        "v": 1,
        "version": BASE + 11,
        "as_of_ms": BASE,
        "x": 9,
    }
    assert version_at(either, "ll:{b}:tags") == 11
    assert third.counters.raised == 1
    deliver(third, 101, tag_write("a", 12))
    assert version_at(either, "ll:{a}:tags") == 12
    assert third.counters.raised == 1


def test_a_source_that_passed_does_not_pass_for_another(
    client: Client, quick: RedisSettings, tag_write: Make
):
    first = RedisWriter(client, quick)
    for source, user in (("s1", "a"), ("s2", "b")):
        first.write([Delivery(source, {"clicks-0": 50}, [tag_write(user, 10)])])
    first.flush()
    second = RedisWriter(client, quick)
    second.write(
        [
            Delivery("s1", {"clicks-0": 50}, [tag_write("a", 5)]),
            Delivery("s2", {"clicks-0": 49}, [tag_write("b", 5)]),
        ]
    )
    second.flush()
    assert version_at(client, "ll:{a}:tags") == 11
    assert version_at(client, "ll:{b}:tags") == 10


def test_a_write_repeated_over_a_lost_connection_does_not_raise_its_own_successor(
    client: Client, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(client, quick, sleep=lambda _seconds: None)
    reached = {"clicks-0": 1}
    writer.write([Delivery("s1", reached)])
    writer.flush()
    settings = replace(quick, keys_per_call=1)
    writer = RedisWriter(client, settings, sleep=lambda _seconds: None)
    writer.write([Delivery("s1", reached)])
    writer.flush()
    for number in (1, 2):
        values = {"ll:{a}:tags": tag_write("a", number)}
        calls = writer._value_calls(values, True)
        writer._sender.unanswered.extend(calls)
        writer._sender._link.send(calls)
    writer._sender._send_again(ConnectionError("cut"))
    writer.flush()
    assert version_at(client, "ll:{a}:tags") == 2
    assert writer.counters.raised == 0


def test_an_erasure_takes_what_stood_before_it_and_leaves_what_comes_with_it(
    either: Any, quick: RedisSettings, tag_write: Make
):
    writer = RedisWriter(either, quick)
    writer.write(
        [
            Delivery(writes=[tag_write("a", 9), tag_write("b", 1)]),
            Delivery(erased=[("a", "tags")], writes=[tag_write("a", 2)]),
        ]
    )
    writer.flush()
    assert version_at(either, "ll:{a}:tags") == 2
    assert version_at(either, "ll:{b}:tags") == 1
    writer.write([Delivery(erased=[("a", "tags"), ("b", "tags"), ("b", "recs")])])
    writer.flush()
    assert not either.exists("ll:{a}:tags")
    assert not either.exists("ll:{b}:tags")
