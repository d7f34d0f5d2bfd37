"""Pushes that wait until the state that decided them cannot be lost any more."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from decisions.outputs import Push

_STATE_VERSION = 1


class _State(msgspec.Struct, array_like=True):
    version: int
    forget_before_ms: int
    pushes: list[Push]


class PendingPushes:
    """Holds each push over `hold_epochs` seals; one seal is one end of an epoch.

    The engine saves an epoch's state before any source gives an item of the epoch after next, while
    timers may fire one epoch ahead: so live the first write after two seals proves that the
    decision is durable. A replay decides the same again, and holds nothing.

    Pushes in a snapshot are durable with it: after a restore they leave at the first release, and
    those that had left already are stopped by their ids.
    """

    def __init__(self, hold_epochs: int, ids_kept_ms: int) -> None:
        self.holds = hold_epochs
        self._kept_ms = ids_kept_ms
        self._epoch = 0
        self._held: deque[tuple[int, Push]] = deque()
        self._newest_ms = 0
        self._newest_at_seals: deque[int] = deque(maxlen=2)
        self.forget_before_ms = 0
        """Ids before this time are not needed: a re-run starts after it less `ids_kept_ms`."""

    def add(self, pushes: Iterable[Push]) -> None:
        """Take pushes of the running epoch."""
        for push in pushes:
            self._held.append((self._epoch, push))
            self._newest_ms = max(self._newest_ms, push.at_ms)

    def recall(self, users: Iterable[str]) -> None:
        """Let go of all that is held for these users."""
        gone = frozenset(users)
        if gone:
            self._held = deque(held for held in self._held if held[1].user_id not in gone)

    def seal(self) -> None:
        """The running epoch has ended."""
        self._epoch += 1
        if len(self._newest_at_seals) == 2:
            durable_ms = self._newest_at_seals[0]
            self.forget_before_ms = max(self.forget_before_ms, durable_ms - self._kept_ms)
        self._newest_at_seals.append(self._newest_ms)

    def release(self) -> list[Push]:
        """Those that may leave, in the order in which they came."""
        free = []
        while self._held and self._epoch - self._held[0][0] >= self.holds:
            free.append(self._held.popleft()[1])
        return free

    def __len__(self) -> int:
        return len(self._held)

    def snapshot(self) -> bytes:
        """What is held, as versioned bytes."""
        pushes = [push for _, push in self._held]
        return msgspec.msgpack.encode(_State(_STATE_VERSION, self.forget_before_ms, pushes))

    def restore(self, data: bytes) -> None:
        """Take over what a snapshot holds; `ValueError` if another version wrote it."""
        version = msgspec.msgpack.decode(data)[0]
        if version != _STATE_VERSION:
            raise ValueError(
                f"pending pushes: state version {version}, this program reads {_STATE_VERSION}; "
                "restart with the program that wrote it, or with an empty recovery folder"
            )
        state = msgspec.msgpack.decode(data, type=_State)
        self.forget_before_ms = state.forget_before_ms
        self._held = deque((self._epoch - self.holds, push) for push in state.pushes)
        self._newest_ms = max((push.at_ms for push in state.pushes), default=0)
