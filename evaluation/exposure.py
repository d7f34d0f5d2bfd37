"""Exposure by host size: what the first places give to small, middle and large hosts.

A host is as large as the audience that they had had by then: how many different users had engaged
with a room of theirs, as far as the log could know. Among the hosts that are live at that moment
the half with the smallest audiences is small, the tenth with the largest is large; who has as much
as the last small one is small too, so that in a log that has just begun everybody is. Exposure is
what a place is looked at: 1 / log2(place + 1), as of NDCG (Singh and Joachims, KDD 2018), over all
places of a list 1. Divided by the share of live rooms that are such hosts', 1 is as much as
their rooms are, below 1 less. Judge: tests/evaluation/test_exposure.py counts anew for every list.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from evaluation.arrays import Floats, Ints, counts, totals
from evaluation.beyond import PLACES
from evaluation.journal import Journal
from evaluation.live import Change, LiveRooms

SIZES = ("small", "middle", "large")
_SMALL_SHARE, _LARGE_SHARE = 0.5, 0.1
_LOOKED_AT = 1.0 / np.log2(np.arange(2, PLACES + 2))

Shares = tuple[Floats, Floats]
"""By list and size, shape (n, 3): the share of exposure, and that of live rooms; NaN where a list
was empty or nobody was live."""


class LiveHosts:
    """Who is live, and how large they are beside each other. Time: O(hosts) a list."""

    def __init__(self, host: Ints, changes: Sequence[Change]) -> None:
        """`host` is that of each room; -1 where it is not known."""
        count = int(host.max(initial=-1)) + 1
        self._host = host
        self._rooms = np.zeros(count, dtype=np.int64)
        self._audience = np.zeros(count, dtype=np.int64)
        self._live = LiveRooms(changes)
        self._sizes: Ints | None = None

    def advance(self, now_ms: int) -> None:
        """Let rooms begin and end up to a time."""
        for room, is_live in self._live.advance(now_ms):
            host = int(self._host[room])
            if host >= 0:
                self._rooms[host] += 1 if is_live else -1
                self._sizes = None

    def gain(self, host: int, people: int = 1) -> None:
        """A host's audience has grown by so many."""
        self._audience[host] += people
        self._sizes = None

    def exposure(self, rooms: Sequence[int]) -> tuple[Floats, Floats] | None:
        """The shares of a list of rooms, best first, by size, each of shape (3,)."""
        hosts = self._host[np.array(rooms[:PLACES], dtype=np.int64)]
        known = hosts >= 0
        if not self._rooms.any() or not known.any():
            return None
        if self._sizes is None:
            self._sizes = sizes(self._audience, self._rooms)
        given = np.bincount(self._sizes[hosts[known]], _LOOKED_AT[: len(hosts)][known], len(SIZES))
        there = np.bincount(self._sizes, self._rooms, len(SIZES))
        return given / given.sum(), there / there.sum()


def sizes(audience: Ints, rooms: Ints) -> Ints:
    """The place in SIZES of each host, by audience among those who have live rooms.

    >>> sizes(np.array([9, 0, 2, 3, 7]), np.array([1, 1, 1, 1, 0])).tolist()
    [1, 0, 0, 1, 1]
    """
    held = np.sort(audience[rooms > 0])
    if not len(held):
        return np.zeros(len(audience), dtype=np.int64)
    small = held[math.ceil(_SMALL_SHARE * len(held)) - 1]
    large = held[len(held) - 1 - math.floor(_LARGE_SHARE * len(held))]
    found: Ints = (audience > small).astype(np.int64) + (audience > large)
    return found


def exposure_of(journal: Journal) -> Shares:
    """What the policy's slates would have given, list by list, as of the moment of each.

    Audiences are those of the log, so they are the same for every policy over it. An engagement
    counts from when its label was known.
    """
    lists, rooms = journal.lists, journal.rooms
    live = LiveHosts(rooms.host, rooms.changes)
    owner, came = lists.user[lists.list_of], np.flatnonzero(lists.engaged)
    came = came[np.argsort(lists.known_ms[came], kind="stable")]
    gone = 0
    met: set[tuple[int, int]] = set()
    found = []
    for place, now_ms in enumerate(lists.shown_ms.tolist()):
        live.advance(now_ms)
        while gone < len(came) and lists.known_ms[came[gone]] <= now_ms:
            item = came[gone]
            pair = int(owner[item]), int(rooms.host[lists.room[item]])
            if pair[1] >= 0 and pair not in met:
                met.add(pair)
                live.gain(pair[1])
            gone += 1
        found.append(live.exposure([room for room in lists.slate[place].tolist() if room >= 0]))
    return stacked(found)


def stacked(found: Iterable[tuple[Floats, Floats] | None]) -> Shares:
    """Lists' shares as two arrays."""
    empty = np.full((2, len(SIZES)), np.nan)
    rows = [empty if one is None else one for one in found]
    given, there = np.array(rows, dtype=np.float64).reshape(-1, 2, len(SIZES)).swapaxes(0, 1)
    return given, there


def exposure_sums(user: Ints, shares: Shares, users: int) -> dict[str, tuple[Floats, Floats]]:
    """By host size, over users: exposure beside the share of live rooms, and its share of all."""
    made = {}
    for size, given, there in zip(SIZES, shares[0].T, shares[1].T, strict=True):
        known = np.isfinite(given)
        above = totals(user[known], given[known], users)
        made[f"exposure.{size}"] = above, totals(user[known], there[known], users)
        made[f"exposure_share.{size}"] = above, counts(user[known], users)
    return made
