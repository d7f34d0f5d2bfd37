"""NEIGHBOURS as a step of the engine, recorded and live."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from features.audience import Audience, AudienceRow
from features.neighbour_table import NeighbourTable
from flows.messages import NeighbourTables, Report
from flows.runtime import Runtime
from flows.step import Step
from flows.steps import FOREVER_S


class NeighboursStep(Step):
    """One key: item-item neighbours, published at most once a period of event time."""

    def __init__(self, runtime: Runtime, state: bytes | None) -> None:
        super().__init__(state is not None, runtime.recovers)
        settings = runtime.settings
        self._audience = Audience(settings.neighbours, settings.flow.lateness_ms)
        self._slack_s = settings.table_delay_s + settings.flow.table_slack_s
        self._recent: list[NeighbourTable] = []
        self._done = False
        if state is not None:
            saved = _STATE.decode(state)
            self._audience.restore(saved.audience)
            self._recent = [NeighbourTable.unpack(*table) for table in saved.tables]
            self._done = saved.done

    def take(self, values: list[tuple[list[AudienceRow], int, bool]]) -> Iterable[Any]:
        """The engagements of some rounds."""
        tables: list[NeighbourTable] = []
        for rows, clock_ms, done in values:
            tables += self._audience.apply(rows, clock_ms)
            self._done = self._done or done
        self._recent += tables
        oldest_s = self._audience.closed_s - self._slack_s
        while len(self._recent) > 1 and self._recent[1].stamp_s <= oldest_s:
            del self._recent[0]
        made: list[Any] = [NeighbourTables(tables, self._progress())]
        if self._done:
            made.append(Report("neighbours", dict(self._audience.totals())))
        return made

    def _progress(self) -> int:
        return FOREVER_S if self._done else self._audience.closed_s

    def resend(self) -> Iterable[Any]:
        """The tables that may still be used."""
        return [NeighbourTables(self._recent, self._progress())]

    def pack(self) -> bytes:
        """State and recent tables."""
        tables = [table.pack() for table in self._recent]
        return msgspec.msgpack.encode(_State(self._audience.snapshot(), tables, self._done))


class _State(msgspec.Struct, array_like=True):
    audience: bytes
    tables: list[tuple[int, bytes, bytes, bytes]]
    done: bool


_STATE = msgspec.msgpack.Decoder(_State)
