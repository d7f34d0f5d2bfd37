"""The kinds of event: what happened, to whom and when, one struct a kind.

Field names, types and the family (Kafka topic) of each kind are a contract with
those who send events. A field whose default is None is optional. Times are
milliseconds since 1970-01-01 UTC. The ranges of `events.fields` are checked where bytes
are decoded, not where a struct is built; rules over several fields are in `events.rules`.
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias, cast

import msgspec

from events.fields import (
    Attributes,
    Count,
    DurationMs,
    Fraction,
    Id,
    Money,
    PastMs,
    Position,
    Propensity,
    Rate,
    Rating,
    Tag,
    TimeMs,
    TimeOfDay,
)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Base(
    msgspec.Struct, kw_only=True, tag_field="kind", tag=_snake_case, gc=False, omit_defaults=True
):
    """What every event has: a unique id and the time at which it happened."""

    event_id: Id
    event_time_ms: TimeMs


class PersonEvent(Base, kw_only=True):
    """An event of a person, known by user id, by device, or by a nickname on a platform."""

    user_id: Id | None = None
    device_id: Id | None = None
    platform: Id | None = None
    nickname: Id | None = None


# --- impressions ------------------------------------------------------------------------


class Impression(PersonEvent, kw_only=True):
    """A room or product was shown at a place (0 is first) of a list."""

    request_id: Id
    position: Position
    surface: str
    room_id: Id | None = None
    product_id: Id | None = None
    propensity: Propensity | None = None


class Feedback(PersonEvent, kw_only=True):
    """What became of a prompt, a card or a coupon that was offered."""

    subject: Literal["prompt", "card", "coupon"]
    subject_id: Id
    action: Literal["shown", "taken", "dismissed"]


# --- clicks -----------------------------------------------------------------------------


class Click(PersonEvent, kw_only=True):
    """A room or product was clicked; `request_id` is that of the list it stood in."""

    room_id: Id | None = None
    product_id: Id | None = None
    request_id: Id | None = None


# --- dwell ------------------------------------------------------------------------------


class Enter(PersonEvent, kw_only=True):
    """A viewer came into a room."""

    room_id: Id


class Dwell(PersonEvent, kw_only=True):
    """Time spent in a room since the visit's last dwell event.

    `left`: the viewer has gone; `visit_ms`: the whole visit; `long`: the platform's own
    verdict that the visit was a long one.
    """

    room_id: Id
    dwell_ms: DurationMs
    left: bool | None = None
    visit_ms: DurationMs | None = None
    long: bool | None = None


# --- likes ------------------------------------------------------------------------------


class Like(PersonEvent, kw_only=True):
    """One or more likes for a room."""

    room_id: Id
    count: Count | None = None


class Favourite(PersonEvent, kw_only=True):
    """A room or product was kept as a favourite."""

    room_id: Id | None = None
    product_id: Id | None = None


# --- comments ---------------------------------------------------------------------------


class Comment(PersonEvent, kw_only=True):
    """A viewer wrote in a room."""

    room_id: Id
    text: str


# --- interactions -----------------------------------------------------------------------


class Share(PersonEvent, kw_only=True):
    """A room was passed on to others."""

    room_id: Id


class Gift(PersonEvent, kw_only=True):
    """A gift of some worth (currency units of the platform) was given in a room."""

    room_id: Id
    amount: Money


class Follow(PersonEvent, kw_only=True):
    """A host was followed."""

    host_id: Id
    room_id: Id | None = None


class Unfollow(PersonEvent, kw_only=True):
    """A host is no longer followed."""

    host_id: Id
    room_id: Id | None = None


class Dismiss(PersonEvent, kw_only=True):
    """“Not for me”: of exactly one room, product, host or tag."""

    room_id: Id | None = None
    product_id: Id | None = None
    host_id: Id | None = None
    tag: Tag | None = None


class Mute(PersonEvent, kw_only=True):
    """No more of a host or a tag."""

    host_id: Id | None = None
    tag: Tag | None = None


class Unmute(PersonEvent, kw_only=True):
    """A mute is taken back."""

    host_id: Id | None = None
    tag: Tag | None = None


class Join(PersonEvent, kw_only=True):
    """A viewer took part in something that the host set up."""

    room_id: Id
    what: Literal["lottery", "vote", "red_packet", "mic"]


class Speed(PersonEvent, kw_only=True):
    """The playback speed was set; 1 is normal."""

    room_id: Id
    rate: Rate


# --- commerce ---------------------------------------------------------------------------


class Search(PersonEvent, kw_only=True):
    """A viewer searched."""

    query: str


class View(PersonEvent, kw_only=True):
    """A product's page was opened."""

    product_id: Id
    room_id: Id | None = None


class CartAdd(PersonEvent, kw_only=True):
    """A product was put into the cart."""

    product_id: Id
    room_id: Id | None = None


class CartRemove(PersonEvent, kw_only=True):
    """A product was taken out of the cart."""

    product_id: Id
    room_id: Id | None = None


class Order(PersonEvent, kw_only=True):
    """A product was bought, for `amount` in all."""

    order_id: Id
    product_id: Id
    amount: Money
    room_id: Id | None = None


class Refund(PersonEvent, kw_only=True):
    """A bought product was given back."""

    order_id: Id
    product_id: Id


class Review(PersonEvent, kw_only=True):
    """A product was rated, from 0 to 5."""

    product_id: Id
    rating: Rating
    text: str | None = None


class CouponClaim(PersonEvent, kw_only=True):
    """A coupon was taken."""

    coupon_id: Id
    product_id: Id | None = None
    amount: Money | None = None


class CouponRedeem(PersonEvent, kw_only=True):
    """A coupon was used."""

    coupon_id: Id
    product_id: Id | None = None
    amount: Money | None = None


# --- reach ------------------------------------------------------------------------------


class PushSent(PersonEvent, kw_only=True):
    """A push was handed to the channel."""

    push_id: Id


class PushDelivered(PersonEvent, kw_only=True):
    """A push reached the device."""

    push_id: Id


class PushOpen(PersonEvent, kw_only=True):
    """A push was opened."""

    push_id: Id


class PushDismiss(PersonEvent, kw_only=True):
    """A push was swiped away."""

    push_id: Id


class PushDisable(PersonEvent, kw_only=True):
    """Pushes were switched off."""


class PreviewSeen(PersonEvent, kw_only=True):
    """The preview of a scheduled room was seen."""

    room_id: Id


class Reserve(PersonEvent, kw_only=True):
    """A place in a scheduled room was reserved."""

    room_id: Id


class ReserveCancel(PersonEvent, kw_only=True):
    """A reservation was taken back."""

    room_id: Id


class Attend(PersonEvent, kw_only=True):
    """One who had reserved came."""

    room_id: Id


# --- catalog ----------------------------------------------------------------------------


class Host(Base, kw_only=True):
    """A host, as of this time."""

    host_id: Id
    name: str | None = None
    tags: list[Tag] | None = None
    attributes: Attributes | None = None


class Room(Base, kw_only=True):
    """A room with its schedule and products, as of this time."""

    room_id: Id
    host_id: Id
    title: str
    tags: list[Tag]
    status: Literal["scheduled", "live", "ended"]
    start_time_ms: TimeMs
    products: list[Id]
    introduction: str | None = None
    attributes: Attributes | None = None


class Product(Base, kw_only=True):
    """A product, as of this time."""

    product_id: Id
    title: str
    tags: list[Tag]
    price: Money
    category: str
    attributes: Attributes | None = None


class OnAir(Base, kw_only=True):
    """What a room's host now shows (null: nothing), and the point being made, a tag."""

    room_id: Id
    product_id: Id | None
    point: Tag | None = None


# --- users ------------------------------------------------------------------------------


class Consent(msgspec.Struct, kw_only=True, gc=False, omit_defaults=True):
    """What a user agreed to; None where the user has not said."""

    profiling: bool | None = None
    push: bool | None = None


class User(Base, kw_only=True):
    """A user's record, as of this time. Quiet hours are local `HH:MM`, begin and end."""

    user_id: Id
    attributes: Attributes | None = None
    timezone: str | None = None
    registered_ms: PastMs | None = None
    consent: Consent | None = None
    quiet_hours: tuple[TimeOfDay, TimeOfDay] | None = None


class IdentityLink(Base, kw_only=True):
    """A device, or a nickname on a platform, turned out to be a user's."""

    user_id: Id
    device_id: Id | None = None
    platform: Id | None = None
    nickname: Id | None = None
    confidence: Fraction | None = None


class Erase(Base, kw_only=True):
    """A user asked to be forgotten."""

    user_id: Id


# mypy cannot follow a union that is computed, so it is spelled out; a test holds it complete.
Event: TypeAlias = (
    Impression
    | Feedback
    | Click
    | Enter
    | Dwell
    | Like
    | Favourite
    | Comment
    | Share
    | Gift
    | Follow
    | Unfollow
    | Dismiss
    | Mute
    | Unmute
    | Join
    | Speed
    | Search
    | View
    | CartAdd
    | CartRemove
    | Order
    | Refund
    | Review
    | CouponClaim
    | CouponRedeem
    | PushSent
    | PushDelivered
    | PushOpen
    | PushDismiss
    | PushDisable
    | PreviewSeen
    | Reserve
    | ReserveCancel
    | Attend
    | Host
    | Room
    | Product
    | OnAir
    | User
    | IdentityLink
    | Erase
)

_FAMILY_CLASSES: dict[str, tuple[type[Base], ...]] = {
    "impressions": (Impression, Feedback),
    "clicks": (Click,),
    "dwell": (Enter, Dwell),
    "likes": (Like, Favourite),
    "comments": (Comment,),
    "interactions": (Share, Gift, Follow, Unfollow, Dismiss, Mute, Unmute, Join, Speed),
    "commerce": (
        *(Search, View, CartAdd, CartRemove, Order, Refund, Review),
        *(CouponClaim, CouponRedeem),
    ),
    "reach": (
        *(PushSent, PushDelivered, PushOpen, PushDismiss, PushDisable),
        *(PreviewSeen, Reserve, ReserveCancel, Attend),
    ),
    "catalog": (Host, Room, Product, OnAir),
    "users": (User, IdentityLink, Erase),
}

KIND_OF: dict[type, str] = {
    cls: cast(str, cls.__struct_config__.tag)
    for classes in _FAMILY_CLASSES.values()
    for cls in classes
}
"""The `kind` of each struct."""

KINDS: dict[str, type[Any]] = {kind: cls for cls, kind in KIND_OF.items()}
"""The struct of each `kind`, in the order of the contract's table."""

FAMILIES: dict[str, tuple[str, ...]] = {
    family: tuple(KIND_OF[cls] for cls in classes) for family, classes in _FAMILY_CLASSES.items()
}
"""The kinds of each family; a family is a Kafka topic."""

FAMILY_OF: dict[str, str] = {kind: name for name, kinds in FAMILIES.items() for kind in kinds}
"""The family of each kind."""

_CATALOG = frozenset(_FAMILY_CLASSES["catalog"])


def person_of(event: Event) -> str | None:
    """The name under which an event counts, or None for a catalogue event.

    The user id where there is one; else `device:` and the device id; else `nick:`, the
    platform, `/` and the nickname. None also where nothing identifies a person.
    """
    if type(event) in _CATALOG:
        return None
    user_id: Id | None = event.user_id  # type: ignore[union-attr]
    if user_id is not None:
        return user_id
    if event.device_id is not None:  # type: ignore[union-attr]
        return f"device:{event.device_id}"  # type: ignore[union-attr]
    if event.platform is not None and event.nickname is not None:  # type: ignore[union-attr]
        return f"nick:{event.platform}/{event.nickname}"  # type: ignore[union-attr]
    return None
