"""Random catalogues of a few rooms, hosts and products, and the storefronts made of them."""

from __future__ import annotations

import random
from typing import Any

from events import kinds
from features.catalogue import Catalogue, CatalogueSettings, Entry
from features.storefront import Storefront, everything, storefront
from tests.line import START_MS, Teller

TAGS = ["tea", "silk", "jade"]
PRODUCTS = ["p0", "p1", "p2", "p3"]
HOSTS = ["h0", "h1", "h2"]


def random_event(dice: random.Random, say: Teller) -> Any:
    at_s, tags = dice.randrange(60), " ".join(dice.sample(TAGS, dice.randrange(4)))
    draw, room_id = dice.random(), f"r{dice.randrange(6)}"
    if draw < 0.2:
        product = say.product(dice.choice(PRODUCTS), tags, 1.0, at_s)
        product.category = dice.choice(["pots", "leaves"])
        return product
    if draw < 0.35:
        fields = {"name": dice.choice([None, "Li"]), "tags": dice.choice([None, tags.split()])}
        return say(kinds.Host, at_s, host_id=dice.choice(HOSTS), **fields)
    if draw < 0.6:
        shown = dice.choice([*PRODUCTS, "unknown", None])
        return say(kinds.OnAir, at_s, room_id=room_id, product_id=shown)
    return say.room(
        *(room_id, tags, at_s),
        host_id=dice.choice(HOSTS),
        status=dice.choice(["live", "scheduled", "ended"]),
        start_time_ms=START_MS + dice.randrange(3) * 1000,
        products=dice.sample(PRODUCTS, dice.randrange(3)),
    )


def told_catalogue(seed: int, events: int) -> Catalogue:
    dice, say = random.Random(seed), Teller()
    catalogue = Catalogue(CatalogueSettings(ended_rooms_max=2, versions_max=2))
    for seq in range(1, events + 1):
        catalogue.apply(Entry(seq, START_MS + seq * 1000, random_event(dice, say)))
    return catalogue


def anew(catalogue: Catalogue, seq: int) -> Storefront:
    return storefront(Storefront(), catalogue, seq, everything(catalogue))
