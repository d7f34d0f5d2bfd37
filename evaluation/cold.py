"""Cold start, measured by itself: users, rooms, hosts and products of whom nothing was known yet.

A user is cold who has not engaged with anything, a room, host or product that nobody has engaged
with, as far as the log could know by the moment of the list. For the engagements with lists so made
it is asked how many of their rooms stood in the first ten of the list that the policy would have
served, newcomers raised, varied and explored as it is; for acts on products how many stood in the
user's newest list beside the slate (`evaluation.offers`). The same of all others stands beside it.
What was never shown could not be engaged with, so all are floors. Judge: `naive` in
tests/evaluation/test_cold.py. Time: O(items * log items).
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

import numpy as np

from decisions.judged_more import Offered
from evaluation.arrays import Floats
from evaluation.beyond import PLACES
from evaluation.journal import Journal
from evaluation.offers import HORIZON_MS

_RECALL = {"users": "recall@10", "rooms": "recall@10", "hosts": "recall@10", "products": "recall"}
SORTS = tuple(_RECALL)
Sums = dict[str, tuple[Floats, Floats]]


def cold_sums(journal: Journal) -> Sums:
    """Over users, for each sort: engagements whose item was found, and all; cold and known ones."""
    users = len(journal.users)
    made = {
        f"{state}.{sort}.{_RECALL[sort]}": (np.zeros(users), np.zeros(users))
        for sort in SORTS
        for state in ("cold", "known")
    }
    _rooms(journal, made)
    _products(journal, made)
    return made


def _count(made: Sums, sort: str, is_known: bool, user: int, found: bool) -> None:
    above, below = made[f"{'known' if is_known else 'cold'}.{sort}.{_RECALL[sort]}"]
    above[user] += found
    below[user] += 1.0


def _rooms(journal: Journal, made: Sums) -> None:
    lists, host = journal.lists, journal.rooms.host
    owner, came = lists.user[lists.list_of], np.flatnonzero(lists.engaged)
    came = came[np.argsort(lists.known_ms[came], kind="stable")]
    known: set[tuple[str, int]] = set()
    gone = 0
    for place, now_ms in enumerate(lists.shown_ms.tolist()):
        while gone < len(came) and lists.known_ms[came[gone]] <= now_ms:
            room = int(lists.room[came[gone]])
            known |= {("users", int(owner[came[gone]])), ("rooms", room)}
            known.add(("hosts", int(host[room])))
            gone += 1
        served = set(lists.slate[place, :PLACES].tolist())
        user = int(lists.user[place])
        items = np.arange(lists.start[place], lists.start[place + 1])
        # Rooms that were not live could not be served.
        for item in items[(lists.engaged[items] == 1) & (lists.rank[items] >= 0)]:
            room = int(lists.room[item])
            for sort, name in (("users", user), ("rooms", room), ("hosts", int(host[room]))):
                _count(made, sort, (sort, name) in known, user, room in served)


def _products(journal: Journal, made: Sums) -> None:
    number = {user: place for place, user in enumerate(journal.users)}
    offers: defaultdict[str, list[Offered]] = defaultdict(list)
    for offer in sorted(journal.offers, key=lambda offer: offer.at_ms):
        offers[offer.user_id].append(offer)
    acts = [act for act in journal.acts if act.sort == "products"]
    first_ms: dict[str, int] = {}
    for act in acts:
        first_ms[act.name] = min(act.at_ms, first_ms.get(act.name, act.at_ms))
    for act in acts:
        own = offers.get(act.user_id, [])
        newest = bisect_left([offer.at_ms for offer in own], act.at_ms) - 1
        if newest >= 0 and act.at_ms - own[newest].at_ms <= HORIZON_MS:
            is_known, listed = first_ms[act.name] < own[newest].at_ms, own[newest].products
            _count(made, "products", is_known, number[act.user_id], act.name in listed)
