"""What a signal says of the impression that led to it."""

from __future__ import annotations

from events import kinds
from features.join import JoinSettings
from features.observed import Signal
from features.strengths import stayed_ms
from features.user import CLICKED, ENGAGED, LEFT, ORDERED, STAYED, WATCHED


def labels_of(event: Signal, settings: JoinSettings) -> int:
    """The flags of `features.user` that a signal sets on its impression."""
    flags = _flags_of(event, settings)
    if flags & (CLICKED | ENGAGED) and kinds.KIND_OF[type(event)] not in settings.engaging:
        return flags & ~(CLICKED | ENGAGED)
    return flags


def _flags_of(event: Signal, settings: JoinSettings) -> int:
    if isinstance(event, kinds.Click):
        return CLICKED
    if isinstance(event, kinds.Dwell):
        visit_ms = stayed_ms(event)
        long = event.long or visit_ms >= settings.long_dwell_ms
        if event.left and visit_ms < settings.quick_leave_ms:
            return LEFT
        if visit_ms < settings.quick_leave_ms:
            return ENGAGED if long else 0
        return STAYED | (ENGAGED | WATCHED if long else 0)
    if isinstance(event, kinds.Dismiss):
        return LEFT
    if isinstance(event, kinds.Order):
        return ORDERED | ENGAGED
    return ENGAGED
