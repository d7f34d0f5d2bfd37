"""What the push policy holds of one user."""

from __future__ import annotations

import msgspec

from decisions.push.ledger import Sent
from decisions.push.quiet import Window
from decisions.push.settings import PushSettings


class Person(msgspec.Struct, array_like=True, gc=False):
    """A user's wishes, holdings and history; lists are None while empty.

    `base_ms` and `changes` make the version of the user's value. `seen_ms` is when the
    user last did something. None for a consent means that the user has not said.
    `dormant`: idle so long that only the wishes are left.
    """

    base_ms: int
    seen_ms: int
    changes: int = 0
    dormant: bool = False
    push: bool | None = None
    profiling: bool | None = None
    opted_out: bool = False
    zone: str | None = None
    quiet: Window | None = None
    muted_hosts: list[str] | None = None
    muted_tags: list[str] | None = None
    follows: list[str] | None = None
    cart: list[str] | None = None
    reserved: list[str] | None = None
    watching: str | None = None
    watching_ms: int = 0
    dismissals: int = 0
    ledger: list[Sent] | None = None
    last: list[bytes] | None = None
    last_ms: int = 0

    def has_wishes(self) -> bool:
        """Whether the user said anything that must outlive a long absence."""
        return (
            self.opted_out
            or self.push is not None
            or self.profiling is not None
            or self.zone is not None
            or self.quiet is not None
            or self.muted_hosts is not None
            or self.muted_tags is not None
        )

    def due_ms(self, settings: PushSettings) -> int:
        """Until when a sweep would change nothing of the user."""
        if not self.dormant:
            return self.seen_ms + settings.idle_ttl_ms
        if self.ledger:
            return self.ledger[0].delivery_ms + settings.ledger_ms
        return self.seen_ms + settings.consent_ttl_ms

    def is_watching(self, room_id: str, at_ms: int, fresh_ms: int) -> bool:
        """Whether the user is in the room, by a sign not older than `fresh_ms`."""
        return self.watching == room_id and at_ms - self.watching_ms <= fresh_ms
