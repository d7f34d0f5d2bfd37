from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from bytewax import operators as op
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.testing import TestingSource, run_main

from decisions.outputs import Decision, Delivery, Push, Write, encode, head
from events.errors import StateError
from sinks.adapters import DeadLetterSink, DeliverPartition, DeliverSink, MakeWriter
from sinks.connect import Client
from sinks.dead_letters import dead_letter_runs, merge_dead_letters
from sinks.decision_log import DecisionRuns, merge_decisions
from sinks.kept import kept_in
from sinks.redis_sink import RedisWriter
from sinks.settings import RedisSettings

BASE = 1_767_225_600_000
STEPS = 12


def delivery(number: int) -> Delivery:
    """Step n of four users in turn: a value, a decision, and for every third a push."""
    user = f"u{number % 4}"
    body = head(BASE + number, BASE) + b'"n":%d}' % number
    pushes = [Push(f"p{number}", user, BASE + number, b'{"push_id":"p%d"}' % number)]
    return Delivery(
        writes=[Write(user, "recs", BASE + number, body)],
        pushes=pushes if number % 3 == 0 else [],
        decisions=[Decision(BASE + number, user, number, "recs", b'{"n":%d}' % number)],
    )


def writers(client: Client, settings: RedisSettings) -> MakeWriter:
    """Makes a partition's writer to this Redis."""
    return lambda part, marks, kept: RedisWriter(client, settings, part, marks=marks, kept=kept)


def run(
    client: Client,
    settings: RedisSettings,
    folder: Path,
    source: TestingSource[Any],
    hold_epochs: int,
) -> None:
    recovery = folder / "recovery"
    if not recovery.exists():
        recovery.mkdir()
        init_db_dir(recovery, 1)
    flow = Dataflow("f")
    keyed = op.map("key", op.input("in", flow, source), lambda n: (f"s{n % 4}", n))
    packed = op.map(
        "pack",
        keyed,
        lambda kn: (kn[0], encode(delivery(kn[1])) if kn[1] % 2 else delivery(kn[1])),
    )
    log = lambda part: DecisionRuns(folder, part)  # noqa: E731
    kept = kept_in(folder / "delivered")
    sink = DeliverSink(3, writers(client, settings), hold_epochs, settings, log, kept)
    op.output("deliver", packed, sink)
    dead = op.map("dead", keyed, lambda kn: (kn[0], [(kn[1], "log", b'{"row":%d}' % kn[1])]))
    op.output("letters", dead, DeadLetterSink(2, lambda part: dead_letter_runs(folder, part)))
    run_main(flow, epoch_interval=timedelta(0), recovery_config=RecoveryConfig(str(recovery)))


def pushed(client: Any) -> list[str]:
    return sorted(
        (
            orjson.loads(fields[b"d"])["push_id"]
            for stream in range(4)
            for _, fields in client.xrange(f"ll:{{push:{stream}}}:out")
        ),
        key=lambda push_id: int(push_id[1:]),
    )


@pytest.mark.parametrize("crash_before", range(STEPS + 1))
def test_killed_anywhere_and_resumed_it_ends_as_if_never_killed(
    client: Any, quick: RedisSettings, tmp_path: Path, crash_before: int
):
    numbers: list[Any] = list(range(STEPS))
    numbers.insert(crash_before, TestingSource.ABORT())
    source = TestingSource(numbers)
    for _ in range(2):
        run(client, quick, tmp_path, source, hold_epochs=0)
    values = [orjson.loads(client.get(f"ll:{{u{u}}}:recs"))["n"] for u in range(4)]
    assert values == [8, 9, 10, 11]
    assert pushed(client) == ["p0", "p3", "p6", "p9"]
    assert merge_decisions(tmp_path, tmp_path / "decisions.jsonl") == STEPS
    lines = (tmp_path / "decisions.jsonl").read_bytes().splitlines()
    assert [orjson.loads(line)["seq"] for line in lines] == list(range(STEPS))
    assert merge_dead_letters(tmp_path, tmp_path / "dead_letters.jsonl") == STEPS


@pytest.mark.parametrize("crash_before", range(0, STEPS, 3))
def test_held_pushes_survive_a_crash_and_leave_once(
    client: Any, quick: RedisSettings, tmp_path: Path, crash_before: int
):
    numbers: list[Any] = list(range(STEPS))
    numbers.insert(crash_before, TestingSource.ABORT())
    source = TestingSource([*numbers, TestingSource.EOF(), *range(STEPS, 2 * STEPS)])
    for _ in range(4):  # to the crash, to the end, the end once more, and what follows it
        run(client, quick, tmp_path, source, hold_epochs=2)
    expected = [f"p{n}" for n in range(0, STEPS, 3)]
    assert pushed(client)[:4] == expected
    streams = sum(client.xlen(f"ll:{{push:{n}}}:out") for n in range(4))
    assert len(set(pushed(client))) == streams


def test_a_state_of_another_version_is_refused(
    client: Client, quick: RedisSettings, tmp_path: Path
):
    state = msgspec.msgpack.encode([9, {}, b"", 0])
    with pytest.raises(StateError, match="layout 9, this version reads layout 3"):
        DeliverSink(3, writers(client, quick), 0, quick).build_part("s", "000", state)
    with pytest.raises(StateError, match="layout 9"):
        DeadLetterSink(3, lambda part: dead_letter_runs(tmp_path, part)).build_part(
            "s", "000", state
        )


def test_filling_again_goes_on_after_a_restart_where_it_was(
    client: Any, quick: RedisSettings, tmp_path: Path
):
    few = dataclasses.replace(quick, refill_keys=3)
    users = [f"u{number}" for number in range(20)]

    def begin(state: bytes | None) -> DeliverPartition:
        return DeliverSink(1, writers(client, few), 0, few, None, kept_in(tmp_path)).build_part(
            "s", "000", state
        )

    first = begin(None)
    write = [Write(user, "recs", BASE, head(BASE, BASE) + b'"n":0}') for user in users]
    first.write_batch([Delivery(writes=write)])
    first.snapshot()
    client.flushall()
    first.write_batch([Delivery()])
    first.write_batch([Delivery()])
    state = first.snapshot()
    assert 0 < len(client.keys("*:recs")) < len(users)
    first._kept.close()  # type: ignore[union-attr]
    second = begin(state)
    for _ in range(8):
        second.write_batch([Delivery()])
    second.snapshot()
    assert len(client.keys("*:recs")) == len(users)
    second.close()


def test_what_has_run_out_leaves_the_copy_in_helpings_after_an_epochs_end(
    client: Any, quick: RedisSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sinks.kept._SWEPT", 2)

    sink = DeliverSink(1, writers(client, quick), 0, quick, None, kept_in(tmp_path))
    part = sink.build_part("s", "000", None)
    kept: Any = part._kept
    late = BASE + 2 * quick.ttl_ms
    times = {"a": late, **{f"u{number}": BASE for number in range(6)}}
    writes = [Write(user, "tags", ms, head(ms, ms) + b'"n":0}') for user, ms in times.items()]
    part.write_batch([Delivery(writes=writes)])
    left = [len(kept.after(b"", 100)[0])]
    part.snapshot()
    for _ in range(5):
        left.append(len(kept.after(b"", 100)[0]))
        part.write_batch([Delivery()])
    assert left[0] == left[1] == 7
    assert sorted(left, reverse=True) == left
    assert len({*left}) > 2
    assert [one.user_id for one in kept.after(b"", 100)[0]] == ["a"]
    part.close()
