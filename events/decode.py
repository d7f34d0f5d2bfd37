"""From the bytes of a row to an event, or to a dead letter that names field and reason.

A good row costs one typed parse and one short rule. Everything that explains a bad row is kept
off that path: a row is parsed a second time, leniently, only after the first parse refused it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from events.ids import long_id
from events.kinds import KIND_OF, Event
from events.letters import DeadLetter, Fault, excerpt
from events.refused import letter_of, reread
from events.rules import RULES
from events.setting import setting

Row: TypeAlias = Event | DeadLetter | None
"""What a row turned out to be; None is a blank row, which is nothing at all."""

_BACKSLASH = 0x5C


@dataclasses.dataclass(frozen=True)
class DecodeSettings:
    """How much of a row is read, and how far ahead of its record a live event may be."""

    line_bytes_max: int = setting(
        1 << 20,
        "bytes",
        "A longer row is refused unparsed, so that one row cannot fill memory.",
        least=1,
    )
    future_ms_max: int = setting(
        600_000, "ms", "A live event further past its record's time would move the clock ahead."
    )


class Decoder:
    """Decodes rows; holds no state between them."""

    def __init__(self, settings: DecodeSettings | None = None) -> None:
        self._settings = settings or DecodeSettings()
        self._parse = msgspec.json.Decoder(Event).decode

    def decode(self, row: bytes) -> Row:
        """The event in a row, a dead letter without its place, or None for a blank row.

        Never raises, whatever the bytes.
        """
        return self.decode_all((row,))[0]

    def decode_all(self, rows: Sequence[bytes]) -> list[Row]:
        """The outcome of each row, in order: `decode` for many rows at less cost a row."""
        parse = self._parse
        rule_of = RULES.get
        bytes_max = self._settings.line_bytes_max
        outcomes: list[Row] = []
        add = outcomes.append
        for row in rows:
            if len(row) > bytes_max:
                add(self._too_long(row))
                continue
            try:
                event: Event = parse(row)
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                add(reread(row, error))
                continue
            rule = rule_of(type(event))
            fault = None if rule is None else rule(event)
            # Where all characters are ASCII, the parser's count of characters was one of bytes.
            if fault is None and (_BACKSLASH in row or not row.isascii()):
                fault = long_id(event)
            add(event if fault is None else letter_of(fault, KIND_OF[type(event)]))
        return outcomes

    def future(self, event: Event, record_ms: int) -> DeadLetter | None:
        """A dead letter for a live event too far past the time its record bears, else None."""
        ahead_ms = event.event_time_ms - record_ms
        if ahead_ms <= self._settings.future_ms_max:
            return None
        detail = f"is {ahead_ms:,} ms past the time at which it was recorded"
        fault = Fault("far_future", "event_time_ms", detail, str(event.event_time_ms))
        return letter_of(fault, KIND_OF[type(event)])

    def _too_long(self, row: bytes) -> DeadLetter:
        detail = f"is longer than {self._settings.line_bytes_max:,} bytes"
        return letter_of(Fault("too_long", None, detail, excerpt(row, 0)), None)


def cut_short(letter: DeadLetter) -> DeadLetter:
    """The letter of a log's last row, where that has no end of line: no JSON means it was cut."""
    if letter.kind is None and letter.reason in ("truncated_json", "invalid_json", "invalid_utf8"):
        letter.reason = "truncated_json"
        letter.detail = "the log's last line has no end of line and is cut short"
    return letter
