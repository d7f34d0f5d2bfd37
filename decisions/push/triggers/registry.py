"""All triggers, the one that is weighed first for a user at one instant first."""

from __future__ import annotations

from decisions.push.triggers.base import Trigger
from decisions.push.triggers.cart_on_air import CartOnAir
from decisions.push.triggers.cart_soon import CartSoon
from decisions.push.triggers.host_live import HostLive
from decisions.push.triggers.reminder import Reminder

_CLASSES: tuple[type[Trigger], ...] = (Reminder, CartOnAir, CartSoon, HostLive)

TRIGGERS: tuple[Trigger, ...] = tuple(cls(rank) for rank, cls in enumerate(_CLASSES))
