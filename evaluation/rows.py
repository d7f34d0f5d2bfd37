"""Lines of a log, decoded and parted by what they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def rows_by_kind(
    lines: Iterable[bytes], decode: Callable[[bytes], Any], *kinds: type[Any]
) -> tuple[list[Any], ...]:
    """The rows of each kind, in the order of the lines; every row must be of one of them."""
    parts: dict[type[Any], list[Any]] = {kind: [] for kind in kinds}
    for line in lines:
        row = decode(line)
        parts[type(row)].append(row)
    return tuple(parts.values())
