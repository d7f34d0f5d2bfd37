"""Where a command writes: results to standard output, progress and errors to standard error."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TextIO

from rich.console import Console, JustifyMethod
from rich.table import Table

_PLAIN_COLUMNS = 100


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Rich would end the program here, with an exit code of its own."""
        raise BrokenPipeError


def console(file: TextIO | None = None) -> Console:
    """For people: colours on a terminal, plain text of 100 columns into a file or a pipe."""
    file = file or sys.stdout
    width = None if file.isatty() else _PLAIN_COLUMNS
    return _Console(file=file, width=width, highlight=False, emoji=False, markup=False)


def table(*columns: str, right: Collection[str] = (), title: str | None = None) -> Table:
    """A table with these columns, those named in `right` aligned to the right."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        made.add_column(column, justify=justify, overflow="fold")
    return made


def say(line: str) -> None:
    """One line on standard error, whatever its length."""
    print(f"liveloom: {line}", file=sys.stderr, flush=True)
