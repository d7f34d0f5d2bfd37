"""A product in the user's cart is about to be shown: its room starts soon or has just begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from decisions.push.facts import RoomInfo
from decisions.push.offer import Offer, subject_key, title_of
from decisions.push.settings import PushSettings
from decisions.push.triggers.base import Candidate, Scene, Trigger
from events.hashing import hash64


class CartSoon(Trigger):
    """Offers a room, once a broadcast, for the first of its products that a user's cart holds."""

    name = "cart_soon"

    def instants(self, settings: PushSettings, room: RoomInfo) -> list[int]:
        """One lead before the start."""
        return [room.start_time_ms - settings.cart_soon_lead_ms]

    def due(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """All whose cart holds something of the line-up."""
        if room.start_time_ms - scene.settings.cart_soon_lead_ms == at_ms:
            yield from self._offers(scene, room, room.products, room.start_time_ms, at_ms)

    def went_live(self, scene: Scene, room: RoomInfo, at_ms: int) -> Iterator[Candidate]:
        """All again: those told before the start are told once only."""
        yield from self._offers(
            scene, room, room.products, scene.live[room.room_id].began_ms, at_ms
        )

    def line_up_grew(
        self, scene: Scene, room: RoomInfo, added: tuple[str, ...], at_ms: int
    ) -> Iterator[Candidate]:
        """Those who hold what came late, once the time for the others has passed."""
        broadcast = scene.live.get(room.room_id)
        if broadcast is not None:
            # What is added mid-broadcast is news from now on, however long ago it began.
            yield from self._offers(scene, room, added, at_ms, at_ms)
        elif room.start_time_ms - scene.settings.cart_soon_lead_ms <= at_ms:
            yield from self._offers(scene, room, added, room.start_time_ms, at_ms)

    def _offers(
        self, scene: Scene, room: RoomInfo, products: Sequence[str], from_ms: int, at_ms: int
    ) -> Iterator[Candidate]:
        carts = scene.people.carts
        if not any(map(carts.has, products)):
            return
        settings, broadcast = scene.settings, scene.live.get(room.room_id)
        occasion_ms = room.start_time_ms if broadcast is None else broadcast.occasion_at(at_ms)
        told: set[str] = set()
        key = subject_key(self.name, room.room_id)
        for product_id in products:
            holders = carts.holders(product_id)
            if not holders:
                continue
            product = scene.names.product(product_id)
            offer = Offer(
                trigger=self.name,
                rank=self.rank,
                key=key,
                subject=hash64(key),
                room=room,
                product_id=product_id,
                product_tags=scene.names.product_tags(product_id),
                occasion_ms=occasion_ms,
                repeat_ms=settings.same_broadcast_ms,
                expires_at_ms=from_ms + settings.cart_soon_ttl_ms,
                day_max=settings.cart_soon_day_max,
                score=settings.cart_soon_score,
                uses_profile=True,
                open=True,
                title=title_of(product, room.title),
                reasons=(("cart_product_soon", (product or product_id,)),),
            )
            for user in holders:
                if user not in told:
                    told.add(user)
                    yield user, offer
