"""The decision log: every decision once, in the order of (event time, user, number)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Protocol

import orjson

from decisions.outputs import Decision
from sinks.runs import RunWriter, clear_runs, merge_runs
from sinks.topic import TopicWriter

_PREFIX: Final = "decisions-"


def line(decision: Decision) -> bytes:
    """The decision as a line of JSON.

    >>> line(Decision(1767231000250, "u-77", 3, "push", b'{"sent":false}'))
    b'{"event_time_ms":1767231000250,"user_id":"u-77","seq":3,"type":"push","value":{"sent":false}}\\n'
    """
    return b'{"event_time_ms":%d,"user_id":%b,"seq":%d,"type":%b,"value":%b}\n' % (
        decision.event_time_ms,
        orjson.dumps(decision.user_id),
        decision.seq,
        orjson.dumps(decision.type),
        decision.value,
    )


def order(decision: Decision) -> bytes:
    """Bytes that compare as (event_time_ms, user_id, seq) do, all of them not negative.

    A zero byte within an id is followed by a larger one than the two that end it.
    """
    return b"%b%b\0\0%b" % (
        decision.event_time_ms.to_bytes(8, "big"),
        decision.user_id.encode().replace(b"\0", b"\0\xff"),
        decision.seq.to_bytes(8, "big"),
    )


class DecisionLog(Protocol):
    """Where decisions are kept."""

    def append(self, decisions: Iterable[Decision]) -> None:
        """Add decisions."""

    def snapshot(self) -> int:
        """Have everything stored; where the log ends, as far as it can be taken back."""

    def restore(self, end: int) -> None:
        """Take the log back to where it ended."""

    def close(self) -> None:
        """Have everything stored, and close."""


class DecisionRuns:
    """A partition's decisions in a file, for `merge_decisions`. Guarantee: each exactly once."""

    def __init__(self, folder: Path | str, part: str) -> None:
        self._runs = RunWriter(folder, f"{_PREFIX}{part}")

    def append(self, decisions: Iterable[Decision]) -> None:
        """Add decisions, in any order."""
        self._runs.append((order(decision), line(decision)) for decision in decisions)

    def snapshot(self) -> int:
        """Write everything out; the file's length in bytes."""
        return self._runs.snapshot()

    def restore(self, end: int) -> None:
        """Cut the file back to this length."""
        self._runs.restore(end)

    def close(self) -> None:
        """Write everything out and close."""
        self._runs.close()


class DecisionTopic:
    """Decisions to a Kafka topic, keyed by user. Guarantee: at least once, in order for a user."""

    def __init__(self, topic: TopicWriter) -> None:
        self._topic = topic

    def append(self, decisions: Iterable[Decision]) -> None:
        """Send decisions."""
        for decision in decisions:
            self._topic.append(decision.user_id.encode(), line(decision)[:-1])

    def snapshot(self) -> int:
        """Return, with 0, once the brokers have everything."""
        self._topic.flush()
        return 0

    def restore(self, end: int) -> None:
        """A topic is not taken back: what follows may be there twice."""

    def close(self) -> None:
        """Return once the brokers have everything."""
        self._topic.flush()


def merge_decisions(folder: Path | str, out: Path | str) -> int:
    """Write the folder's runs, which stay, as one sorted log; the number of decisions."""
    return merge_runs(folder, _PREFIX, out)


def clear_decisions(folder: Path | str) -> None:
    """Remove the folder's runs, as a replay must that starts from nothing or has ended."""
    clear_runs(folder, _PREFIX)
