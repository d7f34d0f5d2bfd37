"""How far a long command is: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time

from rich import progress
from rich.progress import BarColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from flows.console import console

_LINE_EVERY_S = 10.0
_DRAW_EVERY_S = 0.1


class Progress:
    """Is told the share done, 0 to 1, and a count; draws to standard error when it is time.

    `with Progress("replaying", "events") as progress: progress.told(0.5, 1_000)`
    """

    def __init__(self, what: str, unit: str) -> None:
        self._what = what
        self._unit = unit
        self._began_s = self._drawn_s = time.monotonic()
        self._bar: progress.Progress | None = None
        self._task = progress.TaskID(0)
        if sys.stderr.isatty():
            self._bar = progress.Progress(
                BarColumn(30),
                TextColumn("{task.percentage:>3.0f} %"),
                _Counted(unit),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=console(sys.stderr),
                auto_refresh=False,
                transient=True,
            )
            self._task = self._bar.add_task(what, total=1.0, count=0)

    def told(self, share: float, count: int) -> None:
        """Take note, and draw if the last time is long enough ago."""
        now_s = time.monotonic()
        since_s = now_s - self._drawn_s
        if self._bar is not None:
            if since_s >= _DRAW_EVERY_S:
                self._drawn_s = now_s
                self._bar.update(self._task, completed=share, count=count, refresh=True)
        elif since_s >= _LINE_EVERY_S:
            self._drawn_s = now_s
            rate = count / (now_s - self._began_s)
            print(
                f"{self._what}: {share:.0%}, {count:,} {self._unit}, {rate:,.0f}/s",
                file=sys.stderr,
                flush=True,
            )

    def rename(self, what: str) -> None:
        """What is being done from now on."""
        self._what = what
        if self._bar is not None:
            self._bar.update(self._task, description=what)

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.stop()


class _Counted(progress.ProgressColumn):
    """The count, and how many a second."""

    max_refresh = _DRAW_EVERY_S

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """As text."""
        count = task.fields["count"]
        rate = count / task.elapsed if task.elapsed else 0.0
        return Text(f"{count:,} {self._unit}  {rate:,.0f}/s")
