"""Where a run's shelves lie in the recovery folder, and when those of earlier runs may go.

`shelves/RUN/STEP-PROCESS/` holds the working database of a process and its checkpoints. A run
that goes on reads the checkpoints of the one before, which may be those of other processes; once
every process has durable checkpoints of its own, all earlier runs' are removed.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from queue import SimpleQueue

import msgspec

SHELVES = "shelves"
_RUN = "run"
_SETTLED = "settled-"


def begin_run(recovery: Path) -> None:
    """A run begins, or begins again: what it writes will lie apart from all before."""
    shelves = recovery / SHELVES
    shelves.mkdir(exist_ok=True)
    part = shelves / f"{_RUN}.new"
    part.write_bytes(msgspec.json.encode(_number(shelves) + 1))
    part.replace(shelves / _RUN)


def _number(shelves: Path) -> int:
    try:
        number: int = msgspec.json.decode((shelves / _RUN).read_bytes(), type=int)
    except FileNotFoundError:
        return 0
    return number


class ShelfFolder:
    """The folder of one step in one process; `steps` is how many such a run has in all."""

    def __init__(self, recovery: Path, step: str, process: int, steps: int) -> None:
        self._shelves = recovery / SHELVES
        self._run = _number(self._shelves)
        self._steps = steps
        self._own = f"{step}-{process}"
        run = self._shelves / str(self._run)
        name, attempt = self._own, 0
        while (run / name).exists():
            # The same run, begun again: its checkpoints are needed, its working database is not.
            shutil.rmtree(run / name / "work", ignore_errors=True)
            attempt += 1
            name = f"{self._own}~{attempt}"
        self.name = f"{self._run}/{name}"
        self._path = self._shelves / self.name
        self._path.mkdir(parents=True)

    @property
    def work(self) -> Path:
        """The working database."""
        return self._path / "work"

    def place(self, number: int) -> str:
        """The name of a checkpoint, by which another process finds it."""
        return f"{self.name}/{number}"

    def path(self, place: str) -> Path:
        """Where a checkpoint lies."""
        return self._shelves / place

    def later(self, place: str) -> list[str]:
        """The checkpoints that the same process made after this one, the newest first."""
        path = self.path(place)
        numbers = [int(other.name) for other in path.parent.iterdir() if other.name.isdecimal()]
        newer = sorted((number for number in numbers if number > int(path.name)), reverse=True)
        return [f"{place.rpartition('/')[0]}/{number}" for number in newer]

    def settle(self) -> list[Path]:
        """All shards here have a durable checkpoint of this run.

        Who is the last to say so is given the folders of earlier runs, which nobody needs now.
        """
        run = self._shelves / str(self._run)
        (run / f"{_SETTLED}{self._own}").touch()
        if len(list(run.glob(f"{_SETTLED}*"))) < self._steps:
            return []
        return [
            path
            for path in self._shelves.iterdir()
            if path.name.isdecimal() and int(path.name) < self._run
        ]


def link(source: Path, target: Path) -> None:
    """A checkpoint as a database that may be written: its tables shared, all else copied."""
    target.mkdir()
    for path in source.iterdir():
        if path.suffix == ".sst":
            try:
                os.link(path, target / path.name)
                continue
            except OSError:
                # A file system without links.
                pass
        shutil.copy(path, target / path.name)


class Removals:
    """Deletes folders beside the flow, `later_s` after it is asked to: large files take their time.

    A file system that tells the disk of the room that it gets back does so when it next syncs
    anything, and all who sync then wait: at an epoch's end the flow does.
    """

    def __init__(self, later_s: float) -> None:
        self._later_s = later_s
        self._ending = threading.Event()
        self._asked: SimpleQueue[tuple[float, list[Path]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def remove(self, folders: Iterable[Path]) -> None:
        """Have these go."""
        going = list(folders)
        if not going:
            return
        if self._thread is None:
            # One for all, since to start one takes longer than all else here.
            self._thread = threading.Thread(target=self._run, name="removal", daemon=True)
            self._thread.start()
        self._asked.put((time.monotonic() + self._later_s, going))

    def _run(self) -> None:
        while (asked := self._asked.get()) is not None:
            due_s, folders = asked
            self._ending.wait(max(0.0, due_s - time.monotonic()))
            for folder in folders:
                _remove(folder)

    def close(self) -> None:
        """Return once all are gone."""
        self._ending.set()
        self._asked.put(None)
        if self._thread is not None:
            self._thread.join()


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        above = os.open(folder.parent, os.O_RDONLY)
        try:
            os.fsync(above)
        finally:
            os.close(above)
