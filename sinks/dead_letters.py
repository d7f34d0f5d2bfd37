"""Events that could not be used, kept where a person finds them: a file by row, or a topic."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sinks.log import RunLog, TopicLog
from sinks.runs import clear_runs, merge_runs
from sinks.topic import TopicWriter

_PREFIX: Final = "dead_letters-"

DeadLetter = tuple[int, str, bytes]
"""Its row (from 0), the log or Kafka partition that it came from, and a JSON object without a line
break that says what was wrong."""


def dead_letter_runs(folder: Path | str, part: str) -> RunLog[DeadLetter]:
    """A partition's letters in a file, for `merge_dead_letters`."""
    return RunLog(
        folder,
        f"{_PREFIX}{part}",
        lambda letter: (letter[0].to_bytes(8, "big") + letter[1].encode(), letter[2] + b"\n"),
    )


def dead_letter_topic(topic: TopicWriter) -> TopicLog[DeadLetter]:
    """Letters to a Kafka topic, keyed by source and row."""
    return TopicLog(topic, lambda letter: (f"{letter[1]}:{letter[0]}".encode(), letter[2]))


def merge_dead_letters(folder: Path | str, out: Path | str) -> int:
    """Write the folder's runs, which stay, as one file sorted by row; how many letters."""
    return merge_runs(folder, _PREFIX, out)


def clear_dead_letters(folder: Path | str) -> None:
    """Remove the folder's runs, as a replay must that starts from nothing or has ended."""
    clear_runs(folder, _PREFIX)
