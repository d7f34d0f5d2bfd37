"""The product's own live graph with nothing left in it but the windows.

ROOMS and IDENTITY get no rows, OBSERVE has the window kernels alone (`features.ladder`, fed by
the product's catalogue and strengths, told as `tags` by `features.tags_value`), so LEARN gets no
examples and DECIDE no wishes. Source, decoding with its checks, clocks, epochs and delivery by
compare-and-set are the product's. Left out of OBSERVE: duplicates, lateness, profile, joins,
the limit of active users, the limit of tags.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from features.observed import ObserveContext, Observed
from features.pointing import pointed_tags
from features.rows import Rows
from features.strengths import measure
from features.tags_value import tags_value
from features.user import User, new_user
from flows.live_shape import LIVE
from flows.live_shards import LiveObserveStep


class WindowsShard:
    """All users of one shard, as far as windows go."""

    def __init__(self, context: ObserveContext, shard: int) -> None:
        self.shard = shard
        self.clock_ms = 0
        self.signals = 0
        self._catalogue = context.scenes.catalogue
        self._measure: dict[type, Callable[..., int]] = measure(context.strengths)
        self._users: dict[str, User] = {}
        self._rounds: list[Rows] = []

    def apply(self, rows: Rows) -> None:
        """Take the rows of a round."""
        self._rounds.append(rows)

    def drain(self) -> Observed:
        """Count every signal, and tell the tags of all users that had one."""
        out, users, catalogue = Observed(self.shard), self._users, self._catalogue
        dirty: dict[str, User] = {}
        for rows in self._rounds:
            for event, person, _, _, _, seq in rows.rows:
                weighs: Any = self._measure.get(type(event))
                tags = pointed_tags(catalogue, event, seq) if weighs is not None else None
                if not tags:
                    continue
                user = users.get(person)
                if user is None:
                    user = users[person] = new_user(event.event_time_ms)
                if user.ladder.add(event.event_time_ms, tags, weighs(event)):
                    user.signals += 1
                    self.signals += 1
                    dirty[person] = user
            self.clock_ms = max(self.clock_ms, rows.clock_ms)
            out.ends.append((rows.clock_ms, rows.seq, rows.done))
        self._rounds.clear()
        out.tags.extend((name, *tags_value(user)) for name, user in dirty.items())
        return out

    @property
    def is_waiting(self) -> bool:
        """Whether rows have been taken and not worked on."""
        return bool(self._rounds)

    def take_put_off(self) -> list[str]:
        """Nobody's slate is put off: there are none."""
        return []

    def totals(self) -> dict[str, int]:
        """What it has counted."""
        return {
            **dict.fromkeys(("duplicates", "late", "unknown_item", "too_old", "no_consent"), 0),
            "signals": self.signals,
            "users": len(self._users),
        }

    def write(self) -> None:
        """Nothing of it is on a shelf."""

    def snapshot(self) -> bytes:
        """Nothing: these runs keep no state."""
        return b""

    def restore(self, packed: bytes) -> None:
        """Nothing is kept."""


class WindowsStep(LiveObserveStep):
    """One key a shard: its users' windows."""

    def make(self, number: int, shelves: Any) -> Any:
        """Its users' kernel."""
        return WindowsShard(self._runtime.observe, number)


WINDOWS = replace(
    LIVE,
    rooms=lambda round: (),
    identity=lambda round: (),
    observe_step=WindowsStep,
)
