"""Killed and gone on with another number of processes, a replay ends as an undisturbed one."""

from __future__ import annotations

from pathlib import Path

from tests.flows.evening import evening
from tests.started import Started

EVENTS = 5_000
# Few users are in memory, and a round a few rows takes long enough to be killed in the middle.
CHOSEN = {
    "LIVELOOM_FLOW_SHARDS": "6",
    "LIVELOOM_FLOW_CHUNK_ROWS": "2",
    "LIVELOOM_FLOW_EPOCH_S": "0.1",
    "LIVELOOM_PEOPLE_SHELVED_HOT_USERS_MAX": "1",
    "LIVELOOM_PUSH_SHELVED_HOT_USERS_MAX": "1",
}


def replay(log: Path, out: Path, *more: object) -> Started:
    words = out.with_name("words")
    return Started(words, "replay", log, "--out", out, *more, environment=CHOSEN)


def whole(log: Path, out: Path, *more: object) -> bytes:
    with replay(log, out, *more) as process:
        code, said = process.wait()
    assert code == 0, said
    return (out / "decisions.jsonl").read_bytes()


def test_state_follows_its_shards_to_other_processes(tmp_path: Path):
    log = tmp_path / "evening.jsonl"
    log.write_bytes(b"".join(line + b"\n" for line in evening(7, EVENTS)))
    straight = whole(log, tmp_path / "straight")
    out, state = tmp_path / "out", tmp_path / "state"
    for run, processes in enumerate((2, 1, 2), 1):
        # A second checkpoint says that an epoch of this run has ended.
        second = f"shelves/{run}/decide-0/2"
        with replay(log, out, "--recovery", state, "--processes", processes) as process:
            process.until(lambda second=second: list(state.glob(second)))
            assert process.process.poll() is None, "it ended before it could be killed"
    assert whole(log, out, "--recovery", state) == straight
    assert not (state / "shelves" / "1").exists()
