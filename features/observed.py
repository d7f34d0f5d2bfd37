"""What OBSERVE is given and what comes of it: settings, context, outputs, kinds of signal."""

from __future__ import annotations

from dataclasses import dataclass, field

from events import kinds
from events.setting import setting
from features.example import Example
from features.join import JoinSettings
from features.more import MoreSettings
from features.people import PeopleSettings
from features.recent import RecentSettings
from features.rows import Step
from features.scene import Scenes
from features.segment_rows import SegmentSettings
from features.shrink import Shrink
from features.sides import SideSettings
from features.strengths import StrengthSettings
from features.vector import VectorSettings

Signal = (
    kinds.Click
    | kinds.Like
    | kinds.View
    | kinds.Comment
    | kinds.Reserve
    | kinds.Search
    | kinds.Join
    | kinds.Share
    | kinds.Follow
    | kinds.Favourite
    | kinds.CartAdd
    | kinds.Gift
    | kinds.Order
    | kinds.Refund
    | kinds.Dismiss
    | kinds.Dwell
)
"""Events of a user that weigh something."""

FACTS = (
    kinds.Follow,
    kinds.Unfollow,
    kinds.Mute,
    kinds.Unmute,
    kinds.CartAdd,
    kinds.CartRemove,
    kinds.Order,
    kinds.Reserve,
    kinds.ReserveCancel,
    kinds.Attend,
    kinds.Enter,
    kinds.Dwell,
    kinds.User,
    kinds.PushDisable,
    kinds.PushOpen,
    kinds.PushDismiss,
    kinds.Erase,
    kinds.IdentityLink,
)
"""Events that DECIDE hears of, for its pushes; a link ends the profile of the identity itself."""

JUDGED = (kinds.Click, kinds.View)
"""What it hears of in a backtest besides, to judge by it what was offered."""


@dataclass(frozen=True)
class ObserveSettings:
    """Limits of what is held of one user, and how a profile fades."""

    dedupe_s: int = setting(120, "s of watermark", "Producers retry within seconds to minutes.")
    tags_max: int = setting(256, "tags a user", "Hundreds of tags; the weakest leave first.")
    exposure_tags_max: int = setting(
        256, "tags a user", "Tags shown to a user; those shown least leave first."
    )
    hosts_max: int = setting(32, "hosts a user", "Hosts of whom something is known.")
    follows_max: int = setting(
        500, "hosts a user", "Followed hosts; the oldest follow leaves first."
    )
    mutes_max: int = setting(200, "mutes a user and kind", "Far more than anyone sets by hand.")
    left_rooms_max: int = setting(16, "rooms a user", "Rooms just left are kept out for a while.")
    left_cooldown_s: int = setting(
        1800, "s", "A room left at once, or dismissed, comes back after this time."
    )
    stayed_cooldown_s: int = setting(
        120,
        "s",
        "A room left after a stay comes back after this time: soon something else is on air.",
    )
    passed_over_max: int = setting(
        3,
        "lists",
        "A room passed over in so many open lists is kept out until one of them closes; 0: never.",
    )
    fade_half_life_days: float = setting(
        7.0, "days", "Trust in hosts and what was shown fade as the longest window does."
    )
    timezone: str = setting("UTC", "IANA zone", "Where a user without a record is taken to live.")


@dataclass(slots=True)
class Observed:
    """What came out of some rows of a shard, in order."""

    shard: int
    steps: list[Step] = field(default_factory=list)
    tags: list[tuple[str, int, bytes]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    erased: list[str] = field(default_factory=list)
    ends: list[tuple[int, int, bool]] = field(default_factory=list)
    """For each round that is finished: its last clock, its last catalogue position, done."""


@dataclass(frozen=True)
class ObserveContext:
    """What all shards of a process share."""

    observe: ObserveSettings
    people: PeopleSettings
    join: JoinSettings
    vector: VectorSettings
    strengths: StrengthSettings
    scenes: Scenes
    lateness_ms: int
    width: int
    seed: int
    evaluates: bool = False
    slate_grace_ms: int = 0
    """How much later event time makes a slate that was put off: a wall clock comes before it."""
    shrink: Shrink = field(default_factory=Shrink)
    recent: RecentSettings | None = None
    """Where neighbours are on, or factors that go by the last rooms."""
    sides: SideSettings | None = None
    """Where factors are on."""
    more: MoreSettings | None = None
    """Where there are lists beside the slate."""
    segments: SegmentSettings | None = None
    """Where users are sorted by what their records say."""
