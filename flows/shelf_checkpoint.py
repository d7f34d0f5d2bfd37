"""A checkpoint of a database: a folder of hard links to its tables, once all of it is in these."""

from __future__ import annotations

import threading
from pathlib import Path

import rocksdict

from flows.rocks import told


class Checkpoint:
    """One that is made at once, or beside the flow: it waits for the disk and needs no interpreter.

    It holds what was in the database when it was begun, and what came meanwhile or not.
    """

    def __init__(self, database: rocksdict.Rdict, path: Path) -> None:
        self._database = database
        self._path = path
        self._thread: threading.Thread | None = None
        self._problem: Exception | None = None

    def make(self) -> None:
        """Return once it is there; `RecoveryError` where that cannot be."""
        self._make()
        self._check()

    def begin(self) -> None:
        """Let it be made."""
        self._thread = threading.Thread(target=self._make, name="checkpoint", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Return once what was begun is there; `RecoveryError` where that cannot be."""
        if self._thread is not None:
            self._thread.join()
        self._check()

    def _make(self) -> None:
        try:
            rocksdict.Checkpoint(self._database).create_checkpoint(str(self._path))
        except Exception as problem:
            self._problem = problem

    def _check(self) -> None:
        if self._problem is not None:
            raise told(self._path, self._problem) from None
