"""What users say of themselves: consent, zone, mutes, unfollows, and that they be forgotten."""

from __future__ import annotations

from events import kinds
from features.rows import Link, Step
from features.segment_rows import segments_of
from features.shard import Shard
from features.signals import Signals
from features.user import User, remember


class Records:
    """Handles the events by which users, or identity links, change what may be held."""

    def __init__(self, shard: Shard, signals: Signals) -> None:
        self._shard = shard
        self._signals = signals
        self._settings = shard.context.observe

    def unfollow(
        self, event: kinds.Unfollow, person: str, user: User, clock_ms: int, seq: int
    ) -> None:
        """A host is followed no longer."""
        user.follows.pop(event.host_id, None)
        self._shard.views.changed(person)

    def mute(self, event: kinds.Mute, person: str, user: User, clock_ms: int, seq: int) -> None:
        """Nothing of a host, or of a tag, is wanted from now on."""
        if event.host_id is not None:
            remember(user.muted_hosts, event.host_id, event.event_time_ms, self._settings.mutes_max)
        if event.tag is not None:
            remember(user.muted_tags, event.tag, event.event_time_ms, self._settings.mutes_max)
        self._shard.ask(person, user, clock_ms, seq)

    def unmute(self, event: kinds.Unmute, person: str, user: User, clock_ms: int, seq: int) -> None:
        """A mute is taken back."""
        if event.host_id is not None:
            user.muted_hosts.pop(event.host_id, None)
        if event.tag is not None:
            user.muted_tags.pop(event.tag, None)
        self._shard.ask(person, user, clock_ms, seq)

    def user(self, event: kinds.User, person: str, user: User, clock_ms: int, seq: int) -> None:
        """A record: the zone, what it says of the user, and whether a profile may be kept."""
        if event.timezone is not None:
            user.timezone = event.timezone
            self._shard.views.changed(person)
        if event.consent is not None and event.consent.profiling is not None:
            user.profiling = event.consent.profiling
            if not user.profiling:
                self._withdraw(person, user)
        segments = self._shard.context.segments
        if segments is not None and event.attributes is not None and user.profiling:
            user.segments = segments_of(event.attributes, segments)
            self._shard.views.changed(person)

    def _withdraw(self, person: str, user: User) -> None:
        """Without consent nothing that was learnt of the user is kept or shown."""
        blank = User(base=user.base, seen_ms=user.seen_ms, ladder=type(user.ladder)())
        blank.signals, blank.profiling, blank.timezone = user.signals + 1, False, user.timezone
        self._drop(person)
        self._shard.people.put(person, blank)

    def erase(self, event: kinds.Erase, person: str, user: User, clock_ms: int, seq: int) -> None:
        """All that is known goes."""
        self._drop(person)

    def _drop(self, person: str) -> None:
        """Forget all that is held of a person, and what of theirs still waits."""
        shard = self._shard
        shard.people.forget(person)
        shard.views.changed(person)
        shard.changed_tags.pop(person, None)
        shard.out.erased.append(person)
        shard.out.tags = [told for told in shard.out.tags if told[0] != person]
        shard.put_off = [who for who in shard.put_off if who != person]
        self._signals.forget(person)
        shard.timers.forget(person)

    def link(self, event: Link, person: str, user: User, clock_ms: int, seq: int) -> None:
        """An identity turned out to be a person: its own profile ends, its signals are theirs."""
        if not event.ends:
            self._signals.linked(event, person, user, clock_ms, seq)
            return
        self._drop(person)
        gone = kinds.IdentityLink(
            event_id=event.event_id, event_time_ms=event.event_time_ms, user_id=person
        )
        self._shard.out.steps.append(Step(clock_ms, seq, person, None, gone))
