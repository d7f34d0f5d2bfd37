"""Recorded logs as one stream of events in event-time order, in batches.

Several logs are merged by each log's own running maximum time (`events.clock`), ties by their
place on the command line; within a log the order is the log's own. Which rows come, and in
which order, does not depend on the sizes of batches or of blocks, nor on where a run stopped
and went on.
"""

from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Sequence
from itertools import compress, groupby
from pathlib import PurePath

import msgspec

from events.clock import NO_CLOCK
from events.decode import Row
from events.errors import StateError
from events.kinds import Event, Host, Product, Room
from events.letters import DeadLetter
from events.logs import LogError
from events.stream import CollectSettings, LogStream

LAYOUT = 1
"""The layout of a collector's state."""


@dataclasses.dataclass(slots=True)
class Batch:
    """Rows in order. `events`, `clocks` and `rows` run in parallel.

    A row's number counts all lines of the merged stream from 1, those of dead letters and blank
    ones too; its clock is the running maximum time as of and including it, in ms, or `NO_CLOCK`
    before the first person's event. `progress` is 0 to 1.
    """

    events: list[Event]
    clocks: list[int]
    rows: list[int]
    letters: list[DeadLetter]
    done: bool
    progress: float


_CONTENT = frozenset((Host, Room, Product))
_LOOK_ROWS = 256
"""After so many rows, whether there have been too many changes of the catalogue."""
_FEW_ROWS = 1_024
"""So few rows are taken together however far apart they are: a batch costs something by itself."""
_UNBOUNDED = 1 << 62


def _changes(rows: Sequence[Row]) -> int:
    """How often the catalogue's rows begin anew among these."""
    kinds = list(map(type, rows))
    if _CONTENT.isdisjoint(kinds):
        return 0
    return sum(is_content for is_content, _ in groupby(kind in _CONTENT for kind in kinds))


class _Place(msgspec.Struct, array_like=True):
    """Where one log's reading stands."""

    name: str
    lines: int
    clock_ms: int | None
    damaged: bool


class _State(msgspec.Struct, array_like=True):
    """Where a collector's reading stands."""

    layout: int
    row: int
    places: list[_Place]


class Collector:
    """Reads logs from the beginning, or by `restore` from where another one stood."""

    def __init__(self, paths: Sequence[str], settings: CollectSettings | None = None) -> None:
        self._begin([LogStream(path, settings) for path in paths], row=0)

    @classmethod
    def restore(
        cls, paths: Sequence[str], state: bytes, settings: CollectSettings | None = None
    ) -> Collector:
        """A collector that goes on after the last row that the one with this state gave out.

        `StateError` if the state is damaged or of another layout, `LogError` if the logs are
        not those of the state.
        """
        try:
            (layout, *_) = msgspec.msgpack.decode(state, type=list)
            if layout != LAYOUT:
                raise StateError.version("the logs' reading", layout, LAYOUT)
            old = msgspec.msgpack.decode(state, type=_State)
        except (msgspec.MsgspecError, ValueError) as error:
            if isinstance(error, StateError):
                raise
            raise StateError.unreadable("the logs' reading", error) from error
        names = [PurePath(path).name for path in paths]
        if names != [place.name for place in old.places]:
            before = " ".join(place.name for place in old.places)
            raise LogError(
                f"the run was begun with the logs {before}, not {' '.join(names)}: "
                "give the same logs in the same order"
            )
        collector = cls.__new__(cls)
        pairs = zip(paths, old.places, strict=True)
        streams = [LogStream(path, settings, at.lines, at.clock_ms) for path, at in pairs]
        collector._begin(streams, old.row)
        # A damage that was told once is not told again.
        collector._told = {i for i, place in enumerate(old.places) if place.damaged}
        return collector

    def _begin(self, streams: list[LogStream], row: int) -> None:
        self._streams = streams
        self._row = row
        self._told: set[int] = set()
        self._heads: list[tuple[int, int]] | None = None

    def next(self, max_rows: int, max_changes: int = _UNBOUNDED, max_ms: int = _UNBOUNDED) -> Batch:
        """The next rows, at most `max_rows` lines; none are left when `done`.

        They also end soon after rooms, hosts or products have been told of `max_changes` times,
        with other rows between, and, where they are a thousand or more, once their clocks span
        `max_ms`: who reads them has as many catalogues and seconds to keep at once.
        A log that turns out damaged ends there, with a dead letter that counts as a row of its
        own; the others go on.
        """
        if max_rows < 1:
            raise ValueError(f"max_rows must be at least 1, is {max_rows}")
        rows: list[Row] = []
        clocks: list[int] = []
        if self._heads is None:
            self._heads = []
            for at in range(len(self._streams)):
                self._push(at, rows, clocks)
        changes, began_ms, is_long = 0, NO_CLOCK, False
        while self._heads and len(rows) < max_rows and changes < max_changes and not is_long:
            at = heapq.heappop(self._heads)[1]
            until_ms, ties = None, True
            if self._heads:
                until_ms, other = self._heads[0]
                ties = at < other
            some = min(max_rows - len(rows), _LOOK_ROWS)
            more_rows, more_clocks = self._streams[at].take(some, until_ms, ties)
            changes += _changes(more_rows)
            rows.extend(more_rows)
            clocks.extend(more_clocks)
            began_ms = began_ms or next(filter(None, more_clocks), NO_CLOCK)
            is_long = len(rows) >= _FEW_ROWS and clocks[-1] - began_ms >= max_ms
            self._push(at, rows, clocks)
        return self._batch(rows, clocks)

    def state(self) -> bytes:
        """Where reading stands after the last batch, as versioned bytes for `restore`."""
        places = [
            _Place(
                PurePath(stream.path).name,
                stream.lines,
                stream.clock_ms,
                at in self._told,
            )
            for at, stream in enumerate(self._streams)
        ]
        return msgspec.msgpack.encode(_State(LAYOUT, self._row, places))

    def close(self) -> None:
        """Close all logs."""
        for stream in self._streams:
            stream.close()

    def _push(self, at: int, rows: list[Row], clocks: list[int]) -> None:
        """Put a stream back among those that have rows, by the clock of its next row."""
        assert self._heads is not None
        stream = self._streams[at]
        head_ms = stream.head_ms()
        if head_ms is not None:
            heapq.heappush(self._heads, (head_ms, at))
        elif stream.damage is not None and at not in self._told:
            self._told.add(at)
            letter = DeadLetter(reason="broken_log", detail=str(stream.damage))
            rows.append(letter.at_line(stream.path, stream.lines + 1))
            clocks.append(stream.clock_ms or NO_CLOCK)

    def _batch(self, rows: list[Row], clocks: list[int]) -> Batch:
        first = self._row + 1
        self._row += len(rows)
        numbers = list(range(first, first + len(rows)))
        letters: list[DeadLetter] = []
        dead = {type(None), DeadLetter}
        if not dead.isdisjoint(map(type, rows)):
            letters = [row for row in rows if isinstance(row, DeadLetter)]
            kept = [type(row) not in dead for row in rows]
            clocks = list(compress(clocks, kept))
            numbers = list(compress(numbers, kept))
            rows = list(compress(rows, kept))
        size = sum(stream.size for stream in self._streams)
        read = sum(stream.size * stream.progress for stream in self._streams)
        return Batch(
            events=rows,  # type: ignore[arg-type]
            clocks=clocks,
            rows=numbers,
            letters=letters,
            done=not self._heads,
            progress=read / size if size else 1.0,
        )
