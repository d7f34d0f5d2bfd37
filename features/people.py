"""The users of one shard: the active ones as objects, the others packed, all of them counted."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting
from features.resting import Resting
from features.shrink import Shrink
from features.user import DAY_MS, User, new_user


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

    def __init__(self, settings: PeopleSettings, shrink: Shrink | None = None) -> None:
        self.settings = settings
        self.idle_ms = max(2, settings.idle_days_max) * DAY_MS
        self._users = Resting(
            User, lambda user: user.seen_ms + self.idle_ms, settings.hot_users_max, shrink
        )

    def __len__(self) -> int:
        return len(self._users)

    def get(self, user_id: str, clock_ms: int) -> User | None:
        """The user's state, or None where there is none or it has been idle too long."""
        user = self._users.get(user_id)
        if user is not None and clock_ms - user.seen_ms > self.idle_ms:
            self._users.drop(user_id)
            return None
        return user

    def get_or_new(self, user_id: str, time_ms: int, clock_ms: int) -> User:
        """The user's state, made at this event where there is none; the user counts as seen."""
        user = self._users.objects.get(user_id)
        if user is None or clock_ms - user.seen_ms > self.idle_ms:
            user = self.get(user_id, clock_ms)
            if user is None:
                user = self._users.objects[user_id] = new_user(time_ms)
        if clock_ms > user.seen_ms:
            user.seen_ms = clock_ms
        return user

    def put(self, user_id: str, user: User) -> None:
        """Set a user's state."""
        self._users.put(user_id, user)

    def forget(self, user_id: str) -> None:
        """Drop all that is held of a user."""
        self._users.drop(user_id)

    def cool(self) -> None:
        """Let the least recently seen users beyond the limits rest; it changes no answer."""
        self._users.cool()

    def sweep(self, clock_ms: int) -> None:
        """Drop the resting users that have been idle too long; it changes no answer."""
        for user_id in self._users.due(clock_ms):
            user = self._users.peek(user_id)
            if user is not None and clock_ms - user.seen_ms > self.idle_ms:
                self._users.drop(user_id)

    def pack(self) -> dict[str, bytes]:
        """All users, packed, by id in sorted order."""
        return self._users.pack()

    def restore(self, packed: dict[str, bytes]) -> None:
        """Take the users of `pack`."""
        self._users.restore(packed)
