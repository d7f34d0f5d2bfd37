"""The users of one shard: the active ones as objects, the others packed, all of them counted."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from events.setting import setting
from features.user import DAY_MS, User, new_user

_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(User).decode


@dataclass(frozen=True)
class PeopleSettings:
    """How many users are held, and for how long."""

    hot_users_max: int = setting(
        32, "users a shard", "Active users as objects; the others rest as bytes, a sixth the size."
    )
    idle_days_max: int = setting(
        30, "days", "Users idle for longer leave; at least 2, so that versions never fall back."
    )


class People:
    """A mapping of user id to state, bounded in objects and in idle time."""

    def __init__(self, settings: PeopleSettings) -> None:
        self.settings = settings
        self.idle_ms = max(2, settings.idle_days_max) * DAY_MS
        self._hot: dict[str, User] = {}
        self._cold: dict[str, bytes] = {}

    def __len__(self) -> int:
        return len(self._hot) + len(self._cold)

    def get(self, user_id: str, clock_ms: int) -> User | None:
        """The user's state, or None where there is none or it has been idle too long."""
        user = self._hot.get(user_id)
        if user is None:
            packed = self._cold.pop(user_id, None)
            if packed is None:
                return None
            user = self._hot[user_id] = _DECODE(packed)
        if clock_ms - user.seen_ms > self.idle_ms:
            del self._hot[user_id]
            return None
        return user

    def get_or_new(self, user_id: str, time_ms: int, clock_ms: int) -> User:
        """The user's state, made at this event where there is none; the user counts as seen."""
        user = self._hot.get(user_id)
        if user is None or clock_ms - user.seen_ms > self.idle_ms:
            user = self.get(user_id, clock_ms)
            if user is None:
                user = self._hot[user_id] = new_user(time_ms)
        if clock_ms > user.seen_ms:
            user.seen_ms = clock_ms
        return user

    def put(self, user_id: str, user: User) -> None:
        """Set a user's state."""
        self._hot[user_id] = user

    def forget(self, user_id: str) -> None:
        """Drop all that is held of a user."""
        self._hot.pop(user_id, None)
        self._cold.pop(user_id, None)

    def cool(self) -> None:
        """Pack the least recently seen users beyond the limit; it changes no answer."""
        hot = self._hot
        if len(hot) <= self.settings.hot_users_max * 5 // 4:
            return
        by_age = sorted(hot, key=lambda user_id: hot[user_id].seen_ms)
        for user_id in by_age[: len(hot) - self.settings.hot_users_max]:
            self._cold[user_id] = _ENCODE(hot.pop(user_id))

    def sweep(self, clock_ms: int) -> None:
        """Drop the packed users that have been idle too long; it changes no answer."""
        gone = [
            user_id
            for user_id, packed in self._cold.items()
            if clock_ms - _DECODE(packed).seen_ms > self.idle_ms
        ]
        for user_id in gone:
            del self._cold[user_id]

    def pack(self) -> dict[str, bytes]:
        """All users, packed, by id in sorted order."""
        packed = {user_id: _ENCODE(user) for user_id, user in self._hot.items()}
        packed.update(self._cold)
        return dict(sorted(packed.items()))

    def restore(self, packed: dict[str, bytes]) -> None:
        """Take the users of `pack`."""
        self._hot.clear()
        self._cold = packed
