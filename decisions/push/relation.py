"""Who holds what, both ways: the keys a user holds, and the users who hold a key."""

from __future__ import annotations


class Relation:
    """The users by key, kept in step with each user's own list of keys.

    The list is the user's (None while empty) and is stored with them; what is here can be
    rebuilt from the lists. Adding past `most` keys drops the one added first, and counts
    it. Time: O(1) to add, O(keys of the user) to remove. Space: one entry a pair.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._users: dict[str, dict[str, None]] = {}
        self.dropped = 0

    def add(self, user: str, held: list[str] | None, key: str) -> list[str] | None:
        """The user's list with the key as its newest."""
        users = self._users.get(key)
        if users is None:
            users = self._users[key] = {}
        elif user in users:
            if held is not None and held[-1] != key:
                held.remove(key)
                held.append(key)
            return held
        users[user] = None
        if held is None:
            held = []
        held.append(key)
        if len(held) > self._most:
            self.dropped += 1
            self._forget(user, held.pop(0))
        return held or None

    def remove(self, user: str, held: list[str] | None, key: str) -> list[str] | None:
        """The user's list without the key."""
        if held is None or user not in self._users.get(key, ()):
            return held
        self._forget(user, key)
        held.remove(key)
        return held or None

    def clear(self, user: str, held: list[str] | None) -> None:
        """The user holds nothing any more."""
        for key in held or ():
            self._forget(user, key)

    def empty(self) -> None:
        """Nobody holds anything; what was dropped stays counted."""
        self._users.clear()

    def take_up(self, user: str, held: list[str] | None) -> None:
        """A stored user holds these."""
        for key in held or ():
            self._users.setdefault(key, {})[user] = None

    def has(self, key: str) -> bool:
        """Whether anyone holds the key."""
        return key in self._users

    def holders(self, key: str) -> list[str]:
        """The users who hold the key, sorted."""
        return sorted(self._users.get(key, ()))

    def _forget(self, user: str, key: str) -> None:
        users = self._users[key]
        del users[user]
        if not users:
            del self._users[key]
