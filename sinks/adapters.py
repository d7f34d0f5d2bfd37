"""Delivery as the engine's sinks, fixed partitions all: only those are part of what it recovers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec
from bytewax.outputs import StatefulSinkPartition

from decisions.outputs import Delivery, decode
from events.errors import StateError
from events.hashing import hash64
from sinks.dead_letters import DeadLetter
from sinks.decision_log import DecisionLog
from sinks.kept import Kept
from sinks.log import Log
from sinks.parts import PartedSink
from sinks.pending import PendingPushes
from sinks.redis_sink import RedisWriter
from sinks.refill import Refill
from sinks.settings import RedisSettings

_STATE_VERSION: Final = 3
"""2: a source had another partition."""
_SWEEPS: Final = 10
"""Into how many helpings an epoch's look for what has run out is cut."""

MakeWriter = Callable[[str, Mapping[str, int], Kept | None], RedisWriter]
"""A partition's name, the marks of its saved state and its own copy to its writer."""


class _State(msgspec.Struct, array_like=True):
    version: int
    marks: dict[str, int]
    pending: bytes
    log_end: int
    refill_at: bytes | None


def _check_version(data: bytes) -> None:
    version = msgspec.msgpack.decode(data)[0]
    if version != _STATE_VERSION:
        raise StateError.version("delivery", version, _STATE_VERSION)


class DeliverPartition(StatefulSinkPartition[Delivery | bytes, bytes]):
    """One partition: values at once, decisions to the log, pushes when their epoch is durable."""

    def __init__(
        self,
        writer: RedisWriter,
        kept: Kept | None,
        settings: RedisSettings,
        pending: PendingPushes,
        log: DecisionLog | None,
        state: bytes | None,
    ) -> None:
        self._writer = writer
        self._kept = kept
        self._ttl_ms = settings.ttl_ms
        self._pending = pending
        self._log = log
        end, refill_at = 0, None
        if state is not None:
            saved = msgspec.msgpack.decode(state, type=_State)
            pending.restore(saved.pending)
            end, refill_at = saved.log_end, saved.refill_at
        if log is not None:
            log.restore(end)
        self._sweeps = 0
        self._refill = Refill(writer, kept, settings.refill_keys, refill_at)
        if pending.holds:
            writer.hold_ids()

    def write_batch(self, values: list[Delivery | bytes]) -> None:
        """Send what these deliveries hold; bytes are deliveries from another process."""
        deliveries = [decode(value) if isinstance(value, bytes) else value for value in values]
        for delivery in deliveries:
            self._pending.recall(delivery.recalled)
            self._pending.add(delivery.pushes)
        self._writer.write(deliveries)
        self._writer.push(self._pending.release(), self._pending.forget_before_ms)
        self._refill.step()
        if self._kept is not None and self._sweeps:
            self._sweeps -= 1
            self._kept.sweep(self._ttl_ms, self._pending.forget_before_ms)
        if self._log is not None:
            for delivery in deliveries:
                if delivery.forgotten:
                    self._log.forget(delivery.forgotten)
                if delivery.decisions:
                    self._log.append(delivery.decisions)

    def snapshot(self) -> bytes:
        """Return once Redis and the log have everything; the copy has it already."""
        self._writer.forget_ids(self._pending.holds)
        self._writer.flush()
        self._pending.seal()
        self._sweeps = _SWEEPS
        end = self._log.snapshot() if self._log is not None else 0
        state = _State(
            _STATE_VERSION,
            self._writer.marks(),
            self._pending.snapshot(),
            end,
            self._refill.at,
        )
        return msgspec.msgpack.encode(state)

    def close(self) -> None:
        """Flush and close; pushes still held are in the last snapshot, and leave at a restart."""
        try:
            if not self._writer.is_stopping and not self._refill.failed:
                self._refill.finish()
            self._writer.forget_ids(0)
            self._writer.close()
        finally:
            if self._kept is not None:
                self._kept.close()
        if self._log is not None:
            self._log.close()


class DeliverSink(PartedSink[Delivery | bytes, bytes]):
    """Deliveries, keyed by their source, into Redis and the decision log.

    Guarantee: killed anywhere, values end as the newest, pushes leave once, decisions stand once.

    `hold_epochs` is 0 for a replay or a run without recovery, 2 for a live one, which must then
    hand every partition something, be it empty, in each epoch. `parts` stays what it was when the
    recovery folder was made, whatever the number of processes. A Redis that has lost what it had
    acknowledged is filled again from the copies that `make_kept` opens, by a partition's name and
    whether it begins anew; without them that is an error. `place_of` says of each source which
    partition it has: one that lies in the source's process saves the way to another.
    """

    def __init__(
        self,
        parts: int,
        make_writer: MakeWriter,
        hold_epochs: int,
        settings: RedisSettings,
        make_log: Callable[[str], DecisionLog] | None = None,
        make_kept: Callable[[str, bool], Kept] | None = None,
        place_of: Callable[[str], int] = hash64,
    ) -> None:
        super().__init__(parts, place_of)
        self._make_writer = make_writer
        self._hold_epochs = hold_epochs
        self._settings = settings
        self._make_log = make_log
        self._make_kept = make_kept

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> DeliverPartition:
        """A partition that goes on after its saved state."""
        marks: dict[str, int] = {}
        if resume_state is not None:
            _check_version(resume_state)
            marks = msgspec.msgpack.decode(resume_state, type=_State).marks
        kept = None
        if self._make_kept is not None:
            kept = self._make_kept(for_part, resume_state is None)
        return DeliverPartition(
            self._make_writer(for_part, marks, kept),
            kept,
            self._settings,
            PendingPushes(self._hold_epochs, self._settings.push_ids_kept_ms),
            self._make_log(for_part) if self._make_log is not None else None,
            resume_state,
        )


class DeadLetterPartition(StatefulSinkPartition[Sequence[DeadLetter], bytes]):
    """One partition of the dead letters."""

    def __init__(self, letters: Log[DeadLetter], state: bytes | None) -> None:
        self._letters = letters
        end = 0
        if state is not None:
            _check_version(state)
            end = msgspec.msgpack.decode(state, type=tuple[int, int])[1]
        letters.restore(end)

    def write_batch(self, values: list[Sequence[DeadLetter]]) -> None:
        """Keep these letters."""
        for letters in values:
            self._letters.append(letters)

    def snapshot(self) -> bytes:
        """Return once all letters are stored."""
        return msgspec.msgpack.encode((_STATE_VERSION, self._letters.snapshot()))

    def close(self) -> None:
        """Store everything and close."""
        self._letters.close()


class DeadLetterSink(PartedSink[Sequence[DeadLetter], bytes]):
    """Lists of dead letters, under any key.

    Guarantee: killed anywhere, a file holds each once, a topic at least once.
    """

    def __init__(self, parts: int, make: Callable[[str], Log[DeadLetter]]) -> None:
        super().__init__(parts)
        self._make = make

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> DeadLetterPartition:
        """A partition that goes on after its saved state."""
        return DeadLetterPartition(self._make(for_part), resume_state)
