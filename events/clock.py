"""The clock of a recorded log: its running maximum time, guarded against single false times.

One event with a time far ahead must not make all that follow late. So a time more than an hour
past the clock (a jump), or a log's first time, moves the clock only when other rows bear it
out. Rows come out in the order in which they went in, each with the clock as of that row.

What bears a jump out, among the next 1,000 rows: an event of another person, or ten more events
of anyone, that lie within an hour of it or past it. A row further past it counts only while no
row has come back to before it: in a log with long gaps all rows go on, while two false times
in different years have true ones between them.

Law: the result does not depend on how the rows are cut into chunks. Space: the rows that wait,
at most 1,000 and a chunk. Judge: `tests/events/test_clock.py`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from events.decode import Row
from events.kinds import FAMILIES, KIND_OF, KINDS, Event, person_of
from events.letters import DeadLetter, Fault
from events.refused import letter_of
from events.setting import setting

NO_CLOCK = 0
"""The clock of the rows before a log's first person's event."""

# Rows that neither move a clock nor bear one out: catalogue events, dead letters, blank rows.
_STILL = frozenset({DeadLetter, type(None)} | {KINDS[kind] for kind in FAMILIES["catalog"]})


@dataclasses.dataclass(frozen=True)
class ClockSettings:
    """When a row's time is believed."""

    jump_ms: int = setting(
        3_600_000, "ms", "A time further ahead of the clock than this must be borne out."
    )
    confirm_rows: int = setting(
        1_000, "rows", "How long a jump may wait to be borne out; the rows after it wait with it."
    )
    confirm_events: int = setting(
        10, "events", "A log of one person has no other to bear a jump out; this many rows do."
    )
    off_ms_max: int = setting(
        30 * 86_400_000, "ms", "A jump further off that nothing bears out is a dead letter."
    )


class Released(NamedTuple):
    """Rows in the order fed, and of each the clock as of and including it, in ms."""

    rows: list[Row]
    clocks: list[int]


@dataclasses.dataclass
class _Jump:
    """A jump that waits, and what the rows after it have said so far."""

    event: Event
    person: str | None
    seen: int = 0
    more: int = 0
    back: bool = False


class LogClock:
    """The clock of one log.

    It is fed every row of the log, blank and dead ones too, and releases each once its clock is
    sure. Rows that still wait are no part of its state: a reader that goes on later starts at
    the first row that was not released, with a clock made from the last one released
    (`clock_ms`, None before the first person's event).
    """

    def __init__(self, clock_ms: int | None = None, settings: ClockSettings | None = None) -> None:
        self._settings = settings or ClockSettings()
        self._clock_ms = clock_ms
        self._held: list[Row] = []
        self._jump: _Jump | None = None

    @property
    def clock_ms(self) -> int | None:
        """The clock as of the last row released; None before the first person's event."""
        return self._clock_ms

    @property
    def waiting(self) -> int:
        """How many rows wait."""
        return len(self._held)

    def feed(self, rows: Sequence[Row]) -> Released:
        """Take the log's next rows; returns those that are now sure."""
        self._held.extend(rows)
        return self._settle(at_end=False)

    def finish(self) -> Released:
        """The log has ended; returns all rows that still wait."""
        return self._settle(at_end=True)

    def _settle(self, at_end: bool) -> Released:
        held = self._held
        clocks: list[int] = []
        at = 0
        while (at := self._run(held, at, clocks)) < len(held):
            sure = self._verdict(held, at, at_end)
            if sure is None:
                break
            self._jump = None
            event = held[at]
            time_ms: int = event.event_time_ms  # type: ignore[union-attr]
            if sure:
                self._clock_ms = time_ms
            elif self._clock_ms is None:
                self._clock_ms = self._first_clock(held, at)
                continue
            elif time_ms - self._clock_ms > self._settings.off_ms_max:
                held[at] = _unconfirmed(event, self._clock_ms)  # type: ignore[arg-type]
            clocks.append(self._clock_ms)
            at += 1
        self._held = held[at:]
        return Released(held if at == len(held) else held[:at], clocks)

    def _run(self, rows: list[Row], start: int, clocks: list[int]) -> int:
        """Pass over the rows up to the next jump; returns where it stands, or the end."""
        clock_ms = NO_CLOCK if self._clock_ms is None else self._clock_ms
        edge_ms = NO_CLOCK if self._clock_ms is None else clock_ms + self._settings.jump_ms
        still = _STILL
        add = clocks.append
        at = start
        for at in range(start, len(rows)):
            row = rows[at]
            if type(row) not in still:
                time_ms: int = row.event_time_ms  # type: ignore[union-attr]
                if time_ms > clock_ms:
                    if time_ms > edge_ms:
                        break
                    clock_ms = time_ms
                    edge_ms = clock_ms + self._settings.jump_ms
            add(clock_ms)
        else:
            at = len(rows)
        if clock_ms != NO_CLOCK:
            self._clock_ms = clock_ms
        return at

    def _verdict(self, rows: list[Row], at: int, at_end: bool) -> bool | None:
        """Whether the jump at this row is borne out; None while it is too soon to tell."""
        if self._jump is None:
            event: Event = rows[at]  # type: ignore[assignment]
            self._jump = _Jump(event, person_of(event))
        jump = self._jump
        limit = at + 1 + self._settings.confirm_rows
        end = min(len(rows), limit)
        for i in range(at + 1 + jump.seen, end):
            if self._bears_out(jump, rows[i]):
                return True
        jump.seen = end - at - 1
        return False if at_end or end == limit else None

    def _bears_out(self, jump: _Jump, row: Row) -> bool:
        if type(row) in _STILL:
            return False
        event: Event = row  # type: ignore[assignment]
        past_ms = event.event_time_ms - jump.event.event_time_ms
        if past_ms < -self._settings.jump_ms:
            jump.back = True
            return False
        if past_ms > self._settings.jump_ms and jump.back:
            return False
        # The same event sent twice says nothing new.
        if event.event_id == jump.event.event_id:
            return False
        jump.more += 1
        return person_of(event) != jump.person or jump.more >= self._settings.confirm_events

    def _first_clock(self, rows: list[Row], at: int) -> int:
        """The clock to begin with where nothing bears out the log's first time.

        The first time among the waiting rows that is borne out; where none is (a log of one
        person's few events), the earliest that is no more than 30 days before the median.
        """
        end = min(len(rows), at + 1 + self._settings.confirm_rows)
        window = [row for row in rows[at:end] if type(row) not in _STILL]
        events: list[Event] = window  # type: ignore[assignment]
        for i, event in enumerate(events):
            jump = _Jump(event, person_of(event))
            if any(self._bears_out(jump, row) for row in events[i + 1 :]):
                return event.event_time_ms
        times = sorted(event.event_time_ms for event in events)
        floor = times[(len(times) - 1) // 2] - self._settings.off_ms_max
        return next(time_ms for time_ms in times if time_ms >= floor)


def _unconfirmed(event: Event, clock_ms: int) -> DeadLetter:
    days = (event.event_time_ms - clock_ms) / 86_400_000
    fault = Fault(
        "unconfirmed_jump",
        "event_time_ms",
        f"lies {days:,.1f} days past the log's clock ({clock_ms}), and no other event confirms it",
        str(event.event_time_ms),
    )
    return letter_of(fault, KIND_OF[type(event)])
