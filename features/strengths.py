"""What a signal weighs, in whole thousandths, so that sums do not depend on their order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from events import kinds
from events.setting import setting

_PER_UNIT = 1000


@dataclass(frozen=True)
class StrengthSettings:
    """Strength of each kind of signal, in units of one click."""

    click: float = setting(1.0, "units", "A click is the unit that all others are measured in.")
    like: float = setting(0.5, "units each", "A like costs a tap; several come in a burst.")
    like_max: float = setting(1.5, "units an event", "A burst of taps must not outweigh a stay.")
    view: float = setting(0.5, "units", "Looking at a product's page is a weak sign.")
    comment: float = setting(2.0, "units", "Writing costs effort.")
    reserve: float = setting(2.0, "units", "A reservation states an intent to come back.")
    search: float = setting(2.0, "units", "A search names its wish.")
    join: float = setting(2.0, "units", "Joining a lottery, vote or microphone takes part.")
    share: float = setting(3.0, "units", "Sharing vouches for the room.")
    follow: float = setting(3.0, "units", "Following asks for more of the host.")
    favourite: float = setting(3.0, "units", "A favourite asks for more of the same.")
    cart_add: float = setting(3.0, "units", "A cart is half a purchase.")
    gift: float = setting(4.0, "units", "A gift costs money.")
    order: float = setting(6.0, "units", "An order is the strongest sign there is.")
    refund: float = setting(-6.0, "units", "A refund takes the order back, at its own time.")
    dismiss: float = setting(-4.0, "units", "A dismissal says no aloud.")
    dwell_ms: int = setting(
        30_000, "ms a unit", "Half a minute of attention is worth a click.", least=1
    )
    dwell_max: float = setting(4.0, "units an event", "A forgotten tab is not devotion.")
    quick_leave_ms: int = setting(5_000, "ms", "Who leaves sooner than this did not want it.")
    quick_leave: float = setting(-1.0, "units", "A quick leave is a quiet no.")


def stayed_ms(event: kinds.Dwell) -> int:
    """How long the visit has lasted, as far as the event says."""
    return event.dwell_ms if event.visit_ms is None else event.visit_ms


def measure(settings: StrengthSettings) -> dict[type, Callable[..., int]]:
    """For each kind of event that weighs anything, a function to its thousandths."""

    def fixed(units: float) -> Callable[[object], int]:
        amount = round(units * _PER_UNIT)
        return lambda event: amount

    like, like_max = round(settings.like * _PER_UNIT), round(settings.like_max * _PER_UNIT)
    dwell_max = round(settings.dwell_max * _PER_UNIT)
    leave, leave_ms, unit_ms = (
        round(settings.quick_leave * _PER_UNIT),
        settings.quick_leave_ms,
        settings.dwell_ms,
    )

    def of_like(event: kinds.Like) -> int:
        return min(like * (event.count or 1), like_max)

    def of_dwell(event: kinds.Dwell) -> int:
        if event.left and stayed_ms(event) < leave_ms:
            return leave
        return min(event.dwell_ms * _PER_UNIT // unit_ms, dwell_max)

    return {
        kinds.Click: fixed(settings.click),
        kinds.Like: of_like,
        kinds.View: fixed(settings.view),
        kinds.Comment: fixed(settings.comment),
        kinds.Reserve: fixed(settings.reserve),
        kinds.Search: fixed(settings.search),
        kinds.Join: fixed(settings.join),
        kinds.Share: fixed(settings.share),
        kinds.Follow: fixed(settings.follow),
        kinds.Favourite: fixed(settings.favourite),
        kinds.CartAdd: fixed(settings.cart_add),
        kinds.Gift: fixed(settings.gift),
        kinds.Order: fixed(settings.order),
        kinds.Refund: fixed(settings.refund),
        kinds.Dismiss: fixed(settings.dismiss),
        kinds.Dwell: of_dwell,
    }
