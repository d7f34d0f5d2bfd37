"""IDENTITY: whom the events of a device or a nickname count for, before and after they are linked.

Until a link comes they count under the identity's own name, and its last signals are kept. A
link hands those to the user once, in (time, event id) order, ends the identity's own profile,
and sends later events straight to the user.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from events import kinds
from events.envelope import seal, unseal
from events.hashing import hash64
from events.kinds import Event, person_of
from events.setting import setting
from features.dedupe import Dedupe
from features.rows import Link, Row, Rows

_KIND = b"LLID"
_VERSION = 2
_HOUR_MS = 3_600_000


@dataclass(frozen=True)
class IdentitySettings:
    """What is kept of identities that have no user yet."""

    signals_max: int = setting(
        200, "signals an identity", "A long first visit; the oldest leave first."
    )
    keep_s: int = setting(86_400, "s", "Who signs up does so within a day, or starts afresh.")
    identities_max: int = setting(
        100_000, "identities", "Unlinked identities with signals; the longest silent leave first."
    )
    links_max: int = setting(
        1_000_000, "links", "Known links; the oldest leave first and start over as strangers."
    )
    confidence_min: float = setting(
        0.8,
        "probability",
        "A link less sure than this is not made; one without a figure is sure.",
        most=1,
    )
    dedupe_s: int = setting(120, "s of watermark", "As for users: a repeated event counts once.")


class Identity:
    """The links and what waits for one."""

    def __init__(
        self, settings: IdentitySettings, weighing: frozenset[type], lateness_ms: int
    ) -> None:
        self.settings = settings
        self.counts = {"links": 0, "unsure_links": 0, "identity_duplicates": 0, "dropped": 0}
        self._weighing = weighing
        self._dedupe = Dedupe(settings.dedupe_s + lateness_ms // 1000)
        self._links: dict[str, str] = {}
        self._held: dict[str, list[Event]] = {}
        self._swept_ms = 0

    def apply(self, rows: Rows) -> Rows:
        """The same round with each row under the name it counts for, links among them."""
        resolved = Rows(rows.shard, rows.round, rows.clock_ms, rows.seq, False, rows.done)
        out = resolved.rows
        for row in rows.rows:
            event, _, number, key, clock_ms, seq = row
            if clock_ms - self._swept_ms >= _HOUR_MS:
                self._let_go(clock_ms)
            if not self._dedupe.is_new(key, clock_ms // 1000):
                self.counts["identity_duplicates"] += 1
                continue
            if isinstance(event, kinds.IdentityLink):
                out.extend(self._link(event, number, clock_ms, seq))
                continue
            if isinstance(event, kinds.Erase):
                out.append(row)
                for gone in self._forget(event.user_id):
                    of_it = hash64(f"erase {event.event_id} {gone}")
                    out.append((event, gone, number, of_it, clock_ms, seq))
                continue
            subject = person_of(event) or ""  # type: ignore[arg-type]
            user = self._links.get(subject)
            if user is None:
                if type(event) in self._weighing:
                    self._hold(subject, event)  # type: ignore[arg-type]
                user = subject
            out.append((event, user, number, key, clock_ms, seq))
        self._dedupe.sweep(rows.clock_ms // 1000)
        return resolved

    def _hold(self, subject: str, event: Event) -> None:
        held = self._held.pop(subject, [])
        held.append(event)
        if len(held) > self.settings.signals_max:
            del held[0]
            self.counts["dropped"] += 1
        self._held[subject] = held
        if len(self._held) > self.settings.identities_max:
            del self._held[next(iter(self._held))]
            self.counts["dropped"] += 1

    def _let_go(self, clock_ms: int) -> None:
        """Nothing is held for longer than a link could bring it back, give or take an hour."""
        self._swept_ms = clock_ms - clock_ms % _HOUR_MS
        since_ms = clock_ms - self.settings.keep_s * 1000
        for subject, held in list(self._held.items()):
            fresh = [event for event in held if event.event_time_ms >= since_ms]
            if not fresh:
                del self._held[subject]
            elif len(fresh) < len(held):
                self._held[subject] = fresh

    def _link(self, event: kinds.IdentityLink, number: int, clock_ms: int, seq: int) -> list[Row]:
        if event.confidence is not None and event.confidence < self.settings.confidence_min:
            self.counts["unsure_links"] += 1
            return []
        if event.device_id is not None:
            subject = f"device:{event.device_id}"
        else:
            subject = f"nick:{event.platform}/{event.nickname}"
        already = self._links.pop(subject, None)
        self._links[subject] = event.user_id
        if len(self._links) > self.settings.links_max:
            del self._links[next(iter(self._links))]
            self.counts["dropped"] += 1
        if already == event.user_id:
            return []
        self.counts["links"] += 1
        since_ms = event.event_time_ms - self.settings.keep_s * 1000
        signals = [held for held in self._held.pop(subject, []) if held.event_time_ms >= since_ms]
        signals.sort(key=lambda held: (held.event_time_ms, held.event_id))
        id_, at_ms = event.event_id, event.event_time_ms
        begins, ends = Link(id_, at_ms, signals), Link(id_, at_ms, [], True)
        return [
            (begins, event.user_id, number, hash64(f"link {id_}"), clock_ms, seq),
            (ends, subject, number, hash64(f"end {id_}"), clock_ms, seq),
        ]

    def _forget(self, user_id: str) -> list[str]:
        """An erased user's links go too; the identities that were theirs, to be erased as well."""
        gone = [subject for subject, user in self._links.items() if user == user_id]
        for subject in gone:
            del self._links[subject]
            self._held.pop(subject, None)
        return sorted(gone)

    def snapshot(self) -> bytes:
        """The whole state as versioned bytes."""
        state = (self.counts, self._dedupe.snapshot(), self._links, self._held, self._swept_ms)
        return seal(_KIND, _VERSION, msgspec.msgpack.encode(state))

    def restore(self, packed: bytes) -> None:
        """Take the state of a snapshot; StateError where it cannot be read."""
        state = _STATE.decode(unseal(_KIND, _VERSION, packed, "IDENTITY"))
        self.counts, seen, self._links, self._held, self._swept_ms = state
        self._dedupe.restore(seen)


_STATE = msgspec.msgpack.Decoder(
    tuple[dict[str, int], tuple[bytes, bytes], dict[str, str], dict[str, list[Event]], int]
)
