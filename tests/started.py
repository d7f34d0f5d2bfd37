"""The command line in a process of its own, which a test waits for, stops and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import psutil

from tests.waiting import until

ROOT = Path(__file__).parents[1]
_END_S_MAX = 200.0
"""Less than a test has, so that what the process said is shown."""


class Started:
    """`liveloom ARGS`; what it says goes to a file, which takes however much that is."""

    def __init__(
        self, words: Path, *args: object, environment: Mapping[str, str] | None = None
    ) -> None:
        self._words = words
        with words.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", *map(str, args)],
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
            )

    @property
    def said(self) -> str:
        """What it has said so far."""
        return self._words.read_text("utf-8", "replace")

    def until(self, what: Callable[[], Any], *errors: type[Exception]) -> Any:
        """Wait for something that comes while it runs; see `until`."""
        return until(what, *errors, over=self._over)

    def _over(self) -> str:
        code = self.process.poll()
        return "" if code is None else f"it has ended with {code}: {self.said}"

    def workers(self, count: int, besides: Collection[int] = ()) -> list[psutil.Process]:
        """Wait for so many processes that do the work, by number; none of those named."""

        def there() -> list[psutil.Process] | None:
            found = [one for one in self._workers() if one[1].pid not in besides]
            return (
                [worker for _, worker in sorted(found, key=itemgetter(0))]
                if len(found) == count
                else None
            )

        made: list[psutil.Process] = self.until(there, psutil.Error)
        return made

    def _workers(self) -> Iterator[tuple[int, psutil.Process]]:
        for child in psutil.Process(self.process.pid).children():
            command = child.cmdline()
            if len(command) > 3 and command[2].endswith("worker"):
                yield int(command[3]), child

    def wait(self) -> tuple[int, str]:
        """Its exit code once it has ended by itself, and all that it said."""
        try:
            code = self.process.wait(_END_S_MAX)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end: {self.said}") from None
        return code, self.said

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Ask it to end; its exit code and all that it said."""
        self.process.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """End it, if it still runs; its children go when they notice."""
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()
