"""The cast: products, hosts, rooms and viewers, each of which refers to the others."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.segments import Segment
from simulator.tastes import Taste, TasteHistory

_FANS = 200


@dataclass(slots=True, eq=False)
class Product:
    """Something that a host sells."""

    product_id: str
    title: str
    tags: tuple[int, ...]
    price: float
    category: str


@dataclass(slots=True, eq=False)
class Host:
    """Someone who broadcasts; `trust` and `price_level` are in [0, 1]."""

    number: int
    host_id: str
    name: str
    tags: tuple[int, ...]
    followers: int
    trust: float
    price_level: float
    english: bool
    products: tuple[Product, ...] = ()
    room: Room | None = None
    fans: tuple[Viewer, ...] = ()  # who follows, the newest 200

    def add_fan(self, viewer: Viewer) -> None:
        """A viewer follows."""
        self.fans = (*self.fans[1 - _FANS :], viewer)

    def drop_fan(self, viewer: Viewer) -> None:
        """A viewer follows no more."""
        self.fans = tuple(fan for fan in self.fans if fan is not viewer)


@dataclass(slots=True, eq=False)
class Room:
    """One broadcast of a host.

    `pull` is how well it is known and `hook` how loud its cover is, both around 1: a loud cover
    wins clicks and loses those who come in. `appeal` lists the tags that speak to a viewer now,
    those of the product on air a second time.
    """

    room_id: str
    host: Host
    title: str
    tags: tuple[int, ...]
    products: tuple[Product, ...]
    start_ms: int
    end_ms: int
    pull: float
    hook: float
    live: bool = False
    on_air: Product | None = None
    appeal: tuple[int, ...] = ()
    # In the order in which they reserved; bounded by who adds them.
    reserved: list[Viewer] = field(default_factory=list)


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
