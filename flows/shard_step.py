"""A step with a key a shard, whose kernel may rest partly on shelves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from features.shelf import Shelves
from flows.runtime import Runtime
from flows.step import Step

if TYPE_CHECKING:
    from flows.shelf_store import Store


WRITE_MS = 250
"""How often a step puts on its shelves what was touched."""
_SOON_MS = 25
"""The same shortly before a checkpoint, and between it and the snapshots that name it."""
_PHASE_MS = 37


class Kernel(Protocol):
    """What holds all users of a shard."""

    def write(self) -> None:
        """Put on the shelves what was touched."""

    def snapshot(self) -> bytes:
        """The state that is not on a shelf."""

    def restore(self, packed: bytes) -> None:
        """Take it, with the shelves as of it."""


K = TypeVar("K", bound=Kernel)


class ShardStep(Step, Generic[K]):
    """`store` has the shelves, None where nothing is kept."""

    def __init__(self, runtime: Runtime, store: Store | None, state: bytes | None) -> None:
        super().__init__(False, runtime.recovers)
        self._runtime = runtime
        self._store = store
        self._number = -1
        self._turn = -1
        self._shard: K | None = None
        if state is not None:
            saved = _STATE.decode(state)
            self._begin(saved.number, saved.place, saved.changes).restore(saved.packed)

    def make(self, number: int, shelves: Shelves | None) -> K:
        """The kernel of a shard."""
        raise NotImplementedError

    def _begin(self, number: int, place: str = "", changes: bytes = b"") -> K:
        store = self._store
        shelves = store.shelves(number, place, changes) if store is not None else None
        self._number = number
        self._shard = self.make(number, shelves)
        if store is not None:
            store.enter(number, self._shard)
        return self._shard

    def kernel(self, number: int) -> K:
        """The kernel, made for the first item; it is about to change."""
        if self._store is not None:
            self._store.change()
        return self._shard if self._shard is not None else self._begin(number)

    def erased(self) -> None:
        """Users of the shard have been erased: let nothing of them outlast a restart."""
        if self._store is not None:
            self._store.erased()

    def write_behind(self, now_ms: int) -> None:
        """Put on the shelves what was touched, now and then: little is left for a snapshot.

        Each shard has its own moments, so that they do not hold the flow up together.
        """
        if self._store is None or self._shard is None:
            return
        every_ms = _SOON_MS if self._store.is_soon else WRITE_MS
        turn = (now_ms + self._number * _PHASE_MS) // every_ms
        if turn != self._turn:
            self._turn = turn
            self._shard.write()

    def pack(self) -> bytes:
        """The shard's number and state, and the checkpoint that has the rest of it."""
        assert self._shard is not None
        place, changes = "", b""
        if self._store is not None:
            place = self._store.place(self._number)
            changes = self._store.changes(self._number)
        state = _State(self._number, self._shard.snapshot(), place, changes)
        return msgspec.msgpack.encode(state)


class _State(msgspec.Struct, array_like=True):
    number: int
    packed: bytes
    place: str
    changes: bytes = b""


_STATE = msgspec.msgpack.Decoder(_State)
