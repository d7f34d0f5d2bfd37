"""A push decision as it leaves the policy, and as the user's key shows it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from decisions.push.offer import Offer, Reason

LAYOUT = 1
"""`v` of the value under `ll:{U}:push`."""


class PushDecision(msgspec.Struct, frozen=True, gc=False):
    """One candidate push, sent or refused.

    `at_ms` is when it was decided, `not_before_ms` when it may arrive, `expires_at_ms`
    until when it makes sense. `reason` is the refusal's code, None where it was sent;
    `reasons` say why it was a candidate at all. `score` is 0 to 1.
    """

    at_ms: int
    user_id: str
    sent: bool
    reason: str | None
    push_id: str
    trigger: str
    room_id: str
    product_id: str | None
    channel: str
    not_before_ms: int
    expires_at_ms: int
    score: float
    reasons: tuple[Reason, ...]
    title: str


class _Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    at_ms: int
    sent: bool
    trigger: str
    room_id: str
    push_id: str
    expires_at_ms: int
    reasons: tuple[Reason, ...]
    reason: str | None = None
    product_id: str | None = None
    channel: str | None = None
    not_before_ms: int | None = None
    score: float | None = None
    title: str | None = None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Line).decode


def line_of(decision: PushDecision) -> bytes:
    """The decision as one JSON object; a refused one leaves out what a sender needs."""
    d = decision
    if not d.sent:
        return _encode(
            _Line(
                *(d.at_ms, False, d.trigger, d.room_id, d.push_id, d.expires_at_ms, d.reasons),
                reason=d.reason,
                product_id=d.product_id,
            )
        )
    return _encode(
        _Line(
            *(d.at_ms, True, d.trigger, d.room_id, d.push_id, d.expires_at_ms, d.reasons),
            product_id=d.product_id,
            channel=d.channel,
            not_before_ms=d.not_before_ms,
            score=d.score,
            title=d.title,
        )
    )


def waiting(lines: Sequence[bytes], at_ms: int) -> list[tuple[str, str | None]]:
    """Room and product of each push that may still wait for its time, or for whoever sends it."""
    told = map(_decode, lines)
    return [(one.room_id, one.product_id) for one in told if one.sent and one.expires_at_ms > at_ms]


def value_of(version: int, as_of_ms: int, lines: list[bytes]) -> bytes:
    """The JSON under `ll:{U}:push`; lines oldest first, shown newest first."""
    head = b'{"v":%d,"version":%d,"as_of_ms":%d,"decisions":[' % (LAYOUT, version, as_of_ms)
    return head + b",".join(reversed(lines)) + b"]}"


def decision_of(
    offer: Offer, user: str, at_ms: int, reason: str | None, id_: str, channel: str, not_before: int
) -> PushDecision:
    """What became of an offer for a user."""
    return PushDecision(
        at_ms,
        user,
        reason is None,
        reason,
        id_,
        offer.trigger,
        offer.room.room_id,
        offer.product_id,
        channel,
        not_before,
        offer.expires_at_ms,
        offer.score,
        offer.reasons,
        offer.title,
    )
