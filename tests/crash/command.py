"""A command of the product in processes of its own, which can be killed in several ways."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_END_S_MAX = 60.0


class Command:
    """`liveloom ARGS`, whose words go to the end of a log file."""

    def __init__(self, log: Path, *args: str) -> None:
        with log.open("ab") as words:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", *args],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )

    def workers(self) -> list[int]:
        """The processes that do the work."""
        pid = self._process.pid
        try:
            text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except OSError:
            return []
        return [int(child) for child in text.split()]

    @property
    def has_ended(self) -> bool:
        """Whether the command has ended by itself."""
        return self._process.poll() is not None

    def kill_worker(self, number: int) -> bool:
        """End one process that does the work; False where there is none."""
        workers = self.workers()
        if workers:
            _kill([workers[number % len(workers)]])
        return bool(workers)

    def kill(self) -> None:
        """End the command alone: its workers go when they notice."""
        _kill([self._process.pid])
        self._process.wait(_END_S_MAX)

    def kill_all(self) -> None:
        """End the command and all of its processes at once."""
        _kill([self._process.pid, *self.workers()])
        self._process.wait(_END_S_MAX)

    def end(self) -> int:
        """Ask it to end, and wait for it; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(_END_S_MAX)

    def wait(self, wait_s: float) -> int | None:
        """Its exit code, once it has ended by itself; None where that takes longer."""
        try:
            return self._process.wait(wait_s)
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *error: Any) -> None:
        if not self.has_ended:
            self.kill_all()


def _kill(pids: Sequence[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
