"""How well the lists beside the slate were aimed: who then did something about what was listed.

A list counts as hit if its user did something about one of its items within the horizon after it:
followed a host, reserved a room to come or came to one reserved, or clicked, viewed, put in the
cart or ordered a product. An act counts as found if its item stood in the newest list that its
user had by then, made within the horizon. What a list did not show was hardly acted upon because
of it, so both are floors, to be compared between policies. Judge: tests/evaluation/test_offers.py.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from decisions.judged_more import Acted, Offered
from evaluation.arrays import Floats

SORTS = ("previews", "products", "hosts")
HORIZON_MS = 1_800_000


def offer_sums(
    users: Sequence[str], offers: Sequence[Offered], acts: Sequence[Acted]
) -> dict[str, tuple[Floats, Floats]]:
    """Over users: hits and lists (`hr`), acts found and acts of those with a list (`recall`).

    Lists without an item of a sort do not count for it; an act at the very clock of a list came
    before it. Time: O(n log n) and the acts within the horizon of each list.
    """
    number = {user: place for place, user in enumerate(users)}
    made = {
        f"more.{sort}.{figure}": (np.zeros(len(users)), np.zeros(len(users)))
        for sort in SORTS
        for figure in ("hr", "recall")
    }
    acts_of: defaultdict[tuple[str, str], list[Acted]] = defaultdict(list)
    for act in sorted(acts, key=lambda act: act.at_ms):
        acts_of[act.user_id, act.sort].append(act)
    offers_of: defaultdict[str, list[Offered]] = defaultdict(list)
    for offer in sorted(offers, key=lambda offer: offer.at_ms):
        offers_of[offer.user_id].append(offer)
    for user, own in offers_of.items():
        for sort in SORTS:
            did = acts_of.get((user, sort), [])
            for figure, (above, below) in zip(
                ("hr", "recall"), (_hits(own, did, sort), _found(own, did, sort)), strict=True
            ):
                sums = made[f"more.{sort}.{figure}"]
                sums[0][number[user]] += above
                sums[1][number[user]] += below
    return made


def _hits(offers: Sequence[Offered], acts: Sequence[Acted], sort: str) -> tuple[int, int]:
    times = [act.at_ms for act in acts]
    hits = lists = 0
    for offer in offers:
        listed: list[str] = getattr(offer, sort)
        if listed:
            lists += 1
            after = bisect_right(times, offer.at_ms)
            until = bisect_right(times, offer.at_ms + HORIZON_MS)
            hits += any(act.name in listed for act in acts[after:until])
    return hits, lists


def _found(offers: Sequence[Offered], acts: Sequence[Acted], sort: str) -> tuple[int, int]:
    times = [offer.at_ms for offer in offers]
    found = asked = 0
    for act in acts:
        newest = bisect_left(times, act.at_ms) - 1
        if newest >= 0 and act.at_ms - times[newest] <= HORIZON_MS:
            asked += 1
            found += act.name in getattr(offers[newest], sort)
    return found, asked
