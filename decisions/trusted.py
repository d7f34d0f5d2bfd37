"""Where several rooms present one product, that of a host whom the user trusts comes first.

The rooms share out the ranks that they have among them: first those of hosts whom the user follows
or trusts, the most trusted before the others, then the rest. No other room moves. Judge: `naive` in
tests/decisions/test_trusted.py. Time: O(the user's hosts, and rooms of what these present).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from decisions.board import Board, LiveRooms
from features.vector import View

Vector = NDArray[np.float64]


def favour(
    by: Vector, view: View, board: Board, live: LiveRooms, trusted_min: float, least: float
) -> tuple[Vector, dict[int, str]]:
    """What rooms are ranked by, changed so; and the places that have won by it, with their hosts.

    `trusted_min` is in (0, 1], as `View.hosts` is; who is followed is trusted more than who is
    not. Rooms that rank below `least` stay where they are.
    """
    trust = {host: value for host, value in view.hosts.items() if value >= trusted_min}
    for host in view.follows:
        trust[host] = 1.0 + view.hosts.get(host, 0.0)
    air = board.air
    if air is None or not trust:
        return by, {}
    known: dict[int, str] = {}
    products: dict[str, None] = {}
    for host in trust:
        for place in live.places_of(host):
            product = air.products[live.numbers[place]]
            if product is not None and air.rivals(product):
                known[place] = host
                products[product] = None
    made, won = by, {}
    for product in products:
        places = [place for place in air.rivals(product) if by[place] >= least]
        ranks = sorted((float(by[place]) for place in places), reverse=True)
        places.sort(
            key=lambda place: (-trust.get(known.get(place, ""), 0.0), -float(by[place]), place)
        )
        for place, rank in zip(places, ranks, strict=True):
            if rank > by[place] and place in known:
                won[place] = known[place]
        if won:
            made = by.copy() if made is by else made
            made[places] = ranks
    return made, won
