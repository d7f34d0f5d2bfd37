"""Why a user is not told: one list of checks in one order, each no with its code."""

from __future__ import annotations

from decisions.push.ledger import fits, is_repeat, prune
from decisions.push.offer import Offer
from decisions.push.person import Person
from decisions.push.quiet import Window, parse_clock, quiet_end_ms
from decisions.push.settings import DAY_MS, HOUR_MS, PushSettings


class Checks:
    """The order of checks under some settings."""

    def __init__(self, settings: PushSettings) -> None:
        self._settings = settings
        self._quiet: Window = (
            parse_clock(settings.quiet_from) or 0,
            parse_clock(settings.quiet_to) or 0,
        )

    def judge(self, person: Person, offer: Offer, at_ms: int) -> tuple[str | None, int]:
        """The first reason against an offer, or None, and when it may arrive.

        Forgets of the user's ledger what no check can need any more; changes nothing else.
        """
        reason = self._standing(person, offer, at_ms)
        if reason is not None:
            return reason, at_ms
        settings = self._settings
        if person.ledger is not None:
            prune(person.ledger, at_ms - settings.ledger_ms)
            if is_repeat(person.ledger, offer.subject, offer.occasion_ms, offer.repeat_ms):
                return "duplicate", at_ms
        if person.is_watching(offer.room.room_id, at_ms, settings.watching_ms):
            return "already_watching", at_ms
        delivery_ms = quiet_end_ms(
            person.zone or settings.time_zone, person.quiet or self._quiet, at_ms
        )
        if delivery_ms > at_ms and delivery_ms >= offer.expires_at_ms:
            return "quiet_hours", at_ms
        reason = self._too_much(person, offer, delivery_ms)
        return (reason, delivery_ms if reason is None else at_ms)

    def _standing(self, person: Person, offer: Offer, at_ms: int) -> str | None:
        settings = self._settings
        push, profiling = person.push, person.profiling
        if not (settings.consent_without_record if push is None else push):
            return "no_consent"
        if offer.uses_profile and not (
            settings.profiling_without_record if profiling is None else profiling
        ):
            return "no_profiling_consent"
        if person.opted_out:
            return "opted_out"
        hosts, tags = person.muted_hosts, person.muted_tags
        if hosts is not None and offer.room.host_id in hosts:
            return "muted"
        if tags is not None and any(tag in tags for tag in (*offer.room.tags, *offer.product_tags)):
            return "muted"
        if not offer.open:
            return "ended"
        if offer.expires_at_ms <= at_ms:
            return "expired"
        return None

    def _too_much(self, person: Person, offer: Offer, delivery_ms: int) -> str | None:
        settings, ledger = self._settings, person.ledger or []
        times = [sent.delivery_ms for sent in ledger]
        if not fits(times, delivery_ms, settings.hour_max, HOUR_MS):
            return "cap_hour"
        if not fits(times, delivery_ms, settings.day_max, DAY_MS):
            return "cap_day"
        if not fits(times, delivery_ms, 1, settings.min_gap_ms):
            return "min_gap"
        if person.dismissals:
            patience_ms = min(
                settings.min_gap_ms * settings.fatigue_factor**person.dismissals,
                settings.fatigue_gap_max_ms,
            )
            if not fits(times, delivery_ms, 1, patience_ms):
                return "fatigue"
        of_kind = [sent.delivery_ms for sent in ledger if sent.trigger == offer.trigger]
        if not fits(of_kind, delivery_ms, offer.day_max, DAY_MS):
            return "cap_trigger"
        return None
