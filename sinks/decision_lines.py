"""The decision log of a run that does not end: lines of JSON in the order in which they come."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from decisions.outputs import Decision
from sinks.decision_log import line
from sinks.runs import RunMismatch

_BUFFER_BYTES = 256 << 10


class DecisionLines:
    """A partition's decisions in a file. Guarantee: each exactly once, in order for a user."""

    def __init__(self, folder: Path | str, part: str) -> None:
        self._path = Path(folder) / f"decisions-{part}.jsonl"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Opened to append: what a program that rotates files cuts off does not leave a hole.
        self._file = open(self._path, "ab", buffering=_BUFFER_BYTES)  # noqa: SIM115

    def append(self, decisions: Iterable[Decision]) -> None:
        """Add decisions."""
        self._file.write(b"".join([line(decision) for decision in decisions]))

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

    def close(self) -> None:
        """Write out and close."""
        self._file.close()
