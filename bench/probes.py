"""Probes to put behind a log: likes by users known and new, and rooms that start with tags.

The tastes that rooms and viewers are chosen by are summed up by plain code (`bench.taste`), never
by what is measured.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.taste import CATALOGUE_KINDS, USER_KINDS, Catalogue, Json, strength

STRONGEST = 5
_NO_TAG = "no such tag"
_FAR_MS = 3_600_000


@dataclass(frozen=True)
class Sizes:
    """How many probes: users who like, rooms that start, viewers asked a room and kind."""

    users: int = 1_000
    rooms: int = 40
    viewers: int = 15


@dataclass
class Tastes:
    """What a log says of its rooms and of its users' tags, by plain sums."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    weights: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    last_ms: int = 0

    def take(self, line: bytes) -> None:
        """Count one line of the log; one that is no event counts nothing."""
        try:
            event = json.loads(line)
            kind = event["kind"]
            if kind in CATALOGUE_KINDS:
                self.catalogue.add(event)
                return
            amount, user = strength(event), event.get("user_id")
            time_ms = int(event["event_time_ms"])
        except (ValueError, KeyError, TypeError):
            return
        if self.last_ms and time_ms > self.last_ms + _FAR_MS:
            return
        self.last_ms = max(self.last_ms, time_ms)
        if user is None or kind in USER_KINDS or not amount:
            return
        for tag in self.catalogue.tags(event):
            weights = self.weights[user]
            weights[tag] = weights.get(tag, 0.0) + amount

    def strongest(self, user: str) -> list[str]:
        """The user's strongest tags, of those above nought."""
        ranked = sorted(self.weights[user].items(), key=lambda item: (-item[1], item[0]))
        return [tag for tag, weight in ranked[:STRONGEST] if weight > 0.0]


@dataclass
class Plan:
    """The probes, and what each is to be judged by."""

    until_ms: int = 0
    """Slates for likes are asked for until then."""
    lines: list[Json] = field(default_factory=list)
    likes: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    """By user: the room that is liked, and the others that share two tags or more with it."""
    starts: dict[tuple[str, int], tuple[str, bool]] = field(default_factory=dict)
    """By viewer and second: the room that has started, and whether all of its tags are theirs."""

    def tell(self, kind: str, at_ms: int, **fields: Any) -> None:
        """Put an event into the log."""
        event_id = f"probe-{len(self.lines)}"
        self.lines.append({"event_id": event_id, "kind": kind, "event_time_ms": at_ms, **fields})

    def ask(self, user: str, at_ms: int) -> None:
        """Have the user's slate decided anew, by something that changes nothing in it."""
        self.tell("mute", at_ms, user_id=user, tag=_NO_TAG)


def _plan_likes(plan: Plan, tastes: Tastes, users: int, dice: random.Random) -> None:
    """Half of the users are known from the log, half are new; each likes a room of its own."""
    rooms = sorted(tastes.catalogue.live_rooms(), key=lambda room: str(room["room_id"]))
    known = dice.sample(sorted(tastes.weights), min(users // 2, len(tastes.weights)))
    asked = [*known, *(f"probe-new-{n}" for n in range(users - len(known)))]
    for place, user in enumerate(asked):
        others: list[str] = []
        while not others:
            liked = dice.choice(rooms)
            tags = set(liked["tags"])
            others = [
                room["room_id"]
                for room in rooms
                if room is not liked and len(tags & set(room["tags"])) >= 2
            ]
        plan.likes[user] = (liked["room_id"], others)
        at_ms = tastes.last_ms + 1_000 + 5 * place
        plan.ask(user, at_ms)
    for place, user in enumerate(asked):
        at_ms = tastes.last_ms + 7_000 + 5 * place
        plan.tell("like", at_ms, user_id=user, room_id=plan.likes[user][0])


def _plan_starts(plan: Plan, tastes: Tastes, sizes: Sizes, dice: random.Random) -> None:
    """Rooms that start one after another, each with tags that somebody likes best."""
    began_ms = tastes.last_ms + 30_000
    plan.until_ms = began_ms - 1
    strongest = {user: tastes.strongest(user) for user in sorted(tastes.weights)}
    strongest = {user: tags for user, tags in strongest.items() if user not in plan.likes}
    fans = [user for user, tags in strongest.items() if len(tags) >= 3]
    for number in range(sizes.rooms):
        at_ms, room_id = began_ms + 10_000 * number, f"probe-room-{number}"
        tags = set(dice.sample(strongest[dice.choice(fans)], dice.choice([2, 3])))
        told = {"room_id": room_id, "host_id": f"probe-host-{number}", "title": room_id}
        told |= {"tags": sorted(tags), "start_time_ms": at_ms, "products": []}
        plan.tell("room", at_ms, status="live", **told)
        theirs = [user for user, best in strongest.items() if tags <= set(best)]
        none = [user for user in fans if not tags & set(tastes.weights[user])]
        for mine, chosen in ((True, theirs), (False, none)):
            for user in dice.sample(chosen, min(sizes.viewers, len(chosen))):
                plan.ask(user, at_ms + 2_000)
                plan.starts[user, (at_ms + 2_000) // 1_000] = room_id, mine
        plan.tell("room", at_ms + 8_000, status="ended", **told)


def probe(log: Path, to: Path, sizes: Sizes, seed: int) -> Plan:
    """Write the log anew with probes behind it."""
    tastes, plan, dice = Tastes(), Plan(), random.Random(seed)
    with log.open("rb") as lines, to.open("wb") as out:
        for line in lines:
            tastes.take(line)
            out.write(line)
        _plan_likes(plan, tastes, sizes.users, dice)
        _plan_starts(plan, tastes, sizes, dice)
        out.writelines(json.dumps(event).encode() + b"\n" for event in plan.lines)
    return plan
