"""What is read must not be written over: one rule for all commands that make files of files."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from pathlib import Path


def written_over(read: Iterable[Path | str], written: Iterable[Path]) -> str | None:
    """What to say where a file that is read would be written over; None where none would.

    Links to a file, and other names of it, are that file.
    """
    for given, out in product(map(Path, read), list(written)):
        if given.resolve() == out.resolve() or (
            given.exists() and out.exists() and out.samefile(given)
        ):
            return f"{given} is read, and would be written over: give another --out"
    return None
