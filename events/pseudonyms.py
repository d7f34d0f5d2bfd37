"""Names in place of ids: the same person always gets the same one, and only the key leads there.

A name is a keyed BLAKE2b digest of 120 bits (RFC 7693) in Base32, 24 characters. Two of a
billion people get the same with probability 4e-19.
"""

from __future__ import annotations

import base64
from hashlib import blake2b

from events import kinds
from events.kinds import Event

KEY_BYTES_MIN = 16
"""A shorter key could be found by trying."""

_DIGEST_BYTES = 15
_FINGERPRINT_BYTES = 8
_KNOWN_MAX = 200_000
_USER, _DEVICE, _NICKNAME, _FINGERPRINT = b"user", b"device", b"nickname", b"fingerprint"
_DEVICES, _NICKNAMES = "device:", "nick:"
_PERSONS = kinds.PersonEvent | kinds.IdentityLink


class Pseudonyms:
    """Pseudonyms under one key.

    The same text as a user, as a device and as a nickname gives three names that have nothing in
    common. A nickname's depends on its platform, which stays readable.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES_MIN:
            raise ValueError(f"a key of pseudonyms has at least {KEY_BYTES_MIN} bytes")
        self._key = blake2b(key).digest()
        self._users: dict[str, str] = {}

    @property
    def fingerprint(self) -> str:
        """Tells keys apart, and nothing of any of them."""
        digest = blake2b(
            b"", key=self._key, digest_size=_FINGERPRINT_BYTES, person=_FINGERPRINT
        ).digest()
        return digest.hex()

    def user(self, user_id: str) -> str:
        """The name of a user."""
        name = self._users.get(user_id)
        if name is None:
            if len(self._users) >= _KNOWN_MAX:
                self._users.clear()
            name = self._users[user_id] = self._name(_USER, user_id)
        return name

    def person(self, person: str) -> str:
        """The name under which a person's events count, from the one without a key.

        A user id, `device:` with a device's id, or `nick:` with platform, `/` and nickname.
        """
        if person.startswith(_DEVICES):
            return _DEVICES + self._name(_DEVICE, person.removeprefix(_DEVICES))
        if person.startswith(_NICKNAMES):
            platform, _, nickname = person.removeprefix(_NICKNAMES).partition("/")
            return f"{_NICKNAMES}{platform}/{self._nickname(platform, nickname)}"
        return self.user(person)

    def hide(self, event: Event) -> None:
        """Put names in the place of the ids of whoever the event is about."""
        if isinstance(event, _PERSONS):
            if event.device_id is not None:
                event.device_id = self._name(_DEVICE, event.device_id)
            if event.nickname is not None:
                event.nickname = self._nickname(event.platform or "", event.nickname)
        user_id: str | None = getattr(event, "user_id", None)
        if user_id is not None:
            event.user_id = self.user(user_id)  # type: ignore[union-attr]

    def _nickname(self, platform: str, nickname: str) -> str:
        return self._name(_NICKNAME, f"{platform}\0{nickname}")

    def _name(self, what: bytes, text: str) -> str:
        digest = blake2b(text.encode(), key=self._key, digest_size=_DIGEST_BYTES, person=what)
        return base64.b32encode(digest.digest()).decode().lower()
