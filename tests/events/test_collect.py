"""Collecting logs: merged in event-time order, nothing lost, the same in any batches."""

from __future__ import annotations

import gzip
import heapq
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.clock import ClockSettings
from events.collect import Batch, Collector
from events.errors import StateError
from events.logs import LogError, LogSettings
from events.stream import CollectSettings

T = 1_760_000_000_000
DAY = 86_400_000
SMALL = CollectSettings(
    clock=ClockSettings(confirm_rows=12, confirm_events=4),
    log=LogSettings(block_bytes=100, packed_bytes=64, chunk_rows=7),
)


def row(name: str, time_ms: int, person: str = "a") -> bytes:
    event = {"kind": "enter", "event_id": name, "event_time_ms": time_ms, "user_id": person}
    return json.dumps(event | {"room_id": "r"}).encode() + b"\n"


def write(folder: Path, logs: Sequence[bytes]) -> list[str]:
    paths = [folder / f"{i}.jsonl" for i in range(len(logs))]
    for path, data in zip(paths, logs, strict=True):
        path.write_bytes(data)
    return [str(path) for path in paths]


def whole(collector: Collector, max_rows: int = 1000) -> Batch:
    """All batches as one."""
    total = Batch([], [], [], [], False, 0.0)
    while not total.done:
        batch = collector.next(max_rows)
        assert len(batch.events) == len(batch.clocks) == len(batch.rows)
        assert total.progress <= batch.progress <= 1.0
        total.events += batch.events
        total.clocks += batch.clocks
        total.rows += batch.rows
        total.letters += batch.letters
        total.done, total.progress = batch.done, batch.progress
    collector.close()
    return total


def test_a_log_comes_whole(tmp_path: Path, examples_by_kind: dict[str, dict[str, Any]]) -> None:
    data = b"".join(json.dumps(example).encode() + b"\n" for example in examples_by_kind.values())
    log = whole(Collector(write(tmp_path, [data])))
    assert [event.event_id for event in log.events] == [
        example["event_id"] for example in examples_by_kind.values()
    ]
    assert log.rows == list(range(1, len(examples_by_kind) + 1))
    assert log.progress == 1.0


def test_rows_count_blank_and_dead_lines_too(tmp_path: Path) -> None:
    data = row("1", T, "a") + b"\n" + b"nonsense\n" + row("4", T + 1, "b") + b'{"kind":"en'
    log = whole(Collector(write(tmp_path, [data])))
    assert (log.rows, log.clocks) == ([1, 4], [T, T + 1])
    assert [(letter.line, letter.reason) for letter in log.letters] == [
        (3, "invalid_json"),
        (5, "truncated_json"),
    ]
    assert log.letters[0].source == str(tmp_path / "0.jsonl")
    assert "cut short" in log.letters[1].detail


def test_an_unconfirmed_jump_becomes_a_letter_with_its_line(tmp_path: Path) -> None:
    data = row("1", T, "a") + row("2", T, "b") + row("3", T + 99 * DAY, "c") + row("4", T, "a")
    log = whole(Collector(write(tmp_path, [data])))
    assert log.rows == [1, 2, 4]
    assert [(letter.line, letter.reason) for letter in log.letters] == [(3, "unconfirmed_jump")]


def test_logs_merge_by_time_and_ties_by_place(tmp_path: Path) -> None:
    one = (
        row("a1", T, "x") + row("a2", T + 10, "y") + row("a3", T + 5, "x") + row("a4", T + 30, "y")
    )
    two = row("b1", T, "x") + row("b2", T + 7, "y") + row("b3", T + 10, "x")
    log = whole(Collector(write(tmp_path, [one, two])))
    assert [event.event_id for event in log.events] == ["a1", "b1", "b2", "a2", "a3", "b3", "a4"]
    assert log.clocks == [T, T, T + 7, T + 10, T + 10, T + 10, T + 30]
    assert log.rows == list(range(1, 8))


def test_a_damaged_log_ends_and_the_others_go_on(tmp_path: Path) -> None:
    rows = [row(f"{i}", T + i, "ab"[i % 2]) for i in range(5000)]
    packed = gzip.compress(b"".join(rows))
    paths = write(tmp_path, [packed[: len(packed) * 3 // 4], b"".join(rows)])
    log = whole(Collector(paths), max_rows=100)
    (letter,) = log.letters
    assert (letter.reason, letter.source) == ("broken_log", paths[0])
    assert letter.line is not None
    assert 1000 < letter.line < 5000
    assert len(log.events) == 5000 + letter.line - 1
    collector = Collector(paths)
    while not collector.next(100).done:
        pass
    again = whole(Collector.restore(paths, collector.state()))
    assert (again.events, again.letters) == ([], [])


def test_state_of_other_logs_or_bytes_is_refused(tmp_path: Path) -> None:
    paths = write(tmp_path, [row("1", T, "a") + row("2", T, "b"), row("3", T)])
    collector = Collector(paths)
    collector.next(10)
    state = collector.state()
    with pytest.raises(LogError, match="same logs"):
        Collector.restore(paths[:1], state)
    with pytest.raises(LogError, match="same logs"):
        Collector.restore(paths[::-1], state)
    for damaged in (b"", state[:-1], b"\xff" + state[1:]):
        with pytest.raises(StateError, match="damaged"):
            Collector.restore(paths, damaged)
    with pytest.raises(StateError, match="layout"):
        Collector.restore(paths, b"\x93\x63" + state[2:])
    Path(paths[0]).write_bytes(row("1", T, "a"))
    with pytest.raises(LogError, match="1 lines, but 2"):
        Collector.restore(paths, state)


lines = st.one_of(
    st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, 5, 3_600_001, 31 * DAY, -50])),
    st.sampled_from([b"\n", b"broken\n", b'{"kind":"on_air"}\n']),
)
logs = st.lists(st.lists(lines, max_size=30), min_size=1, max_size=3)


def build(drawn: list[list[Any]]) -> list[bytes]:
    """Logs whose times move on by small steps, with a far one here and there."""
    out = []
    for log, entries in enumerate(drawn):
        base, data = T, b""
        for i, entry in enumerate(entries):
            if isinstance(entry, bytes):
                data += entry
                continue
            person, step = entry
            data += row(f"{log}-{i}", base + step, person)
            base += step if abs(step) < 100 else 0
        out.append(data)
    return out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(drawn=logs, max_rows=st.integers(1, 40), stop=st.integers(0, 60))
def test_batches_blocks_and_stops_change_nothing(
    tmp_path: Path, drawn: list[list[Any]], max_rows: int, stop: int
) -> None:
    paths = write(tmp_path, build(drawn))
    clock = CollectSettings(clock=SMALL.clock)
    want = whole(Collector(paths, clock))
    assert whole(Collector(paths, SMALL), max_rows) == want
    collector = Collector(paths, SMALL)
    first = collector.next(stop) if stop else Batch([], [], [], [], False, 0.0)
    state = collector.state()
    collector.close()
    rest = whole(Collector.restore(paths, state, clock), max_rows)
    assert first.events + rest.events == want.events
    assert first.clocks + rest.clocks == want.clocks
    assert first.rows + rest.rows == want.rows
    assert first.letters + rest.letters == want.letters


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(drawn=logs)
def test_merging_equals_sorting_by_clock_and_place(tmp_path: Path, drawn: list[list[Any]]) -> None:
    paths = write(tmp_path, build(drawn))
    each = [whole(Collector([path], SMALL)) for path in paths]
    keyed = [
        [
            (clock_ms, at, event.event_id)
            for event, clock_ms in zip(log.events, log.clocks, strict=True)
        ]
        for at, log in enumerate(each)
    ]
    want = [key[2] for key in heapq.merge(*keyed, key=lambda key: key[:2])]
    got = whole(Collector(paths, SMALL))
    assert [event.event_id for event in got.events] == want
    assert got.clocks == sorted(got.clocks)
    assert len(got.letters) == sum(len(log.letters) for log in each)


def test_a_batch_ends_where_the_catalogue_has_changed_often(tmp_path: Path) -> None:
    """Hosts that are told of one after another are one change."""
    host = b'{"kind":"host","event_id":"h","event_time_ms":%d,"host_id":"h","name":"Ann"}\n' % T
    log = host * 2_000 + b"".join(host + row(str(n), T) for n in range(1_000)) + row("z", T) * 2_000
    paths = write(tmp_path, [log])
    collector = Collector(paths)
    batches = [collector.next(3_000, 24)]
    while not batches[-1].done:
        batches.append(collector.next(3_000, 24))
    collector.close()
    sizes = [len(batch.events) for batch in batches]
    assert sum(sizes) == 6_000
    assert sizes[0] > 2_000, "the hosts at first"
    assert max(sizes[1:7]) <= 256, "rows of which every other one is a host"
    assert sizes[-1] > 1_500, "none at last"
    assert whole(Collector(paths)).rows == list(range(1, 6_001))


def test_a_batch_ends_after_some_time_but_not_before_it_has_some_rows(tmp_path: Path) -> None:
    """Rows before the log's first time, and those that come at once, count for nothing."""
    host = b'{"kind":"host","event_id":"h","event_time_ms":%d,"host_id":"h","name":"Ann"}\n' % T
    crowd = [row(f"a{n}", T + n) for n in range(6_000)]
    few = [row(f"b{n}", T + 6_000 + 100 * n) for n in range(3_000)]
    collector = Collector(write(tmp_path, [host * 2_000 + b"".join(crowd + few)]))
    batches = [collector.next(5_000, max_ms=3_000)]
    while not batches[-1].done:
        batches.append(collector.next(5_000, max_ms=3_000))
    collector.close()
    sizes = [len(batch.events) for batch in batches]
    assert sum(sizes) == 11_000
    assert sizes[0] == 5_000, "2,000 hosts and three seconds of the crowd"
    assert 3_000 <= sizes[1] < 3_300
    assert all(1_024 <= size < 1_300 for size in sizes[2:-1]), "however long they take"
