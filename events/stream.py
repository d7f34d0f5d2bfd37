"""One recorded log as a stream of decoded rows, each with the log's clock.

A stream's place is two numbers: how many lines it has handed out, and the clock as of the last
of them. A stream opened at a place goes on exactly as the first one would have.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_left, bisect_right

from events.clock import ClockSettings, LogClock
from events.decode import Decoder, DecodeSettings, Row, cut_short
from events.letters import DeadLetter
from events.logs import LogError, LogReader, LogSettings


@dataclasses.dataclass(frozen=True)
class CollectSettings:
    """The settings of all that a log passes on its way to events."""

    decode: DecodeSettings = dataclasses.field(default_factory=DecodeSettings)
    clock: ClockSettings = dataclasses.field(default_factory=ClockSettings)
    log: LogSettings = dataclasses.field(default_factory=LogSettings)


class LogStream:
    """The rows of one log. `head_ms` orders streams: the clock of the next row to hand out."""

    def __init__(
        self,
        path: str,
        settings: CollectSettings | None = None,
        lines: int = 0,
        clock_ms: int | None = None,
    ) -> None:
        """Open a log after its first `lines` lines, as of which its clock was `clock_ms`."""
        self._settings = settings or CollectSettings()
        self.path = path
        self.lines = lines
        self.clock_ms = clock_ms
        self.damage: LogError | None = None
        self._reader = LogReader(path, self._settings.log, self._settings.decode.line_bytes_max)
        self._decoder = Decoder(self._settings.decode)
        self._clock = LogClock(clock_ms, self._settings.clock)
        self._rows: list[Row] = []
        self._clocks: list[int] = []
        self._next = 0
        self._ended = False
        if not self._reader.skip_to(lines):
            raise LogError(
                f"{path}: has {self._reader.line_no:,} lines, but {lines:,} were read of it "
                "before: give the log that the run was begun with"
            )

    @property
    def size(self) -> int:
        """The size of the log's file in bytes."""
        return self._reader.size

    @property
    def progress(self) -> float:
        """The share of the file that has been read, 0 to 1."""
        return self._reader.progress

    def head_ms(self) -> int | None:
        """The clock of the next row, or None at the log's end; reads until it is known."""
        while self._next == len(self._rows):
            if self._ended:
                return None
            self._fill()
        return self._clocks[self._next]

    def take(self, max_rows: int, until_ms: int | None, ties: bool) -> tuple[list[Row], list[int]]:
        """The next rows, at most `max_rows`, and their clocks; `head_ms` was asked before.

        With `until_ms`, only those whose clock is less, or with `ties` at most that.
        """
        end = min(len(self._rows), self._next + max_rows)
        if until_ms is not None:
            bound = bisect_right if ties else bisect_left
            end = bound(self._clocks, until_ms, self._next, end)
        part = slice(self._next, end)
        rows, clocks = self._rows[part], self._clocks[part]
        self._next = end
        if DeadLetter in map(type, rows):
            for i, row in enumerate(rows):
                if type(row) is DeadLetter:
                    row.at_line(self.path, self.lines + i + 1)
        self.lines += len(rows)
        if clocks:
            self.clock_ms = clocks[-1] or None
        return rows, clocks

    def close(self) -> None:
        """Close the file."""
        self._reader.close()

    def _fill(self) -> None:
        """Decode a chunk more of the log."""
        try:
            lines = self._reader.read(self._settings.log.chunk_rows)
        except LogError as error:
            self.damage = error
            lines = []
        if lines:
            rows = self._decoder.decode_all(lines)
            if self._reader.cut and type(last := rows[-1]) is DeadLetter:
                cut_short(last)
            released = self._clock.feed(rows)
        else:
            self._ended = True
            released = self._clock.finish()
        self._rows, self._clocks = released
        self._next = 0
