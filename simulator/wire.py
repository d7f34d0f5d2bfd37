"""The way from an event to a line of the log, on which lines get delayed, doubled and broken."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import NamedTuple

import orjson

from simulator.breakage import break_line
from simulator.dice import Dice
from simulator.settings import SimulatorSettings
from simulator.truth import Truth

Fields = dict[str, object]

# What the world says of itself must arrive whole and in time, and does not tell the time.
CATALOG_KINDS = frozenset(("host", "room", "product", "on_air"))


class _Sent(NamedTuple):
    """A line on its way: `flaw` is empty, `duplicate`, or the name of a breakage."""

    line: bytes
    kind: str
    time_ms: int
    event_id: str
    flaw: str


class Wire:
    """Serialises events in order of event time and hands out lines in order of arrival.

    The truth is told of a line when it is handed out, so its counts are those of the log so far.
    A broken line is an extra one: the event itself arrives as well.
    """

    def __init__(self, settings: SimulatorSettings, truth: Truth, dice: Dice) -> None:
        self._settings = settings
        self._truth = truth
        self._dice = dice
        self._random = dice.random
        self._flawed = (
            settings.duplicate_share
            + settings.disorder_share
            + settings.late_share
            + settings.broken_share
        )
        self._ready: deque[_Sent] = deque()
        self._held: list[tuple[int, int, _Sent]] = []
        self._sent = 0

    def __len__(self) -> int:
        """Lines that can be drained now."""
        return len(self._ready)

    def send(self, event: Fields, kind: str, time_ms: int, event_id: str) -> None:
        """Send one event that happens now, at `time_ms`, which never goes back."""
        if self._held and self._held[0][0] <= time_ms:
            self.release(time_ms)
        sent = _Sent(orjson.dumps(event), kind, time_ms, event_id, "")
        chance = self._random()
        if chance >= self._flawed:
            self._ready.append(sent)
        else:
            self._send_flawed(sent, chance)

    def send_safely(self, event: Fields, kind: str, time_ms: int, event_id: str) -> None:
        """Send one event that must arrive once and in time, as the catalogue's do."""
        self.release(time_ms)
        self._ready.append(_Sent(orjson.dumps(event), kind, time_ms, event_id, ""))

    def _send_flawed(self, sent: _Sent, chance: float) -> None:
        settings, dice = self._settings, self._dice
        chance -= settings.disorder_share
        if chance < 0.0:
            # The longest is still short of late, whatever else arrives meanwhile.
            longest = min(settings.disorder_ms, settings.allowed_lateness_ms)
            self._hold(sent, dice.whole(1, max(1, longest)))
            return
        chance -= settings.late_share
        if chance < 0.0:
            # Half as much again, so that a quiet moment on the log does not make it timely.
            shortest = settings.allowed_lateness_ms * 3 // 2 + 1
            self._hold(sent, dice.whole(shortest, max(shortest, settings.late_ms)))
            return
        self._ready.append(sent)
        if chance < settings.duplicate_share:
            longest = min(settings.duplicate_after_ms, settings.allowed_lateness_ms)
            self._hold(sent._replace(flaw="duplicate"), dice.whole(1, max(1, longest)))
        else:
            line, flaw = break_line(sent.line, dice)
            self._ready.append(sent._replace(line=line, flaw=flaw))

    def _hold(self, sent: _Sent, wait_ms: int) -> None:
        self._sent += 1
        heappush(self._held, (sent.time_ms + wait_ms, self._sent, sent))

    def release(self, now_ms: int) -> None:
        """Let the delayed lines that are due arrive."""
        while self._held and self._held[0][0] <= now_ms:
            self._ready.append(heappop(self._held)[2])

    def drain(self, limit: int) -> list[bytes]:
        """Hand out up to `limit` lines, and count them."""
        truth, ready = self._truth, self._ready
        kinds = truth.kinds
        lines = []
        for _ in range(min(limit, len(ready))):
            line, kind, time_ms, event_id, flaw = ready.popleft()
            lines.append(line)
            if not flaw:
                kinds[kind] += 1
                if time_ms < truth.newest_ms:
                    self._count_behind(time_ms, event_id)
                elif kind not in CATALOG_KINDS:
                    truth.newest_ms = time_ms
            else:
                self._count_flaw(flaw, event_id)
        truth.lines += len(lines)
        return lines

    def _count_behind(self, time_ms: int, event_id: str) -> None:
        defects = self._truth.defects
        if self._truth.newest_ms - time_ms > self._settings.allowed_lateness_ms:
            defects.late += 1
            self._keep(defects.late_ids, event_id)
        else:
            defects.disordered += 1

    def _count_flaw(self, flaw: str, event_id: str) -> None:
        defects = self._truth.defects
        if flaw == "duplicate":
            defects.duplicates += 1
            self._keep(defects.duplicate_ids, event_id)
        else:
            defects.broken[flaw] += 1
            self._keep(defects.broken_ids, event_id)

    def _keep(self, ids: list[str], event_id: str) -> None:
        if len(ids) < self._settings.truth_ids:
            ids.append(event_id)
