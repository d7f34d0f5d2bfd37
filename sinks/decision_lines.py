"""The decision log of a run that does not end: lines of JSON in the order in which they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import orjson

from decisions.outputs import Decision
from sinks.decision_log import line
from sinks.forgotten import Forgotten
from sinks.runs import RunMismatch

_BUFFER_BYTES = 256 << 10
_FORGOTTEN = b'{"type":"forgotten"}'


class DecisionLines:
    """A partition's decisions in a file. Guarantee: each exactly once, in order for a user."""

    def __init__(self, folder: Path | str, part: str) -> None:
        self._path = Path(folder) / f"decisions-{part}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._forgotten = Forgotten(self._path)
        # Opened to append: what a program that rotates files cuts off does not leave a hole.
        self._file = open(self._path, "ab", buffering=_BUFFER_BYTES)  # noqa: SIM115

    def append(self, decisions: Iterable[Decision]) -> None:
        """Add decisions."""
        self._file.write(b"".join([line(decision) for decision in decisions]))

    def forget(self, users: Iterable[str]) -> None:
        """Note whose lines are to go when the file is next opened."""
        self._forgotten.note(users, self.snapshot())

    def snapshot(self) -> int:
        """Hand everything to the operating system; the file's length in bytes."""
        self._file.flush()
        return self._file.tell()

    def restore(self, end: int) -> None:
        """Cut the file back to this length; `RunMismatch` if it is shorter."""
        self._file.flush()
        size = self._path.stat().st_size
        if size < end:
            raise RunMismatch(
                f"{self._path} has {size} bytes and the saved state expects {end}: it was "
                "changed or removed; start over with an empty recovery folder"
            )
        self._file.truncate(end)
        self._forgotten.blank(_lines)

    def close(self) -> None:
        """Write out and close."""
        self._file.close()


def _lines(file: BinaryIO) -> Iterator[tuple[int, str, bytes]]:
    offset = 0
    for text in file:
        try:
            decision = orjson.loads(text)
        except orjson.JSONDecodeError:
            # A program that rotates files may have cut here.
            decision = {}
        user_id = decision.get("user_id")
        if user_id is not None:
            yield offset, user_id, _FORGOTTEN.ljust(len(text) - 1)[: len(text) - 1] + b"\n"
        offset += len(text)
