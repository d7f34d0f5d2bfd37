"""The users of one shard: the active ones as objects, the others packed, all of them counted."""

from __future__ import annotations

from dataclasses import dataclass

from events.setting import setting
from features.shelf import Shelves
from features.shelved import Limits, kept
from features.shrink import Shrink
from features.user import DAY_MS, User, new_user

_PAGE, _PAGE_MS = 64, 60_000
"""92,000 users a shard and day, each time in less than a millisecond."""


@dataclass(frozen=True)
class PeopleSettings:
    """How many users are held, and for how long."""

    hot_users_max: int = setting(
        32, "users a shard", "Active users as objects; the others rest as bytes, a sixth the size."
    )
    shelved_hot_users_max: int = setting(
        256, "users a shard", "With recovery: active users in memory; the others are on disk alone."
    )
    idle_days_max: int = setting(
        30,
        "days",
        "Users idle for longer leave; at least 2, so that versions never fall back.",
        least=2,
    )


class People:
    """A mapping of user id to state, bounded in objects and in idle time."""

    def __init__(
        self,
        settings: PeopleSettings,
        shrink: Shrink | None = None,
        shelves: Shelves | None = None,
    ) -> None:
        self.settings = settings
        self.idle_ms = max(2, settings.idle_days_max) * DAY_MS
        self.sweep_ms = DAY_MS if shelves is None else _PAGE_MS
        """How much time goes by between sweeps: of all users, or of a page of the shelf."""
        self._users = kept(
            User,
            lambda user: user.seen_ms + self.idle_ms,
            Limits(settings.hot_users_max, settings.shelved_hot_users_max, _PAGE),
            shrink or Shrink(),
            shelves("u") if shelves is not None else None,
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
                user = new_user(time_ms)
                self._users.put(user_id, user)
        if clock_ms > user.seen_ms:
            user.seen_ms = clock_ms
        return user

    def put(self, user_id: str, user: User) -> None:
        """Set a user's state."""
        self._users.put(user_id, user)

    def forget(self, user_id: str) -> None:
        """Drop all that is held of a user."""
        self._users.drop(user_id)

    def write(self) -> None:
        """Put on the shelf who was touched, where there is one."""
        self._users.write()

    def cool(self) -> None:
        """Let the least recently seen users beyond the limits rest; it changes no answer."""
        self._users.cool()

    def sweep(self, clock_ms: int) -> None:
        """Drop resting users that have been idle too long; it changes no answer."""
        for user_id in self._users.due(clock_ms):
            user = self._users.peek(user_id)
            if user is not None and clock_ms - user.seen_ms > self.idle_ms:
                self._users.drop(user_id)

    def pack(self) -> dict[str, bytes]:
        """The users that are not on a shelf, packed, by id in sorted order."""
        return self._users.pack()

    def restore(self, packed: dict[str, bytes]) -> None:
        """Take the users of `pack`."""
        self._users.restore(packed)
