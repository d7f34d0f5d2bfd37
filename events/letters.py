"""Dead letters: what was wrong with a row that cannot be an event, and where it stands."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import msgspec

EXCERPT_BYTES_MAX = 200
"""Most bytes of the faulty row that a dead letter repeats."""

REASONS: dict[str, str] = {
    "truncated_json": "the row ends in the middle of its JSON; the writer was cut off",
    "invalid_json": "the row is not one JSON object",
    "invalid_utf8": "a text is not valid UTF-8, or holds half of a surrogate pair",
    "not_finite": "a number is NaN or infinite, which JSON does not have",
    "too_long": "the row is longer than the limit and was not parsed",
    "unknown_kind": "`kind` is none of the kinds of event",
    "missing_field": "a field that this kind needs is not there",
    "wrong_type": "a field holds another type than the contract's",
    "out_of_range": "a number or a time lies outside of the range that makes sense",
    "invalid_value": "a text is none of the values that the field takes",
    "empty_id": "an id or a tag is the empty string",
    "id_too_long": "an id or a tag is longer than 128 bytes",
    "no_person": "neither `user_id`, nor `device_id`, nor `platform` and `nickname` is there",
    "conflicting_fields": "fields of which one alone may be given are given together",
    "far_future": "a live event's time lies too far past the time at which it was recorded",
    "unconfirmed_jump": "the event's time is far off the log's, and no other event confirms it",
    "broken_log": "a compressed log ends early or is damaged; the rest cannot be read",
}
"""Every reason code, with what it means."""


class Fault(NamedTuple):
    """One thing wrong with a row, found without knowing where the row stands."""

    reason: str
    field: str | None
    detail: str
    excerpt: str = ""


class DeadLetter(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """A row that cannot be an event.

    `reason` is a key of `REASONS`; `field` is the field at fault where there is one; `detail`
    is a sentence for people. `source` names the log or topic, `line` counts a log's lines from
    1, `partition` and `offset` are Kafka's. `excerpt` repeats the faulty value alone, or where
    the row cannot be parsed the bytes beside the fault: enough to find the cause, and no more
    of a person's data than that.
    """

    reason: str
    detail: str
    field: str | None = None
    kind: str | None = None
    source: str = ""
    line: int | None = None
    partition: int | None = None
    offset: int | None = None
    excerpt: str = ""

    def at_line(self, source: str, line: int) -> DeadLetter:
        """Say where in a log the row stands; returns the letter itself."""
        self.source = source
        self.line = line
        return self

    def at_offset(self, topic: str, partition: int, offset: int) -> DeadLetter:
        """Say where in Kafka the row stands; returns the letter itself."""
        self.source = topic
        self.partition = partition
        self.offset = offset
        return self


HIDDEN: Final = "…"
"""Stands in an excerpt for what may tell of a person."""

PRIVATE: Final = frozenset(
    ("user_id", "device_id", "platform", "nickname", "text", "query", "attributes")
)
"""Fields whose values no dead letter repeats."""

_WORD: Final = re.compile(r"[^\s{}\[\]:,\"']+")
_PLAIN: Final = re.compile(
    r"(?:event|user|device|room|product|host)_id|kind|event_time_ms|null|true|false|NaN|-?Infinity"
)


def excerpt(row: bytes, at: int, before: int = 60, after: int = 60) -> str:
    """The shape of a row about position `at`: JSON's marks and the names of common fields.

    Where a row breaks, nobody can say which of its words tell of a person: so all are hidden.

    >>> excerpt(b'{"kind":"click","user_id":"u-77","room_id":r9', 45)
    '{"kind":"…","user_id":"…","room_id":…'
    """
    part = row[max(0, at - before) : at + after].decode("utf-8", "replace")
    return fit(_WORD.sub(lambda word: word[0] if _PLAIN.fullmatch(word[0]) else HIDDEN, part))


def fit(text: str) -> str:
    """The text cut to at most `EXCERPT_BYTES_MAX` bytes of UTF-8, lone surrogates escaped."""
    data = text[:EXCERPT_BYTES_MAX].encode("utf-8", "backslashreplace")[:EXCERPT_BYTES_MAX]
    return data.decode("utf-8", "ignore")
