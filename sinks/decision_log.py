"""The decision log: every decision once, in the order of (event time, user, number)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import orjson

from decisions.outputs import Decision
from sinks.forgotten import Forgotten
from sinks.log import Log, RunLog, TopicLog
from sinks.runs import blanks, clear_runs, merge_runs
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


def _user_in(key: bytes) -> str:
    """Whose decision has this key of `order`."""
    return key[8:-10].replace(b"\0\xff", b"\0").decode()


class DecisionLog(Log[Decision], Protocol):
    """A log that can forget somebody."""

    def forget(self, users: Iterable[str]) -> None:
        """No decision about these users so far is to stay."""


class DecisionRuns(RunLog[Decision]):
    """A partition's decisions in a file, for `merge_decisions`."""

    def __init__(self, folder: Path | str, part: str) -> None:
        super().__init__(folder, f"{_PREFIX}{part}", lambda one: (order(one), line(one)))
        self._forgotten = Forgotten(_run(folder, part))

    def forget(self, users: Iterable[str]) -> None:
        """Note whose decisions are to go when the runs are next merged or begun again."""
        self._forgotten.note(users, self.snapshot())


class DecisionTopic(TopicLog[Decision]):
    """Decisions to a Kafka topic, keyed by user."""

    def __init__(self, topic: TopicWriter) -> None:
        super().__init__(topic, lambda one: (one.user_id.encode(), line(one)[:-1]))

    def forget(self, users: Iterable[str]) -> None:
        """What a topic holds it loses by its retention alone."""


def _run(folder: Path | str, part: str) -> Path:
    return Path(folder) / f"{_PREFIX}{part}.run"


def forget_decisions(folder: Path | str) -> int:
    """Blank what the folder's runs hold of users who are forgotten; how many decisions."""
    runs = sorted(Path(folder).glob(f"{_PREFIX}*.run"))
    return sum(Forgotten(run).blank(_lines) for run in runs)


def _lines(file: BinaryIO) -> Iterator[tuple[int, str, bytes]]:
    for offset, key, instead in blanks(file):
        yield offset, _user_in(key), instead


def merge_decisions(folder: Path | str, out: Path | str) -> int:
    """Write the folder's runs, which stay, as one sorted log; the number of decisions.

    Whoever is forgotten by then is in neither.
    """
    forget_decisions(folder)
    return merge_runs(folder, _PREFIX, out)


def clear_decisions(folder: Path | str) -> None:
    """Remove the folder's runs, as a replay must that starts from nothing or has ended."""
    clear_runs(folder, _PREFIX)
    for notes in Path(folder).glob(f"{_PREFIX}*.run.forgotten"):
        notes.unlink()
