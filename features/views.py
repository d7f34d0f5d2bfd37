"""Users as the vector and DECIDE see them: made when asked for, kept until something changes."""

from __future__ import annotations

from features.hours import HourOf
from features.observed import ObserveSettings
from features.recent import RecentSettings, recent_of
from features.rows import Wish
from features.taste import taste_of
from features.user import OpenList, User
from features.vector import VectorSettings, View


class Views:
    """The views of a shard's users. A view kept gives what one made anew would."""

    def __init__(
        self,
        settings: ObserveSettings,
        vector: VectorSettings,
        hour_of: HourOf,
        views_max: int,
        recent: RecentSettings | None = None,
    ) -> None:
        self._settings = settings
        self._vector = vector
        self._hour_of = hour_of
        self._views_max = views_max
        self._recent = recent
        self._known: dict[str, tuple[View, int]] = {}
        self.left = self.passed_over = 0
        """How many rooms the newest wish keeps out because they were left, or shown in vain."""

    def changed(self, person: str) -> None:
        """Something of the user has changed."""
        self._known.pop(person, None)

    def trim(self) -> None:
        """Let go of all views when there are too many; it changes no answer."""
        if len(self._known) > self._views_max:
            self._known.clear()

    def at(self, person: str, user: User, clock_ms: int) -> View:
        """The user as of a clock (ms)."""
        known = self._known.get(person)
        if known is not None and clock_ms < known[1]:
            return known[0]
        settings, ladder = self._vector, user.ladder
        time_ms = max(clock_ms, ladder.newest_ms)
        hour = user.hours[self._hour_of(time_ms, user.timezone)]
        half = settings.host_half * 1000.0
        appetite = (user.strength + 3.0) / (user.expected + 3.0)
        weights = ladder.weights_at(time_ms)
        view = View(
            weights,
            dict(user.exposure),
            appetite,
            {host: value / (abs(value) + half) for host, value in user.hosts.items()},
            dict(user.follows),
            user.price_sum / user.price_count if user.price_count else None,
            hour / (hour + sum(user.hours) / 24.0 + 1.0),
            user.signals / (user.signals + settings.activity_half),
            taste_of(user, appetite, settings.taste_prior),
            recent_of(user, time_ms, self._recent) if user.recent and self._recent else [],
            max((units[3] for units in weights.values()), default=0),
            user.segments,
        )
        # Tiles end on whole minutes, and local hours on whole quarters.
        next_minute_ms = (time_ms // 60_000 + 1) * 60_000
        next_quarter_ms = (time_ms // 900_000 + 1) * 900_000
        until_ms = min(next_quarter_ms, max(ladder.roll_ms, next_minute_ms))
        self._known[person] = (view, until_ms)
        return view

    def wish(self, person: str, user: User, clock_ms: int, beside: OpenList | None = None) -> Wish:
        """A slate asked for at a clock, with all that DECIDE needs to know, one list left out."""
        settings = self._settings
        since_ms = clock_ms - settings.left_cooldown_s * 1000
        shown: dict[str, int] = {}
        for listed in user.lists:
            if listed is beside:
                continue
            for room_id, flag in zip(listed.rooms, listed.flags, strict=True):
                if not flag:
                    shown[room_id] = shown.get(room_id, 0) + 1
        seen = [room_id for room_id, left_ms in user.left_rooms.items() if left_ms >= since_ms]
        self.left = len(seen)
        if settings.passed_over_max:
            seen += [
                room_id
                for room_id, times in shown.items()
                if times >= settings.passed_over_max and room_id not in user.left_rooms
            ]
        self.passed_over = len(seen) - self.left
        return Wish(
            person,
            user.base,
            self.at(person, user, clock_ms),
            list(user.muted_hosts),
            list(user.muted_tags),
            seen,
            shown,
        )
