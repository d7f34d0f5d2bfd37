"""What a user has and what a room has, by name: the two sides that factors join.

A name begins with its kind: `tag `, `host ` or `room `. A user's values say how much there is of
each, saturating as ranking features do, and have unit length together: who has given few signals
counts as much as who has given many. A room shares one unit among its tags, and has one for its
host and one for itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from events.setting import setting
from features.content import Content
from features.vector import VectorSettings, View

Side = list[tuple[str, float]]
KINDS = ("tags", "hosts", "rooms")


@dataclass(frozen=True)
class SideSettings:
    """What the sides of factors hold."""

    user: tuple[str, ...] = setting(
        KINDS,
        "kinds of name",
        "What stands for a user: tags, hosts, and the rooms engaged with last.",
    )
    room: tuple[str, ...] = setting(
        KINDS, "kinds of name", "What stands for a room: its tags, its host, and itself."
    )
    names_max: int = setting(
        32, "names a kind", "The strongest tags and hosts of a user; a slate costs more by each."
    )

    def __post_init__(self) -> None:
        for what, kinds in (("user", self.user), ("room", self.room)):
            unknown = sorted(set(kinds) - set(KINDS))
            if unknown:
                raise ValueError(f"{what} names {unknown}; use of {', '.join(KINDS)}")


def user_side(view: View, settings: SideSettings, vector: VectorSettings) -> Side:
    """A user's names and values, the same for every room; empty for one who has nothing."""
    side: Side = []
    if "tags" in settings.user and view.weights:
        half = vector.tag_halves[3]
        tags = ((tag, units[3] / (abs(units[3]) + half)) for tag, units in view.weights.items())
        side += _strongest("tag ", tags, settings.names_max)
    if "hosts" in settings.user and view.hosts:
        side += _strongest("host ", view.hosts.items(), settings.names_max)
    if "rooms" in settings.user:
        worths = [(room_id, weight * value) for room_id, weight, value in view.recent]
        side += [(f"room {room_id}", worth) for room_id, worth in worths if worth]
    # A sum of squares would be 0 of what has faded for long.
    length = math.hypot(*(value for _, value in side))
    return [(name, value / length) for name, value in side]


def _strongest(kind: str, values: Iterable[tuple[str, float]], names_max: int) -> Side:
    """Those of the largest values, whichever their sign; ties by name."""
    held = [(kind + name, value) for name, value in values if value]
    if len(held) <= names_max:
        return held
    return sorted(held, key=lambda one: (-abs(one[1]), one[0]))[:names_max]


def room_side(tags: Sequence[str], host_id: str, room_id: str, settings: SideSettings) -> Side:
    """A room's names and values."""
    side: Side = []
    kinds = settings.room
    if "tags" in kinds and tags:
        share = 1.0 / len(tags)
        side += [(f"tag {tag}", share) for tag in tags]
    if "hosts" in kinds:
        side.append((f"host {host_id}", 1.0))
    if "rooms" in kinds:
        side.append((f"room {room_id}", 1.0))
    return side


def room_side_of(content: Content, room_id: str, settings: SideSettings) -> Side:
    """The side of a room by its id; that of one which nobody knows is empty."""
    number = content.number.get(room_id)
    if number is None:
        return []
    tags, host_id = content.room_tags[number], content.host_ids[number]
    return room_side(tags, host_id, content.ids[number], settings)
