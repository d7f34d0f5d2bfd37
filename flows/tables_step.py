"""Steps that publish stamped tables: the recent ones, and how far the publisher has come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from flows.messages import Report
from flows.runtime import Runtime
from flows.step import Step

FOREVER_S = 1 << 40
"""Later than any second: how far a publisher has come at the end of a log."""

T = TypeVar("T")


class Recent(Generic[T]):
    """A publisher's tables that some reader may still need, with their stamps, oldest first."""

    def __init__(self, runtime: Runtime, tables: Iterable[tuple[int, T]] = ()) -> None:
        settings = runtime.settings
        self._slack_s = settings.table_delay_s + settings.flow.table_slack_s
        self.tables = list(tables)

    def forget(self, closed_s: int) -> None:
        """Drop what no reader needs once this second is complete."""
        tables, oldest_s = self.tables, closed_s - self._slack_s
        while len(tables) > 1 and tables[1][0] <= oldest_s:
            del tables[0]


class Publisher(Protocol):
    """Folds rows second by second; `closed_s` is the last second that is complete."""

    closed_s: int

    def apply(self, rows: list[Any], clock_ms: int) -> list[Any]:
        """Take rows and the clock after them; the tables that are complete now."""


class TablesStep(Step):
    """One key: hands rows to a publisher, and on what it publishes; after a restart, again.

    Items have `rows`, the `clock_ms` after them, and whether the log is `done`.
    """

    NAME: ClassVar[str]
    MESSAGE: ClassVar[type[Any]]
    """Made of tables and the last second that is complete."""

    def __init__(
        self,
        runtime: Runtime,
        publisher: Publisher,
        tables: Iterable[Any] | None = None,
        done: bool = False,
    ) -> None:
        """`tables` are those of a snapshot, None where the step begins anew."""
        super().__init__(tables is not None, runtime.recovers)
        self._publisher = publisher
        self._recent: Recent[Any] = Recent(runtime, ((one.stamp_s, one) for one in tables or ()))
        self._done = done

    def take(self, values: list[Any]) -> Iterable[Any]:
        """The rows of some rounds."""
        tables: list[Any] = []
        for value in values:
            tables += self._publisher.apply(value.rows, value.clock_ms)
            self._done = self._done or value.done
        self._recent.tables += [(table.stamp_s, table) for table in tables]
        self._recent.forget(self._publisher.closed_s)
        made = [self._say(tables)]
        if self._done:
            made.append(Report(self.NAME, self.totals()))
        return made

    def resend(self) -> Iterable[Any]:
        """The tables that may still be used."""
        return [self._say([table for _, table in self._recent.tables])]

    def _say(self, tables: list[Any]) -> Any:
        return self.MESSAGE(tables, FOREVER_S if self._done else self._publisher.closed_s)

    def _packed(self) -> list[Any]:
        return [table.pack() for _, table in self._recent.tables]

    def totals(self) -> dict[str, int]:
        """What was counted."""
        raise NotImplementedError
