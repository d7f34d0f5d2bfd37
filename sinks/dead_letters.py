"""Events that could not be used, kept where a person finds them: a file by row, or a topic."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

from sinks.runs import RunWriter, clear_runs, merge_runs
from sinks.topic import TopicWriter

_PREFIX: Final = "dead_letters-"

DeadLetter = tuple[int, str, bytes]
"""Its row (from 0), the log or Kafka partition that it came from, and a JSON object without a line
break that says what was wrong."""


class DeadLetters(Protocol):
    """Where dead letters are kept."""

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Add letters."""

    def snapshot(self) -> int:
        """Have everything stored; where the letters end, as far as they can be taken back."""

    def restore(self, end: int) -> None:
        """Take the letters back to where they ended."""

    def close(self) -> None:
        """Have everything stored, and close."""


class DeadLetterRuns:
    """A partition's letters in a file, for `merge_dead_letters`. Guarantee: each exactly once."""

    def __init__(self, folder: Path | str, part: str) -> None:
        self._runs = RunWriter(folder, f"{_PREFIX}{part}")

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Add letters, in any order."""
        self._runs.append(
            (row.to_bytes(8, "big") + source.encode(), body + b"\n")
            for row, source, body in letters
        )

    def snapshot(self) -> int:
        """Write everything out; the file's length in bytes."""
        return self._runs.snapshot()

    def restore(self, end: int) -> None:
        """Cut the file back to this length."""
        self._runs.restore(end)

    def close(self) -> None:
        """Write everything out and close."""
        self._runs.close()


class DeadLetterTopic:
    """Letters to a Kafka topic, keyed by source and row. Guarantee: at least once."""

    def __init__(self, topic: TopicWriter) -> None:
        self._topic = topic

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Send letters."""
        for row, source, body in letters:
            self._topic.append(f"{source}:{row}".encode(), body)

    def snapshot(self) -> int:
        """Return, with 0, once the brokers have everything."""
        self._topic.flush()
        return 0

    def restore(self, end: int) -> None:
        """A topic is not taken back: what follows may be there twice, under the same key."""

    def close(self) -> None:
        """Return once the brokers have everything."""
        self._topic.flush()


def merge_dead_letters(folder: Path | str, out: Path | str) -> int:
    """Write the folder's runs, which stay, as one file sorted by row; how many letters."""
    return merge_runs(folder, _PREFIX, out)


def clear_dead_letters(folder: Path | str) -> None:
    """Remove the folder's runs, as a replay must that starts from nothing or has ended."""
    clear_runs(folder, _PREFIX)
