"""Users who gave a signal just now, with what they wished: for a room that starts."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from features.rows import Wish
from features.shelf import Shelf


class Active(msgspec.Struct, array_like=True, gc=False):
    """A user who may be scored for a room that starts: the last wish, and what it must beat.

    `order` grows with each wish of the shard.
    """

    at_ms: int
    last_score: float
    wish: Wish
    order: int


class ActiveUsers:
    """The users whose wish is the newest, at most `users_max`; the least recent leaves first.

    With a shelf only what is new since the last `write` is written; `pack` is empty then.
    """

    def __init__(self, users_max: int, shelf: Shelf | None = None) -> None:
        self._users_max = users_max
        self._shelf = shelf
        self._users: dict[str, Active] = {}
        self._order = self._written = 0
        self._left: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._users)

    def put(self, user_id: str, at_ms: int, last_score: float, wish: Wish) -> None:
        """The user has wished, and is the most recent one from now on."""
        self._order += 1
        self._users.pop(user_id, None)
        self._users[user_id] = Active(at_ms, last_score, wish, self._order)
        if len(self._users) > self._users_max:
            self.drop(next(iter(self._users)))

    def drop(self, user_id: str) -> None:
        """The user is active no more."""
        if self._users.pop(user_id, None) is not None and self._shelf is not None:
            self._left[user_id] = None

    def forget_before(self, since_ms: int) -> None:
        """Let go of those who wished last before an instant."""
        while self._users:
            user_id = next(iter(self._users))
            if self._users[user_id].at_ms >= since_ms:
                break
            self.drop(user_id)

    def since(self, since_ms: int) -> list[tuple[str, Active]]:
        """Those who wished at or after an instant, by name."""
        found = [(user, held) for user, held in self._users.items() if held.at_ms >= since_ms]
        return sorted(found, key=lambda item: item[0])

    def write(self) -> None:
        """Put on the shelf what is new, where there is one."""
        shelf = self._shelf
        if shelf is None:
            return
        left, self._left = self._left, {}
        for user_id in left:
            if user_id not in self._users:
                shelf.delete(user_id)
        for user_id, held in reversed(self._users.items()):
            if held.order <= self._written:
                break
            shelf.put(user_id, _encode(held))
        self._written = self._order

    def pack(self) -> dict[str, Active]:
        """Those that are not on a shelf, the most recent last."""
        self.write()
        return self._users if self._shelf is None else {}

    def restore(self, packed: dict[str, Active]) -> None:
        """Take those of `pack`, and those on the shelf."""
        found: Iterable[tuple[str, Active]] = packed.items()
        if self._shelf is not None:
            stored = [(user_id, _decode(body)) for user_id, body in self._shelf.items()]
            found = sorted([*packed.items(), *stored], key=lambda item: item[1].order)
        self._users = dict(found)
        self._order = max((held.order for held in self._users.values()), default=0)
        # What came with a snapshot is not on the shelf yet.
        self._written = 0 if packed else self._order


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Active).decode
