"""A push that a trigger would like to send: the same for all users whom it concerns."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from decisions.push.facts import RoomInfo
from events.hashing import hash64

Reason = tuple[str, tuple[str | int, ...]]
"""A code with its arguments; `wording` has the words."""

TITLE_CHARS_MAX = 120


class Offer(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is offered, for which occasion, and until when it makes sense.

    `rank`: 0 is weighed first where several concern one user at one instant. `key` names
    trigger and subject; two offers of one key are the same to a user when their occasions
    lie less than `repeat_ms` apart. `open` is False where the room was called off.
    """

    trigger: str
    rank: int
    key: str
    subject: int
    room: RoomInfo
    product_id: str | None
    product_tags: Sequence[str] = ()
    occasion_ms: int
    repeat_ms: int
    expires_at_ms: int
    day_max: int
    score: float
    uses_profile: bool
    open: bool
    title: str
    reasons: tuple[Reason, ...]

    def order(self) -> tuple[int, str]:
        """Sorts the offers of one user at one instant."""
        return (self.rank, self.key)


def subject_key(trigger: str, room_id: str, product_id: str | None = None, lead_ms: int = 0) -> str:
    """One text for what a push is about, without the user and the time."""
    return f"{trigger}\x1f{room_id}\x1f{product_id or ''}\x1f{lead_ms}"


def push_id(user: str, offer: Offer) -> str:
    """The same 16 hex digits for the same user, subject and occasion in every run."""
    digest = hash64(f"{user}\x1f{offer.key}\x1f{offer.occasion_ms}")
    return f"{digest:016x}"


def title_of(*parts: str | None) -> str:
    """The parts that are known, joined and cut to `TITLE_CHARS_MAX` characters."""
    return " · ".join(part for part in parts if part)[:TITLE_CHARS_MAX]
