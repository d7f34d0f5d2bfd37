"""The steps of a live run that have a key a shard: its users over all partitions, its decisions."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from decisions.outputs import Delivery
from features.observe import ObserveShard
from features.observed import Observed
from features.rows import Rows
from flows.live_arrivals import Arrivals, stamped
from flows.live_messages import Arrival, Word, unpack_arrival
from flows.live_order import PartOrder
from flows.live_runtime import REPORT_MS, LiveRuntime
from flows.live_state import seal_live, unseal_live
from flows.messages import Learnable
from flows.steps import DecideStep, ObserveStep

_SLATE_MS = 1_000
"""A second signal within a second is answered after this long, by the wall's clock."""
_SPREAD_MS = 250
"""Over how long the shards move on that only hear how late it is."""


@dataclass(slots=True)
class Reached(Observed):
    """What OBSERVE made, and how far each partition has got with it."""

    reached: dict[str, int] = field(default_factory=dict)


class LiveObserveStep(ObserveStep):
    """One key a shard: its users, over all partitions."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, saved = unseal_live(state)
        super().__init__(runtime, inner)
        self._live = runtime
        self._arrivals = Arrivals(runtime, saved, unpack_arrival)
        self._times = self._arrivals.times
        self._order = PartOrder() if runtime.settings.flow.tables_frozen else None
        self._told = -1
        self._learnt_s = -1
        self._later: deque[tuple[int, str]] = deque()

    def take(self, values: list[Any]) -> Iterable[Any]:
        """Rows of partitions, or word that the catalogue has come."""
        runtime, times = self._live, self._times
        shard = self.kernel(values[0].shard if values else self._number)
        now_ms = runtime.now()
        words = [value for value in values if isinstance(value, Word)]
        come = [value for value in values if isinstance(value, Arrival)]
        if words and (self._order is not None or not times.is_started(now_ms)):
            come += [arrival for word in words for arrival in word.arrivals()]
            words = []
        is_started = self._arrivals.hear(come, now_ms)
        if not runtime.catalogue_ready:
            runtime.waiting_observe.add(shard.shard)
            return ()
        if not is_started:
            return ()
        runtime.started = True
        seq = runtime.catalogue.seq
        reached_ms = shard.clock_ms
        for rows in self._stamped(self._arrivals.release(), now_ms, seq):
            if rows.rows:
                shard.apply(rows)
                reached_ms = max(reached_ms, rows.clock_ms)
        for word in words:
            times.hear_all(word.heard, now_ms)
        if times.clock_ms > reached_ms and self._moves_on(reached_ms, times.clock_ms):
            shard.apply(Rows(shard.shard, 0, times.clock_ms, seq))
        made = list(self._work(shard, now_ms))
        self.write_behind(now_ms)
        turn = runtime.turn(now_ms, REPORT_MS, shard.shard)
        if turn != self._told:
            self._told = turn
            made.append(runtime.tell(f"observe {shard.shard}", self._counts(shard)))
        return made

    def _moves_on(self, from_ms: int, to_ms: int) -> bool:
        """Whether word of the time alone is worth a turn: once a second, not at all partitions'.

        The shards' moments are spread, so that they do not hold the flow up together.
        """
        if self._order is not None:
            return True
        phase_ms = self._number * _SPREAD_MS // self._live.settings.flow.shards
        return (from_ms - phase_ms) // 1_000 != (to_ms - phase_ms) // 1_000

    def _work(self, shard: ObserveShard, now_ms: int) -> Iterator[Any]:
        """What comes of the rows that were taken, and of what was put off until now."""
        later = self._later
        is_due = bool(later) and later[0][0] <= now_ms
        if not is_due and not shard.is_waiting:
            return
        while later and later[0][0] <= now_ms:
            shard.make_up(later.popleft()[1])
        out = shard.drain()
        later += [(now_ms + _SLATE_MS, person) for person in shard.take_put_off()]
        if out.ends or out.steps:
            yield from self._made(shard, out)

    def _stamped(self, held: list[Arrival], now_ms: int, seq: int) -> Iterator[Rows]:
        """The rows that may be worked on: as they come, or in the order of all partitions."""
        if self._order is not None:
            yield self._order.take(self._number, held, self._times, now_ms, seq)
            return
        for one in held:
            yield stamped(one, self._times, now_ms, seq)

    def _reached(self) -> dict[str, int]:
        """How far each partition has got with what has been worked on."""
        offsets = self._times.offsets
        return dict(offsets) if self._order is None else self._order.reached(offsets)

    def notify_at(self) -> datetime | None:
        """When a slate that was put off is due, whatever comes until then."""
        if not self._later:
            return None
        return datetime.fromtimestamp(self._later[0][0] / 1000, UTC)

    def resend(self) -> Iterable[Any]:
        """Nothing to say again: it is time for what was put off."""
        return self.take([])

    def _made(self, shard: ObserveShard, out: Observed) -> Iterator[Any]:
        reached = self._reached()
        for made in super()._made(shard, out):
            if isinstance(made, Observed):
                yield Reached(
                    made.shard,
                    made.steps,
                    made.tags,
                    made.examples,
                    made.erased,
                    made.ends,
                    reached,
                )
                continue
            if isinstance(made, Delivery):
                made.reached = reached
            elif isinstance(made, Learnable):
                if not made.examples and made.progress_s <= self._learnt_s:
                    continue
                self._learnt_s = made.progress_s
            yield made

    def _counts(self, shard: ObserveShard) -> dict[str, Any]:
        counts: dict[str, Any] = dict(shard.totals())
        if shard.shard == self._live.speaker:
            counts["delivery"] = self._live.counters.as_dict()
            counts["catalogue_events"] = self._live.catalogue.seq
            counts["clock_ms"] = self._times.clock_ms
        return counts

    def pack(self) -> bytes:
        """State, clock, and rows that wait for it or for the catalogue."""
        before = self._order.pack(self._number) if self._order is not None else ()
        return self._arrivals.seal(super().pack(), before)


class LiveDecideStep(DecideStep):
    """One key a shard: decides with the tables that are there, and counts where newer were due."""

    def __init__(self, runtime: LiveRuntime, state: bytes | None) -> None:
        inner, _ = unseal_live(state)
        super().__init__(runtime, inner)
        self._live = runtime
        self._reached: dict[str, int] = {}
        self._told = -1
        self._behind = 0

    def take(self, values: list[Any]) -> Iterable[Any]:
        """What OBSERVE made, or word that new weights have come."""
        tables = self._live.boards.tables
        for value in values:
            if isinstance(value, Reached):
                self._reached = value.reached
                if value.steps and not tables.is_ready(value.steps[-1].clock_ms // 1000):
                    self._behind += 1
        made = list(super().take(values))
        for one in made:
            if isinstance(one, Delivery):
                one.reached = self._reached
        now_ms = self._live.now()
        self.write_behind(now_ms)
        turn = self._live.turn(now_ms, REPORT_MS, self._number)
        if turn != self._told and self._shard is not None:
            self._told = turn
            counts = {**self._shard.totals(), "tables_behind": self._behind}
            made.append(self._live.tell(f"decide {self._shard.shard}", counts))
        return made

    def pack(self) -> bytes:
        """The shard's state."""
        return seal_live(super().pack(), b"", [])
