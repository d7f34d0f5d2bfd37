"""A host whom the user follows goes live."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.push.facts import RoomInfo
from decisions.push.offer import Offer, subject_key, title_of
from decisions.push.triggers.base import Candidate, Scene, Trigger
from events.hashing import hash64


class HostLive(Trigger):
    """Offers the room to all followers of its host, once a broadcast."""

    name = "host_live"

    def went_live(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """Every follower, for as long as the start is news."""
        followers = scene.people.followers.holders(room.host_id)
        if not followers:
            return
        settings, broadcast = scene.settings, scene.live[room.room_id]
        host = scene.names.host(room.host_id)
        key = subject_key(self.name, room.room_id)
        offer = Offer(
            trigger=self.name,
            rank=self.rank,
            key=key,
            subject=hash64(key),
            room=room,
            product_id=None,
            occasion_ms=broadcast.occasion_ms,
            repeat_ms=settings.same_broadcast_ms,
            expires_at_ms=broadcast.began_ms + settings.host_live_ttl_ms,
            day_max=settings.host_live_day_max,
            score=settings.host_live_score,
            uses_profile=False,
            open=True,
            title=title_of(host, room.title),
            reasons=(("followed_host_live", (host or room.host_id,)),),
        )
        for user in followers:
            yield user, offer
