"""A product in the user's cart is being shown right now."""

from __future__ import annotations

from collections.abc import Iterator

from decisions.push.facts import RoomInfo
from decisions.push.offer import Offer, subject_key, title_of
from decisions.push.triggers.base import Candidate, Scene, Trigger
from events.hashing import hash64


class CartOnAir(Trigger):
    """Offers the room to all whose cart holds the product on air, once a broadcast and product."""

    name = "cart_on_air"

    def on_air(
        self, scene: Scene, room: RoomInfo, product_id: str, at_ms: int
    ) -> Iterator[Candidate]:
        """Every holder, for about as long as a product stays on air."""
        holders = scene.people.carts.holders(product_id)
        if not holders:
            return
        settings = scene.settings
        product = scene.names.product(product_id)
        key = subject_key(self.name, room.room_id, product_id)
        offer = Offer(
            trigger=self.name,
            rank=self.rank,
            key=key,
            subject=hash64(key),
            room=room,
            product_id=product_id,
            product_tags=scene.names.product_tags(product_id),
            occasion_ms=scene.live[room.room_id].occasion_at(at_ms),
            repeat_ms=settings.same_broadcast_ms,
            expires_at_ms=at_ms + settings.cart_on_air_ttl_ms,
            day_max=settings.cart_on_air_day_max,
            score=settings.cart_on_air_score,
            uses_profile=True,
            open=True,
            title=title_of(product, room.title),
            reasons=(("cart_product_on_air", (product or product_id,)),),
        )
        for user in holders:
            yield user, offer
