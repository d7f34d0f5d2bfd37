"""The recovery folder: locked by one run at a time, tied to the shape of the run that made it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from bytewax.recovery import init_db_dir

from flows.shelf_folder import begin_run

_SHAPE = "run.json"
_LOCK_S_MAX = 3.0
_POLL_S = 0.02


class RecoveryError(Exception):
    """The folder cannot be used by this run; the message says why and what to do."""


class Recovery:
    """A folder with the engine's state store, a lock, and what the run must keep the same."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.database = self.folder / "state"
        self._lock: int | None = None

    @property
    def is_new(self) -> bool:
        """Whether no run has left state here."""
        return not (self.folder / _SHAPE).exists()

    def open(self, shape: dict[str, Any]) -> None:
        """Lock the folder, and make it or check that it was made by a run of the same shape."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as problem:
            raise RecoveryError(
                f"the recovery folder {self.folder} cannot be written ({problem.strerror}): "
                "give one that can"
            ) from None
        self._take_lock(self._lock)
        begin_run(self.folder)
        if not self.is_new:
            made = msgspec.json.decode((self.folder / _SHAPE).read_bytes())
            for name, value in shape.items():
                if made.get(name) != value:
                    raise RecoveryError(
                        f"the recovery folder {self.folder} was made with {name} "
                        f"{made.get(name)!r}, not {value!r}: set it back, or give an empty folder"
                    )
            return
        self.database.mkdir(exist_ok=True)
        if not any(self.database.iterdir()):
            init_db_dir(self.database, 1)
        part = self.folder / f"{_SHAPE}.new"
        part.write_bytes(msgspec.json.encode(shape))
        part.replace(self.folder / _SHAPE)

    def _take_lock(self, lock: int) -> None:
        # The processes of a run that was killed a moment ago may be about to go.
        deadline_s = time.monotonic() + _LOCK_S_MAX
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    self.close()
                    raise RecoveryError(
                        f"another run uses the recovery folder {self.folder}: "
                        "stop it first, or give another folder"
                    ) from None
            time.sleep(_POLL_S)

    @property
    def lock(self) -> int:
        """The lock as a file descriptor: whoever inherits it holds the folder too."""
        assert self._lock is not None
        return self._lock

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Recovery:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
