"""Where records of one kind are kept for people: a file that is sorted in the end, or a topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from sinks.runs import Record, RunWriter
from sinks.topic import TopicWriter

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)


class Log(Protocol[T_contra]):
    """What a sink's partition writes its items to."""

    def append(self, items: Iterable[T_contra]) -> None:
        """Add items, in any order."""

    def snapshot(self) -> int:
        """Have everything stored; where the log ends, as far as it can be taken back."""

    def restore(self, end: int) -> None:
        """Take the log back to where it ended."""

    def close(self) -> None:
        """Have everything stored, and close."""


class RunLog(Generic[T]):
    """Items as records of one run file, to be merged. Guarantee: each exactly once."""

    def __init__(self, folder: Path | str, name: str, record: Callable[[T], Record]) -> None:
        self._runs = RunWriter(folder, name)
        self._record = record

    def append(self, items: Iterable[T]) -> None:
        """Add items, in any order."""
        self._runs.append(map(self._record, items))

    def snapshot(self) -> int:
        """Write everything out; the file's length in bytes."""
        return self._runs.snapshot()

    def restore(self, end: int) -> None:
        """Cut the file back to this length."""
        self._runs.restore(end)

    def close(self) -> None:
        """Write everything out and close."""
        self._runs.close()


class TopicLog(Generic[T]):
    """Items as keyed lines of a Kafka topic. Guarantee: at least once, in order for a key."""

    def __init__(self, topic: TopicWriter, record: Callable[[T], Record]) -> None:
        self._topic = topic
        self._record = record

    def append(self, items: Iterable[T]) -> None:
        """Send items."""
        for item in items:
            self._topic.append(*self._record(item))

    def snapshot(self) -> int:
        """Return, with 0, once the brokers have everything."""
        self._topic.flush()
        return 0

    def restore(self, end: int) -> None:
        """A topic is not taken back: what follows may be there twice, under the same key."""

    def close(self) -> None:
        """Return once the brokers have everything."""
        self._topic.flush()
