"""A recovery folder that something is wrong with: a line says what, and what to do."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import engine_store, recovery
from flows.recovery import Recovery, RecoveryError
from sinks.embedded import EmbeddedRedis
from tests.flows.evening import evening
from tests.stores import bytes_of_folder

ROOT = Path(__file__).parents[2]
SHAPE = {"mode": "test", "shards": 4}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that a run has made."""
    path = tmp_path / "state"
    with Recovery(str(path)) as made:
        made.open(SHAPE)
    return path


def says(folder: Path, what: str) -> None:
    with pytest.raises(RecoveryError, match=what), Recovery(str(folder)) as held:
        held.open(SHAPE)


def test_a_folder_is_made_once_and_found_again(folder: Path):
    with Recovery(str(folder)) as held:
        assert not held.is_new
        held.open(SHAPE)
    says(folder / "run.json", "cannot be written")


def test_processes_may_open_a_new_store_at_the_same_time(folder: Path):
    path = folder / "state" / "part-0.sqlite3"
    with (
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as first,
        contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as second,
    ):
        first.execute("BEGIN")
        first.execute("SELECT count(*) FROM parts").fetchone()
        # As the engine begins; it would take the journal's change for an error.
        assert second.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)


def test_a_run_that_was_killed_while_it_made_the_folder_makes_it_anew(folder: Path):
    (folder / "run.json").unlink()
    (folder / "state" / "part-0.sqlite3").write_bytes(b"half")
    with Recovery(str(folder)) as held:
        assert held.is_new
        held.open(SHAPE)
    with Recovery(str(folder)) as held:
        held.open(SHAPE)


def test_a_start_leaves_no_byte_of_what_the_store_has_deleted(folder: Path):
    path = folder / "state" / "part-0.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA secure_delete = off")
        database.execute("CREATE TABLE other (x TEXT)")
        database.executemany("INSERT INTO other VALUES (?)", [("someone gone",)] * 2_000)
        database.execute("DELETE FROM other")
    assert b"someone gone" in bytes_of_folder(folder)
    with Recovery(str(folder)) as held:
        held.open(SHAPE)
    assert b"someone gone" not in bytes_of_folder(folder)


@pytest.mark.parametrize(
    ("fronts", "left"),
    [
        ([], [1, 2]),
        ([(0, 5)], [1, 2]),
        ([(0, 5), (1, 4)], [1, 2, 3]),
        ([(0, 6), (1, 6)], [1, 2, 3, 4, 5]),
    ],
)
def test_a_start_drops_snapshots_of_an_epoch_that_did_not_end(
    folder: Path, fronts: list[tuple[int, int]], left: list[int]
):
    """The last execution began at epoch 3, on two workers; what they told is how far they were."""
    path = folder / "state" / "part-0.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        for number, resume in ((0, 1), (1, 3)):
            database.execute(
                "INSERT INTO exs (ex_num, worker_count, resume_epoch) VALUES (?, 2, ?)",
                (number, resume),
            )
            told = [(0, 3), (1, 3)] if number == 0 else fronts
            database.executemany(
                "INSERT INTO fronts (ex_num, worker_index, worker_frontier) VALUES (?, ?, ?)",
                [(number, *front) for front in told],
            )
        database.executemany(
            "INSERT INTO snaps (step_id, state_key, snap_epoch, ser_change) VALUES (?, ?, ?, ?)",
            [("step", "key", epoch, b"bytes of %d" % epoch) for epoch in range(1, 6)],
        )
    with Recovery(str(folder)) as held:
        held.open(SHAPE)
        held.begin()
    with contextlib.closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT snap_epoch FROM snaps ORDER BY snap_epoch").fetchall()
    assert [epoch for (epoch,) in found] == left
    stored = bytes_of_folder(folder)
    assert [epoch for epoch in range(1, 6) if b"bytes of %d" % epoch in stored] == left


@pytest.mark.parametrize("lost", ["state", "state/part-0.sqlite3"])
def test_a_store_that_is_missing(folder: Path, lost: str):
    path = folder / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    says(folder, "lacks .*part-0.sqlite3: restore a backup of the whole folder")


def test_a_part_of_another_store(folder: Path):
    shutil.copy(folder / "state" / "part-0.sqlite3", folder / "state" / "part-1.sqlite3")
    says(folder, "part-1.sqlite3, which is of another store")


@pytest.mark.parametrize("damage", ["cut", "text", "page", "empty"])
def test_a_damaged_store(folder: Path, damage: str):
    path = folder / "state" / "part-0.sqlite3"
    whole = path.read_bytes()
    page = int.from_bytes(whole[16:18], "big")
    damaged = {
        "cut": whole[: len(whole) // 2],
        "text": b"this is no database" * 100,
        "page": whole[:page] + b"\xff" * 2 * page + whole[3 * page :],
        "empty": b"",
    }
    path.write_bytes(damaged[damage])
    says(folder, "is damaged.*restore a backup of the whole folder")


def test_a_damaged_word_of_what_the_run_was_like(folder: Path):
    (folder / "run.json").write_bytes(b"{")
    says(folder, "run.json cannot be read: restore a backup")


@contextlib.contextmanager
def nobody() -> Iterator[None]:
    """Without the rights of the administrator, who may write anywhere."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_is_read_only():
    with tempfile.TemporaryDirectory() as name:
        outer, folder = Path(name), Path(name) / "state"
        outer.chmod(0o555)
        with nobody():
            says(folder, "cannot be written .Permission denied.: give one that can")
        outer.chmod(0o755)
        with Recovery(str(folder)) as held:
            held.open(SHAPE)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o777 if path.is_dir() else 0o666)
        (folder / "state" / "part-0.sqlite3").chmod(0o444)
        with nobody():
            says(folder, "part-0.sqlite3 cannot be written: give this user the right to")


def test_a_folder_that_another_run_holds(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recovery, "_LOCK_S_MAX", 0.2)
    with Recovery(str(folder)) as held:
        held.open(SHAPE)
        says(folder, rf"another run uses .*process {os.getpid()}\): stop it first")


def test_the_processes_of_a_run_that_has_gone_are_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recovery, "_LOCK_S_MAX", 0.0)
    # It takes the lock for one that has ended, and holds it until its input ends.
    code = (
        "import fcntl, os, sys; lock = os.open(sys.argv[1], os.O_RDWR); "
        "fcntl.flock(lock, fcntl.LOCK_EX); child = os.fork(); "
        "os.pwrite(lock, str(os.getpid()).encode().ljust(20), 0) if child else None; "
        "child or (os.write(1, b'x'), sys.stdin.read())"
    )
    left = subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert left.stdout is not None
    assert left.stdin is not None
    left.stdout.read(1)
    left.wait()
    with pytest.raises(BlockingIOError):
        _take_now(folder)
    left.stdin.close()
    with Recovery(str(folder)) as held:
        held.open(SHAPE)
    left.stdout.close()


def _take_now(folder: Path) -> None:
    import fcntl

    with (folder / "lock").open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("bytes_max", [100_000, 600_000], ids=["made", "grow"])
def test_a_store_that_cannot_be_made_or_grow_is_said_and_the_run_goes_on_later(
    tmp_path: Path, bytes_max: int
):
    log = tmp_path / "log.jsonl"
    log.write_bytes(b"".join(line + b"\n" for line in evening(7, 300)))
    command = [
        sys.executable,
        "-m",
        "flows.cli",
        "replay",
        str(log),
        "--out",
        str(tmp_path / "out"),
    ]
    with EmbeddedRedis(tmp_path / "redis") as url:
        command += ["--recovery", str(tmp_path / "state"), "--redis", url]

        def run(bytes_max: int = resource.RLIM_INFINITY) -> subprocess.CompletedProcess[str]:
            def limit() -> None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_max, bytes_max))

            return subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, timeout=120, preexec_fn=limit
            )

        full = run(bytes_max)
        assert full.returncode == 1
        assert "the disk" in full.stderr.splitlines()[-1]
        again = run()
        assert again.returncode == 0, again.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_bytes())
    assert metrics["events"] + metrics["dead_letters"] + metrics["duplicates"] >= 300


def test_a_full_disk_is_said_whatever_the_engine_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    told = engine_store.of_store(
        RuntimeError(
            "(src/run.rs:167:13) called `Result::unwrap()` on an `Err` value: SqliteFailure(Error "
            '{ code: DiskFull, extended_code: 13 }, Some("database or disk is full"))'
        ),
        tmp_path,
    )
    assert "is full: make room and start again" in str(told)
    panic = BaseException("Send thread panic: Any { .. }")
    assert engine_store.of_store(panic, tmp_path) is None
    usage = shutil.disk_usage(tmp_path)._replace(free=4_096)
    monkeypatch.setattr(engine_store.shutil, "disk_usage", lambda path: usage)
    assert "is full: make room and start again" in str(engine_store.of_store(panic, tmp_path))


def test_an_error_that_is_not_the_store_s_stays_what_it_is(tmp_path: Path):
    assert engine_store.of_store(RuntimeError("other"), tmp_path) is None
    assert engine_store.of_store(RuntimeError("DiskFull"), None) is None
    told = engine_store.of_store(
        RuntimeError('SqliteFailure(Error { code: X }, Some("disk I/O error"))'), tmp_path
    )
    assert "disk I/O error): repair the disk" in str(told)
