"""The short lists beside the slate: when a user's are due, and what is remembered for them."""

from __future__ import annotations

from dataclasses import dataclass

from events import kinds
from events.setting import setting
from features.rows import Wish
from features.user import User, remember

_HOST, _PRODUCT = "h:", "p:"
_AT_ONCE = -1


@dataclass(frozen=True)
class MoreSettings:
    """What stands beside the slate: rooms to come, products and hosts, at a slower pace."""

    on: bool = setting(
        True, "yes/no", "Without it nothing is offered beside live rooms, and none is reckoned."
    )
    signals_min: int = setting(
        6, "signals", "One visit says little: the first lists come with so many, or with an order."
    )
    every_s: int = setting(
        60,
        "s",
        "Least time between two renewals, but for twice the signals, an order, a follow, a mute.",
    )
    items_max: int = setting(6, "items a list", "A row beside the rooms: a glance, not a search.")
    alike_max: int = setting(
        2, "items", "With the same tags, before others come that fit less: a list is to be varied."
    )
    tags_max: int = setting(
        16, "tags a user", "Only the strongest are looked for, so that a long past costs no more."
    )
    horizon_s: int = setting(
        172_800, "s", "Rooms that start later are not announced yet: plans reach two days."
    )
    late_s: int = setting(900, "s", "A room this late is still waited for; later it is called off.")
    ordered_s: int = setting(
        86_400, "s", "So long what was ordered is left out, and what goes with it is shown."
    )
    ordered_max: int = setting(4, "products a user", "The last few orders say what may be added.")
    complements_max: int = setting(
        2, "items", "Of a list so many go with what was ordered; the rest is for other interests."
    )
    dismissed_s: int = setting(86_400, "s", "A product or host dismissed is left out so long.")
    dismissed_max: int = setting(
        32, "items a user", "Dismissed products and hosts; the oldest leave first."
    )
    followed_hosts: bool = setting(
        False, "yes/no", "Whether hosts whom the user follows already are listed."
    )


NOTED = frozenset((kinds.Order, kinds.Refund, kinds.Dismiss, kinds.Follow))
"""The kinds of event that `note_more` takes."""


def note_more(user: User, event: object, settings: MoreSettings) -> None:
    """Remember what was ordered or dismissed; then, and at a new follow, the lists are due."""
    if isinstance(event, kinds.Order):
        remember(user.ordered, event.product_id, event.event_time_ms, settings.ordered_max)
    elif isinstance(event, kinds.Refund):
        user.ordered.pop(event.product_id, None)
    elif isinstance(event, kinds.Dismiss):
        if event.product_id is not None:
            name = _PRODUCT + event.product_id
        elif event.host_id is not None:
            name = _HOST + event.host_id
        else:
            return
        remember(user.dismissed, name, event.event_time_ms, settings.dismissed_max)
    elif not isinstance(event, kinds.Follow):
        return
    ask_at_once(user)


def ask_more(wish: Wish, user: User, clock_ms: int, settings: MoreSettings) -> None:
    """Ask for the lists with a slate where they are due.

    They rest on half of all signals at least, and are a minute's signals behind at most.
    """
    second = clock_ms // 1000
    if user.more_s != _AT_ONCE:
        if user.signals < settings.signals_min:
            return
        if second < user.more_s and user.signals < 2 * user.more_signals:
            return
    user.more_s, user.more_signals = second + settings.every_s, user.signals
    wish.more = True
    if user.ordered:
        since_ms = clock_ms - settings.ordered_s * 1000
        wish.ordered = [name for name, at_ms in user.ordered.items() if at_ms >= since_ms][::-1]
    if user.dismissed:
        since_ms = clock_ms - settings.dismissed_s * 1000
        recent = [name for name, at_ms in user.dismissed.items() if at_ms >= since_ms]
        wish.dismissed_hosts = _of(_HOST, recent)
        wish.dismissed_products = _of(_PRODUCT, recent)


def ask_at_once(user: User) -> None:
    """Let the lists come with the next slate."""
    user.more_s = _AT_ONCE


def _of(sort: str, names: list[str]) -> list[str]:
    return [name.removeprefix(sort) for name in names if name.startswith(sort)]
