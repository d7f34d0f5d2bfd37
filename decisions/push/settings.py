"""How much a user may be disturbed, when, and for what."""

from __future__ import annotations

from dataclasses import dataclass

from decisions.push.quiet import known_zone, parse_clock
from events.setting import setting

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class PushSettings:
    """Consent, quiet hours, caps, triggers and limits of the push policy.

    Raises ValueError, naming the setting, for values that contradict each other.
    """

    consent_without_record: bool = setting(
        False, "yes/no", "whether one who never said anything about pushes may get them"
    )
    profiling_without_record: bool = setting(
        True, "yes/no", "whether the cart of one who never said anything may be used for pushes"
    )
    time_zone: str = setting(
        "Asia/Shanghai", "IANA name", "the zone of users who gave none or an unknown one"
    )
    quiet_from: str = setting(
        "22:00", "local HH:MM", "quiet hours begin here for users who set none themselves"
    )
    quiet_to: str = setting(
        "08:00", "local HH:MM", "quiet hours end here; the same as quiet_from means none"
    )

    hour_max: int = setting(
        2,
        "pushes in any 60 min",
        "a cautious start, to be tuned against how often pushes are switched off",
    )
    day_max: int = setting(
        5, "pushes in any 24 h", "a cautious start, to be tuned against dismissals"
    )
    min_gap_ms: int = setting(
        10 * MINUTE_MS, "ms", "two pushes that buzz together read as one nuisance"
    )
    fatigue_factor: int = setting(
        4, "times", "each dismissal since the last opened push stretches the gap by this"
    )
    fatigue_gap_max_ms: int = setting(
        DAY_MS, "ms", "one who dismisses everything still hears of us once in this time"
    )
    watching_ms: int = setting(
        10 * MINUTE_MS, "ms", "an enter or dwell says for this long that the viewer is in the room"
    )
    in_app_ms: int = setting(
        5 * MINUTE_MS, "ms", "one who acted this recently is reached inside the app"
    )
    same_broadcast_ms: int = setting(
        6 * HOUR_MS, "ms", "a room that drops and comes back within this is the same broadcast"
    )

    host_live_ttl_ms: int = setting(
        30 * MINUTE_MS, "ms", "half an hour into a broadcast “has just gone live” is stale"
    )
    host_live_day_max: int = setting(3, "pushes in any 24 h", "leaves room for what matters more")
    host_live_score: float = setting(0.6, "0 to 1", "a follow is interest without a date", most=1)

    cart_soon_lead_ms: int = setting(
        10 * MINUTE_MS, "ms before start", "enough to finish what one does and come over"
    )
    cart_soon_ttl_ms: int = setting(
        30 * MINUTE_MS, "ms after start", "assumes that by then most of a line-up has been shown"
    )
    cart_soon_day_max: int = setting(2, "pushes in any 24 h", "a cart holds many products")
    cart_soon_score: float = setting(
        0.7, "0 to 1", "a cart is intent, though not for this hour", most=1
    )

    cart_on_air_ttl_ms: int = setting(
        10 * MINUTE_MS, "ms", "assumes that a product is seldom on air for longer"
    )
    cart_on_air_day_max: int = setting(2, "pushes in any 24 h", "a cart holds many products")
    cart_on_air_score: float = setting(0.8, "0 to 1", "intent, and it is now or never", most=1)

    reminder_leads_ms: tuple[int, ...] = setting(
        (DAY_MS, 2 * HOUR_MS, 15 * MINUTE_MS),
        "ms before start, longest first",
        "a day to plan, two hours to keep free, a quarter of an hour to come",
    )
    reminder_ttl_ms: int = setting(
        10 * MINUTE_MS, "ms after start", "the last reminder is of use until a little late"
    )
    reminder_day_max: int = setting(4, "pushes in any 24 h", "two reserved rooms may share a day")
    reminder_score: float = setting(0.9, "0 to 1", "the user asked for it", most=1)

    follows_max: int = setting(500, "hosts a user", "bounds memory; the oldest is dropped")
    carts_max: int = setting(100, "products a user", "bounds memory; the oldest is dropped")
    reservations_max: int = setting(50, "rooms a user", "bounds memory; the oldest is dropped")
    mutes_max: int = setting(500, "hosts, and tags, a user", "bounds memory; beyond use by hand")
    last_max: int = setting(10, "decisions a user", "what support and the user look back at")
    users_max: int = setting(
        200_000, "users a shard", "bounds memory; the longest unseen are dropped", least=1
    )
    hot_users_max: int = setting(
        16, "users a shard", "those seen last, as objects; the others rest as bytes"
    )
    shelved_hot_users_max: int = setting(
        256, "users a shard", "with recovery: those in memory; the others are on disk alone"
    )
    rooms_max: int = setting(
        50_000, "rooms", "bounds memory; the longest unchanged are dropped", least=1
    )
    names_max: int = setting(
        200_000, "names of a kind", "bounds memory; the oldest is dropped", least=1
    )
    idle_ttl_ms: int = setting(
        30 * DAY_MS, "ms", "after it a silent user's follows, cart and history leave memory"
    )
    consent_ttl_ms: int = setting(
        400 * DAY_MS, "ms", "consent, opt-out, mutes and quiet hours outlive the rest by a year"
    )
    ledger_ms: int = setting(
        7 * DAY_MS, "ms", "how long a sent push is remembered, as long as the stream's own guard"
    )

    def __post_init__(self) -> None:
        """Refuse what would break a promise of the policy."""
        for name in ("quiet_from", "quiet_to"):
            if parse_clock(getattr(self, name)) is None:
                raise ValueError(f"{name} is not a local time HH:MM: {getattr(self, name)!r}")
        if not known_zone(self.time_zone):
            raise ValueError(f"time_zone is not a known IANA time zone: {self.time_zone!r}")
        leads = self.reminder_leads_ms
        if any(lead <= 0 for lead in leads) or list(leads) != sorted(set(leads), reverse=True):
            raise ValueError(f"reminder_leads_ms must fall and be positive: {leads}")
        if self.ledger_ms < max(2 * DAY_MS, self.fatigue_gap_max_ms, self.min_gap_ms, *leads):
            raise ValueError("ledger_ms must be at least 2 days, and every gap and reminder lead")
        if self.ledger_ms < 2 * self.same_broadcast_ms:
            raise ValueError("ledger_ms must be at least twice same_broadcast_ms")
        if not 2 * DAY_MS <= self.idle_ttl_ms <= self.consent_ttl_ms:
            raise ValueError("idle_ttl_ms must be 2 days or more and at most consent_ttl_ms")
        if self.idle_ttl_ms < self.ledger_ms:
            raise ValueError("idle_ttl_ms must be at least ledger_ms, or caps would be forgotten")
