"""The recovery folder: locked by one run at a time, tied to the shape of the run that made it."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Any

import msgspec

from flows.engine_store import (
    RecoveryError,
    check_store,
    drop_unfinished,
    make_store,
    vacuum_store,
)
from flows.shelf_folder import begin_run

__all__ = ["Recovery", "RecoveryError"]

_SHAPE = "run.json"
_LOCK_S_MAX = 3.0
_LEAVE_S_MAX = 60.0
_POLL_S = 0.02


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
        if not self.is_new:
            check_store(self.database)
            made = self._made()
            for name, value in shape.items():
                # What was not there yet when the folder was made was off.
                was = made.get(name, False)
                if was != value:
                    raise RecoveryError(
                        f"the recovery folder {self.folder} was made with {name} {was!r}, "
                        f"not {value!r}: set it back, or give an empty folder"
                    )
            vacuum_store(self.database)
            return
        make_store(self.database)
        part = self.folder / f"{_SHAPE}.new"
        part.write_bytes(msgspec.json.encode(shape))
        part.replace(self.folder / _SHAPE)

    def begin(self) -> None:
        """The processes of a run begin, whatever became of those before them."""
        drop_unfinished(self.database)
        begin_run(self.folder)

    def _made(self) -> dict[str, Any]:
        """What the run was like that made the folder."""
        path = self.folder / _SHAPE
        try:
            made: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        except (OSError, msgspec.MsgspecError):
            raise RecoveryError(
                f"{path} cannot be read: restore a backup of the whole folder, or start from an "
                "empty one"
            ) from None
        return made

    def _take_lock(self, lock: int) -> None:
        """Take the lock, and leave word whose it is.

        The processes of a run that was killed may be about to go: they are waited for, and longer
        where the one that began them has gone already.
        """
        began_s = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                owner = os.pread(lock, 20, 0).decode("ascii", "replace")
                wait_s = _LOCK_S_MAX if _is_there(owner) else _LEAVE_S_MAX
                if time.monotonic() - began_s > wait_s:
                    self.close()
                    raise RecoveryError(
                        f"another run uses the recovery folder {self.folder} (process {owner}): "
                        "stop it first, or give another folder"
                    ) from None
            time.sleep(_POLL_S)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)

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

    def __exit__(self, *error: object) -> None:
        self.close()


def _is_there(owner: str) -> bool:
    """Whether a process has this number; true where that cannot be told."""
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):
        return True
    return True
