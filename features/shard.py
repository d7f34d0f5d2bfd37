"""What the parts of OBSERVE share of one shard: users, clock, timers, and what comes out."""

from __future__ import annotations

from features.hours import HourOf
from features.join import Join
from features.more import ask_at_once, ask_more
from features.observed import ObserveContext, Observed
from features.people import People
from features.rows import Step
from features.scene import Scene
from features.shelf import Shelves
from features.timers import Timers
from features.user import User
from features.views import Views

_COUNTED = (
    *("events", "duplicates", "late", "unknown_item", "signals", "too_old", "no_consent"),
    *("tags_dropped", "lists", "impressions", "product_impressions", "examples", "linked"),
    *("kept_out_left", "kept_out_passed_over"),
)


class Shard:
    """One shard's users at its clock; `out` is what has come of its rows since it was taken."""

    def __init__(self, context: ObserveContext, number: int, shelves: Shelves | None) -> None:
        self.context = context
        self.number = number
        self.counts = dict.fromkeys(_COUNTED, 0)
        self.catalogue = context.scenes.catalogue
        self.people = People(context.people, context.shrink, shelves)
        self.join = Join(context.join, context.width, context.seed)
        self.hour_of = HourOf(context.observe.timezone)
        self.views = Views(
            context.observe,
            context.vector,
            self.hour_of,
            2 * context.people.hot_users_max,
            context.recent,
        )
        self.timers = Timers(shelves("t") if shelves is not None else None)
        self.clock_ms = 0
        self.changed_tags: dict[str, None] = {}
        self.put_off: list[str] = []
        self.out = Observed(number)
        self._scene_of = (-1, -1)
        self._last_scene: Scene | None = None

    def scene(self, second: int, seq: int) -> Scene:
        """The scene of a row, looked up again only when the second or the catalogue has moved."""
        if self._scene_of != (second, seq) or self._last_scene is None:
            self._scene_of = (second, seq)
            self._last_scene = self.context.scenes.at(second, seq)
        return self._last_scene

    def wish(self, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Ask DECIDE for a slate."""
        wish = self.views.wish(person, user, clock_ms)
        self.counts["kept_out_left"] += self.views.left
        self.counts["kept_out_passed_over"] += self.views.passed_over
        user.slate_s, user.slate_due = clock_ms // 1000, False
        more = self.context.more
        if more is not None:
            ask_more(wish, user, clock_ms, more)
        self.out.steps.append(Step(clock_ms, seq, person, wish))

    def ask(self, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Ask for all lists at once, whatever was asked within this second."""
        self.views.changed(person)
        ask_at_once(user)
        self.wish(person, user, clock_ms, seq)

    def take_out(self) -> Observed:
        """Hand over what came out, and begin anew."""
        out, self.out = self.out, Observed(self.number)
        return out
