"""The engine's state store, one SQLite file: made whole, checked, and its failures told.

One file, so that no copy of a part of it can go unnoticed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bytewax.recovery import init_db_dir

_FILE = "part-0.sqlite3"
_FREE_BYTES_MIN = 1 << 20
_PAGE_BYTES = 1 << 15
_UNFINISHED = """
    DELETE FROM snaps WHERE snap_epoch >= (
        SELECT CASE
            WHEN count(DISTINCT worker_index) < worker_count THEN resume_epoch
            ELSE min(max(worker_frontier, resume_epoch))
        END
        FROM (SELECT * FROM exs ORDER BY ex_num DESC LIMIT 1) LEFT JOIN fronts USING (ex_num)
    )
"""
"""The engine goes on where the slowest worker of the last execution was."""
_START_OVER = "restore a backup of the whole folder, or start from an empty one"


class RecoveryError(Exception):
    """The folder cannot be used by this run; the message says why and what to do."""


def make_store(store: Path) -> None:
    """Make an empty store, whole or not at all."""
    new = store.with_name(f"{store.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    init_db_dir(new, 1)
    _widen_pages(new / _FILE)
    if store.is_dir():
        # What a run left that was killed before it had begun.
        shutil.rmtree(store)
    new.replace(store)


def _widen_pages(path: Path) -> None:
    """Give an empty store pages as large as its snapshots are.

    In small pages those of an epoch are many, and the engine tidies its journal up each time that
    it has a thousand of them, which holds the flow up.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA journal_mode=DELETE").fetchone()
            database.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            database.execute("VACUUM")
            # The engine wants this journal. Of several processes that all begin with the change to
            # it one would fail.
            database.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.Error as problem:
        raise RecoveryError(
            f"{path} cannot be made ({problem}): make room on the disk, or repair it"
        ) from None


def check_store(store: Path) -> None:
    """`RecoveryError` where the store is missing, damaged, or not to be written."""
    path = store / _FILE
    if not path.is_file():
        raise RecoveryError(f"the recovery folder lacks {path}: {_START_OVER}")
    others = [one.name for one in store.glob("part-*.sqlite3") if one != path]
    if others:
        raise RecoveryError(
            f"{store} has {', '.join(sorted(others))}, which is of another store: {_START_OVER}"
        )
    for needed in (store, path):
        if not os.access(needed, os.W_OK, effective_ids=True):
            raise RecoveryError(f"{needed} cannot be written: give this user the right to")
    try:
        with closing(sqlite3.connect(path)) as database:
            found = database.execute("PRAGMA quick_check(1)").fetchone()
            database.execute("SELECT count(*) FROM parts, exs, fronts, commits, snaps LIMIT 1")
    except sqlite3.Error as problem:
        raise RecoveryError(_why_not(path, problem)) from None
    if found != ("ok",):
        raise RecoveryError(f"{path} is damaged: {_START_OVER}")


def drop_unfinished(store: Path) -> None:
    """Drop the snapshots of the epoch that was under way when the last run ended, every byte.

    The engine leaves them there. The run that goes on begins that epoch again, and where it leaves
    a key alone in it, the run after that would take the old one's snapshot for its own.
    """
    path = store / _FILE
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete = on").fetchone()
            database.execute(_UNFINISHED)
    except sqlite3.Error as problem:
        raise RecoveryError(_why_not(path, problem)) from None


def vacuum_store(store: Path) -> None:
    """Write the store anew, so that no byte of what it held before is left in its file."""
    path = store / _FILE
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as problem:
        raise RecoveryError(_why_not(path, problem)) from None


def _why_not(path: Path, problem: sqlite3.Error) -> str:
    if problem.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL:
        return disk_is_full(path)
    return f"{path} is damaged ({problem}): {_START_OVER}"


def disk_is_full(path: Path) -> str:
    """What to say of a store for which there is no room."""
    return (
        f"the disk of {path} is full: make room and start again; "
        "the run goes on from the last epoch that was stored"
    )


def of_store(error: BaseException, store: Path | None) -> RecoveryError | None:
    """What an error of the engine says of its store; None where that is not the cause.

    A panic, which is all that the engine tells where several processes run, names no cause: then
    the disk is asked.
    """
    if store is None:
        return None
    said = str(error)
    blind = not isinstance(error, Exception)
    if "DiskFull" in said or (blind and shutil.disk_usage(store).free < _FREE_BYTES_MIN):
        return RecoveryError(disk_is_full(store))
    if "SqliteFailure" in said:
        reason = said.rpartition("Some(")[2].strip('") ') or "the trace says how"
        return RecoveryError(f"{store} cannot be used ({reason}): repair the disk, start again")
    return None
