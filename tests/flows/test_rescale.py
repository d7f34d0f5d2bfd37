"""Killed and gone on with another number of processes, a replay ends as an undisturbed one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.flows.evening import evening
from tests.waiting import until

ROOT = Path(__file__).parents[2]
EVENTS = 8_000
# Few users are in memory, and a round a few rows takes long enough to be killed in the middle.
CHOSEN = {
    "LIVELOOM_FLOW_SHARDS": "6",
    "LIVELOOM_FLOW_CHUNK_ROWS": "2",
    "LIVELOOM_FLOW_EPOCH_S": "0.1",
    "LIVELOOM_PEOPLE_SHELVED_HOT_USERS_MAX": "1",
    "LIVELOOM_PUSH_SHELVED_HOT_USERS_MAX": "1",
}


def replay(log: Path, out: Path, *more: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.cli", "replay", log, "--out", out, *more]
    return subprocess.Popen([str(word) for word in command], cwd=ROOT, env={**os.environ, **CHOSEN})


def test_state_follows_its_shards_to_other_processes(tmp_path: Path):
    log = tmp_path / "evening.jsonl"
    log.write_bytes(b"".join(line + b"\n" for line in evening(7, EVENTS)))
    assert replay(log, tmp_path / "straight").wait() == 0
    straight = (tmp_path / "straight" / "decisions.jsonl").read_bytes()
    out, state = tmp_path / "out", tmp_path / "state"
    for run, processes in enumerate((2, 1, 2), 1):
        process = replay(log, out, "--recovery", state, "--processes", processes)
        # A second checkpoint says that an epoch of this run has ended.
        second = f"shelves/{run}/decide-0/2"
        until(lambda of=process, second=second: list(state.glob(second)) or of.poll() is not None)
        assert process.poll() is None, "it ended before it could be killed"
        process.kill()
        process.wait()
    assert replay(log, out, "--recovery", state).wait() == 0
    assert (out / "decisions.jsonl").read_bytes() == straight
    assert not (state / "shelves" / "1").exists()
