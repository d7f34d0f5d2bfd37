"""The feature vector of a user and a room: one definition for training, serving and reading back.

A vector is the room's part (a row of `features.scene.Scene.matrix`), then the user's part below,
then the position. Ranking features saturate as x / (|x| + c): a burst cannot outweigh a long stay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from events.setting import setting
from features.ladder import WINDOWS

ROOM_NAMES = (
    "room_click_rate",
    "room_impressions",
    "room_heat",
    "room_leave_rate",
    "room_order_rate",
    "room_freshness",
    "room_tag_click_rate",
)
USER_NAMES = (
    *(f"tag_match_{window}" for window in WINDOWS),
    "tag_lift",
    "tag_focus",
    "air_match",
    "attribute_lift",
    "host_affinity",
    "host_followed",
    "price_fit",
    "room_shown_before",
    "hour_activity",
    "user_activity",
    "user_appetite",
)
NEAR_NAMES = ("neighbour_match", "neighbour_attention", "neighbour_users")
"""Of `features.near`, where neighbours are on; the last where users alike are on too."""
SEGMENT_NAMES = ("segment_room_lift", "segment_host_lift", "segment_tag_lift")
"""Of `features.segment_lift`, where users are sorted by what their records say."""
POSITION = "list_position"


def names(
    attribute_slots: int, near: Sequence[str] = (), segments: bool = False
) -> tuple[str, ...]:
    """All feature names that OBSERVE knows the values of, in the order of the vector.

    `near` are those of NEAR_NAMES that are on.
    """
    slots = tuple(f"room_attribute_{slot}" for slot in range(attribute_slots))
    more = (*near, *(SEGMENT_NAMES if segments else ()))
    return (*ROOM_NAMES, *slots, *USER_NAMES, *more, POSITION)


@dataclass(frozen=True)
class VectorSettings:
    """Where the saturating features bend."""

    tag_half_10m: float = setting(
        2.0, "units", "Two clicks on a tag are half of what it can say.", least=0.001
    )
    tag_half_1h: float = setting(
        4.0, "units", "An hour holds twice the signals of ten minutes.", least=0.001
    )
    tag_half_24h: float = setting(8.0, "units", "A day holds a few visits.", least=0.001)
    tag_half_7d: float = setting(16.0, "units", "A week holds a few days.", least=0.001)
    lift_prior: float = setting(
        2.0, "clicks", "A lift counts in full after a few expected clicks.", least=0.001
    )
    taste_prior: float = setting(
        5.0, "clicks", "A taste in numbers counts in full after some clicks.", least=0.001
    )
    focus_half: float = setting(
        4.0,
        "units",
        "A strongest tag of so few units is no more than half an interest.",
        least=0.001,
    )
    host_half: float = setting(
        4.0, "units", "A follow and a click make a host half trusted.", least=0.001
    )
    price_half: float = setting(
        0.7, "natural log", "Twice the usual price fits half as well.", least=0.001
    )
    shown_half: float = setting(2.0, "impressions", "Passed over twice is half a no.", least=0.001)
    activity_half: float = setting(
        20.0, "signals", "After twenty signals a user is no newcomer.", least=0.001
    )

    @cached_property
    def tag_halves(self) -> tuple[float, float, float, float]:
        """The bend of each window, shortest first, in thousandths."""
        return (
            self.tag_half_10m * 1000.0,
            self.tag_half_1h * 1000.0,
            self.tag_half_24h * 1000.0,
            self.tag_half_7d * 1000.0,
        )


# A lift, averaged over a room's tags, spreads by a twentieth; the learners step by about one.
LIFT_SCALE = 10.0
# The same for a taste in numbers: attributes lie within half a unit of 0.
TASTE_SCALE = 12.0
# A burst without much that was shown before it must not outweigh all else.
LIFT_MAX = 3.0


class View(msgspec.Struct, array_like=True, gc=False):
    """What the vector needs of a user at one moment; never changed once made.

    `weights`: thousandths of each tag in the four windows. `exposure`: for each tag the click
    rates of the rooms that were shown, summed. `appetite`: the user's signals against all of
    these. `hosts` are saturated already. `taste` has a number for each attribute of rooms.
    `recent` has the rooms engaged with last (`features.recent`), where neighbours are on. `most`:
    thousandths of the strongest tag in the longest window. `segments` are the user's, by name.
    """

    weights: dict[str, tuple[int, int, int, int]]
    exposure: dict[str, float]
    appetite: float
    hosts: dict[str, float]
    follows: dict[str, int]
    log_price: float | None
    hour_activity: float
    activity: float
    taste: list[float] = []
    recent: list[tuple[str, float, float]] = []
    most: int = 0
    segments: list[str] = []


def lift(signals: int, exposure: float, appetite: float, prior: float) -> float:
    """How much more a tag was signalled than showing it explains, scaled for the learners.

    It compares the signals for a tag in seven days (thousandths) with those expected, had the
    user merely clicked what was shown as often as others do: (C - aE) / (aE + prior), where E
    sums the click rates of the rooms that were shown and a is the user's overall appetite.
    """
    expected = appetite * exposure
    raised = (max(signals, 0) / 1000.0 - expected) / (expected + prior)
    return LIFT_SCALE * (raised if raised < LIFT_MAX else LIFT_MAX)


def attribute_lift(taste: Sequence[float], attributes: Sequence[float]) -> float:
    """How well a room's attributes fit a taste in them (`features.taste`), scaled as a lift is."""
    total = 0.0
    for wanted, value in zip(taste, attributes, strict=False):
        total += wanted * value
    return TASTE_SCALE * total


def price_fit(log_price: float | None, room_log_price: float, half: float) -> float:
    """1 where the room costs what the user pays, less with each step away; 0 where unknown."""
    if log_price is None or room_log_price != room_log_price:
        return 0.0
    return half / (half + abs(room_log_price - log_price))


def focus(signals: int, most: int, half: float) -> float:
    """How near a tag comes to the user's strongest, 0 to 1: the square of its share of that.

    Windows saturate, so that a second and a third interest come close to the first. What is
    looked at for long is the first: the square tells them apart.
    """
    if signals <= 0:
        return 0.0
    share = signals / (most + half)
    return share * share if share < 1.0 else 1.0


def tells_rooms_apart(view: View) -> bool:
    """Whether `user_part` is not the same for all rooms that the user has not been shown."""
    known = view.weights or view.exposure or view.hosts or view.follows or view.taste
    return bool(known) or bool(view.recent) or view.log_price is not None


def user_part(
    view: View,
    room_tags: Sequence[str],
    air_tags: Sequence[str],
    host_id: str,
    room_log_price: float,
    room_attributes: Sequence[float],
    shown: int,
    settings: VectorSettings,
) -> tuple[float, ...]:
    """The values of USER_NAMES for one user and one room; tags count by their mean.

    `air_tags` are those of the product on air, or of the room where there is none.
    """
    m0 = m1 = m2 = m3 = lifted = focused = 0.0
    weights, exposure = view.weights, view.exposure
    if room_tags and (weights or exposure):
        appetite = view.appetite
        h0, h1, h2, h3 = settings.tag_halves
        prior, most, half = settings.lift_prior, view.most, settings.focus_half * 1000.0
        for tag in room_tags:
            weight = weights.get(tag)
            shown_for = exposure.get(tag, 0.0)
            if weight is not None:
                w0, w1, w2, w3 = weight
                m0 += w0 / (abs(w0) + h0)
                m1 += w1 / (abs(w1) + h1)
                m2 += w2 / (abs(w2) + h2)
                m3 += w3 / (abs(w3) + h3)
                lifted += lift(w3, shown_for, appetite, prior)
                focused += focus(w3, most, half)
            elif shown_for:
                expected = appetite * shown_for
                lifted -= LIFT_SCALE * (expected / (expected + prior))
        share = 1.0 / len(room_tags)
        m0 *= share
        m1 *= share
        m2 *= share
        m3 *= share
        lifted *= share
        focused *= share
    aired = 0.0
    if air_tags and weights:
        most, half = view.most, settings.focus_half * 1000.0
        for tag in air_tags:
            weight = weights.get(tag)
            if weight is not None:
                aired += focus(weight[3], most, half)
        aired /= len(air_tags)
    return (
        m0,
        m1,
        m2,
        m3,
        lifted,
        focused,
        aired,
        attribute_lift(view.taste, room_attributes) if view.taste else 0.0,
        view.hosts.get(host_id, 0.0),
        1.0 if host_id in view.follows else 0.0,
        price_fit(view.log_price, room_log_price, settings.price_half),
        shown / (shown + settings.shown_half),
        view.hour_activity,
        view.activity,
        math.log(view.appetite),
    )
