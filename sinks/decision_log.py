"""The decision log: every decision once, in the order of (event time, user, number)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import orjson

from decisions.outputs import Decision
from sinks.log import RunLog, TopicLog
from sinks.runs import clear_runs, merge_runs
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


def decision_runs(folder: Path | str, part: str) -> RunLog[Decision]:
    """A partition's decisions in a file, for `merge_decisions`."""
    return RunLog(folder, f"{_PREFIX}{part}", lambda one: (order(one), line(one)))


def decision_topic(topic: TopicWriter) -> TopicLog[Decision]:
    """Decisions to a Kafka topic, keyed by user."""
    return TopicLog(topic, lambda one: (one.user_id.encode(), line(one)[:-1]))


def merge_decisions(folder: Path | str, out: Path | str) -> int:
    """Write the folder's runs, which stay, as one sorted log; the number of decisions."""
    return merge_runs(folder, _PREFIX, out)


def clear_decisions(folder: Path | str) -> None:
    """Remove the folder's runs, as a replay must that starts from nothing or has ended."""
    clear_runs(folder, _PREFIX)
