"""A publisher of tables, one for each period of event time in which anything was told.

Rows may come in any order and in any cut: they wait in the bucket of their own second until the
watermark has passed it, and a bucket is worked off in one order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar

Bucket = TypeVar("Bucket")
Table = TypeVar("Table")


class Periods(Generic[Bucket, Table]):
    """Rows and the watermark in, stamped tables out; who is erased or refuses leaves at once.

    Law: the tables are a function of the rows, however they are cut. A row has a code, the log's
    clock and its event time in ms, a user, and what its code asks for; three codes are consent's.
    """

    ERASED: ClassVar[int]
    REFUSED: ClassVar[int]
    ALLOWED: ClassVar[int]

    def __init__(self, taken: str, publish_s: int, users_max: int, lateness_ms: int) -> None:
        """`taken` is what rows that count are called; of who refuses `users_max` are known."""
        self.counts = {taken: 0, "late": 0, "refused": 0, "dropped": 0}
        self.closed_s = -1
        self._publish_s = max(publish_s, 1)
        self._refused_max = users_max
        self._lateness_ms = lateness_ms
        self._buckets: dict[int, Bucket] = {}
        self._refused: dict[str, None] = {}
        self._period = -1
        self._is_new = False

    def apply(self, rows: Iterable[tuple[int, int, int, str, Any]], clock_ms: int) -> list[Table]:
        """Take rows and the clock after them; publish each period that the watermark has passed."""
        made: list[Table] = []
        for code, row_clock_ms, time_ms, user, what in rows:
            open_s = max((row_clock_ms - self._lateness_ms) // 1000, self.closed_s + 1)
            if code in (self.ERASED, self.REFUSED, self.ALLOWED):
                # What of the user was certain by now counts, however the rows are cut.
                made += self._close(open_s - 1)
                self._consent(code, user, open_s)
            elif user in self._refused:
                self.counts["refused"] += 1
            else:
                self._wait(code, time_ms, user, what, open_s)
        made += self._close((clock_ms - self._lateness_ms) // 1000 - 1)
        return made

    def _consent(self, code: int, user: str, open_s: int) -> None:
        self._refused.pop(user, None)
        if code == self.ALLOWED:
            return
        self._forget(user, open_s)
        if code == self.REFUSED:
            self._refused[user] = None
            if len(self._refused) > self._refused_max:
                del self._refused[next(iter(self._refused))]
                self.counts["dropped"] += 1

    def _close(self, upto_s: int) -> list[Table]:
        """Work off every second up to this one, and publish the periods that end by it."""
        if upto_s <= self.closed_s:
            return []
        made: list[Table] = []
        for second in sorted(second for second in self._buckets if second <= upto_s):
            period = second // self._publish_s
            if period != self._period:
                made += self._publish()
                self._begin(period)
            if self._work_off(self._buckets.pop(second)):
                self._is_new = True
        self.closed_s = upto_s
        if upto_s >= (self._period + 1) * self._publish_s - 1:
            made += self._publish()
        return made

    def _publish(self) -> list[Table]:
        """The table as of the end of the period, where anything is new."""
        if not self._is_new:
            return []
        self._is_new = False
        return [self._table((self._period + 1) * self._publish_s - 1)]

    def _begin(self, period: int) -> None:
        """A later period begins."""
        self._period = period

    def _wait(self, code: int, time_ms: int, user: str, what: Any, open_s: int) -> None:
        """Put a row into a bucket; seconds before `open_s` are closed."""
        raise NotImplementedError

    def _forget(self, user: str, open_s: int) -> None:
        """Let go of all that is held of a user, and waits."""
        raise NotImplementedError

    def _work_off(self, bucket: Bucket) -> bool:
        """Count a second's rows; whether that makes a new table."""
        raise NotImplementedError

    def _table(self, stamp_s: int) -> Table:
        """What has been counted, as of the end of this second."""
        raise NotImplementedError
