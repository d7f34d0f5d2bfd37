"""A room in which the user reserved a place starts in a day, in two hours, in a quarter of one."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.push.facts import RoomInfo
from decisions.push.offer import Offer, subject_key, title_of
from decisions.push.settings import MINUTE_MS, PushSettings
from decisions.push.triggers.base import Candidate, Scene, Trigger
from events.hashing import hash64


class Reminder(Trigger):
    """Offers each lead once; a new start makes it new only if it moved by the lead or more."""

    name = "reminder"

    def instants(self, settings: PushSettings, room: RoomInfo) -> list[int]:
        """Every lead before the start."""
        return [room.start_time_ms - lead for lead in settings.reminder_leads_ms]

    def due(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """All who have a place now; who takes one later has missed this lead."""
        leads = scene.settings.reminder_leads_ms
        for place, lead_ms in enumerate(leads):
            if room.start_time_ms - lead_ms == at_ms:
                if place + 1 < len(leads):
                    expires_at_ms = room.start_time_ms - leads[place + 1]
                else:
                    expires_at_ms = room.start_time_ms + scene.settings.reminder_ttl_ms
                yield from self._offers(scene, room, lead_ms, expires_at_ms)

    def called_off(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """The next reminder is refused on record; the room is gone and so are the rest."""
        for lead_ms in scene.settings.reminder_leads_ms:
            if room.start_time_ms - lead_ms > at_ms:
                yield from self._offers(scene, room, lead_ms, room.start_time_ms, is_open=False)
                return

    def went_live(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """A room that begins before its last reminder brings that reminder forward."""
        leads = scene.settings.reminder_leads_ms
        if leads and room.start_time_ms - leads[-1] > at_ms:
            yield from self._offers(scene, room, leads[-1], at_ms + scene.settings.reminder_ttl_ms)

    def _offers(
        self,
        scene: Scene,
        room: RoomInfo,
        lead_ms: int,
        expires_at_ms: int,
        is_open: bool = True,
    ) -> Iterator[Candidate]:
        guests = scene.people.reservations.holders(room.room_id)
        if not guests:
            return
        settings = scene.settings
        key = subject_key(self.name, room.room_id, lead_ms=lead_ms)
        offer = Offer(
            trigger=self.name,
            rank=self.rank,
            key=key,
            subject=hash64(key),
            room=room,
            product_id=None,
            occasion_ms=room.start_time_ms,
            repeat_ms=lead_ms,
            expires_at_ms=expires_at_ms,
            day_max=settings.reminder_day_max,
            score=settings.reminder_score,
            uses_profile=False,
            open=is_open,
            title=title_of(scene.names.host(room.host_id), room.title),
            reasons=(("reserved_room_starts", (lead_ms // MINUTE_MS,)),),
        )
        for user in guests:
            yield user, offer
