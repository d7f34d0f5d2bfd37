"""Viewers: who they are, how they differ, and what they remember."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate

from simulator.catalog import Host, Product, Room
from simulator.dice import Dice
from simulator.settings import SimulatorSettings
from simulator.tastes import Taste, TasteHistory, Tastes
from simulator.words import PLATFORMS, ZONES


@dataclass(frozen=True)
class Segment:
    """A kind of viewer: its share of the crowd, and how much more or less it does each thing."""

    name: str
    share: float
    comment: float
    like: float
    gift: float
    shop: float
    coupon: float


SEGMENTS: tuple[Segment, ...] = (
    Segment("silent", 0.55, 0.05, 0.3, 0.05, 0.6, 0.5),
    Segment("commenter", 0.2, 3.5, 2.5, 1.0, 0.8, 0.5),
    Segment("price_sensitive", 0.15, 0.8, 0.8, 0.1, 1.6, 4.0),
    Segment("high_value", 0.1, 1.0, 1.5, 7.0, 2.2, 0.4),
)
_BY_SHARE = list(accumulate(segment.share for segment in SEGMENTS))
_BY_ZONE = list(accumulate(share for _, _, share in ZONES))


@dataclass(slots=True, eq=False)
class Viewer:
    """One person (or bot). What is remembered is held in short tuples, newest last."""

    seat: int  # its place in the crowd, which a newcomer takes when it goes
    user_id: str
    identity: dict[str, str]  # the id fields that this person's events carry now
    person: str  # the name that those events count for
    device_id: str
    segment: Segment
    tastes: TasteHistory
    lang: str
    zone: str
    peak_utc: float  # the hour of the day, in UTC, around which this viewer comes
    activity: float
    price_level: float
    bot: bool
    push: bool
    scripted: bool = False
    busy: bool = False
    gone: bool = False
    introduced: bool = False
    known: bool = True  # the platform knows the user id
    followed: tuple[Host, ...] = ()
    muted: tuple[Host, ...] = ()
    cart: tuple[Product, ...] = ()
    coupons: tuple[str, ...] = ()
    recent: tuple[Room, ...] = ()
    unwanted: tuple[Room, ...] = ()

    @property
    def taste(self) -> Taste:
        """The taste of this moment."""
        return self.tastes.now


def make_viewer(
    number: int, seat: int, at_ms: int, settings: SimulatorSettings, tastes: Tastes, dice: Dice
) -> Viewer:
    """One viewer, by chance; the order of the draws is part of what a seed means."""
    zone, offset_h, _ = ZONES[dice.pick_by(_BY_ZONE)]
    user_id = f"u{number + 1:05d}"
    device_id = f"d{number + 1:05d}"
    identity = {"user_id": user_id, "platform": dice.pick(PLATFORMS)}
    person, known = user_id, True
    way_in = dice.random()
    if way_in < settings.anonymous_share:
        identity = {"device_id": device_id, "platform": identity["platform"]}
        person, known = f"device:{device_id}", False
    elif way_in < settings.anonymous_share + settings.nickname_share:
        nickname = f"{'夜猫' if number % 2 else 'nightowl'}{number + 1}"
        identity = {"platform": identity["platform"], "nickname": nickname}
        person, known = f"nick:{identity['platform']}/{nickname}", False
    # Most watch in the evening, some at noon.
    peak_local = (20.5 if dice.chance(0.75) else 12.5) + 1.5 * dice.normal()
    return Viewer(
        seat=seat,
        user_id=user_id,
        identity=identity,
        person=person,
        device_id=device_id,
        segment=SEGMENTS[dice.pick_by(_BY_SHARE)],
        tastes=tastes.born(at_ms),
        lang="zh" if dice.chance(0.8 if offset_h == 8 else 0.2) else "en",
        zone=zone,
        peak_utc=(peak_local - offset_h) % 24.0,
        activity=math.exp(settings.activity_sigma * dice.normal()),
        price_level=round(dice.random(), 3),
        bot=dice.chance(settings.bot_share),
        push=dice.chance(settings.push_consent_share),
        known=known,
    )
