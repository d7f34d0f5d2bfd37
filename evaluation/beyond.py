"""What lists do beside hitting: how far they reach, how varied they are, how deep in a bubble.

All figures are of the first places of the slate that the policy would have served when a list was
shown. What a user has met is counted from the log up to that moment, so it is the same for every
policy, and nothing later is seen. Time: O(lists x places squared).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from evaluation.arrays import Floats
from evaluation.journal import Journal, RoomTable
from evaluation.live import LiveRooms

PLACES = 10
NAMES = (
    "exploration",
    "novelty_bits",
    "diversity",
    "new_rooms",
    "new_hosts",
    "bubble",
    "known_tags",
)


def slate_figures(journal: Journal) -> dict[str, Floats]:
    """Each of NAMES for each list; NaN where the slate was empty or the figure has no meaning.

    - `exploration`: share of slots that exploration drew.
    - `novelty_bits`: mean of -log2 of a room's share of all impressions so far, one added to each
      room (Zhou et al., PNAS 107(10), 2010; Vargas and Castells, RecSys 2011).
    - `diversity`: mean of 1 - Jaccard of the tags of each pair (Smyth and McClave, ICCBR 2001;
      Ziegler et al., WWW 2005).
    - `new_rooms`: share of slots with a room that the user was never shown; `new_hosts`: with a
      host none of whose rooms the user has engaged with.
    - `bubble`: 1 - H(tags of the slate) / H(tags of the live rooms), H in bits (Shannon): 0 where
      a slate is as mixed as the platform, 1 where it has one tag (as Jost, Oikos 113(2), 2006,
      reads entropy as diversity).
    - `known_tags`: share of slots with a tag that the user has engaged with, for those who have.
    """
    lists, rooms = journal.lists, journal.rooms
    found = {name: np.full(len(lists), np.nan) for name in NAMES}
    seen = _Seen(rooms)
    for place in range(len(lists)):
        user, now_ms = int(lists.user[place]), int(lists.shown_ms[place])
        slate = [room for room in lists.slate[place, :PLACES].tolist() if room >= 0]
        seen.advance(now_ms)
        if slate:
            found["exploration"][place] = lists.explored[place, : len(slate)].mean()
            for name, value in seen.figures(user, slate).items():
                found[name][place] = value
        begin, end = lists.start[place], lists.start[place + 1]
        seen.show(user, lists.room[begin:end].tolist(), lists.engaged[begin:end].tolist())
    return found


def coverage(journal: Journal) -> dict[str, float]:
    """How widely all slates together spread.

    `rooms` and `hosts`: share of those ever live that stood in any slate; `gini_hosts`: the Gini
    coefficient of the slots that hosts got, 0 where all got the same (Fleder and Hosanagar,
    Management Science 55(5), 2009). NaN where nothing was live.
    """
    rooms = journal.rooms
    live = np.array(sorted({room for _, room, is_live in rooms.changes if is_live}), dtype=np.int64)
    slots = journal.lists.slate[:, :PLACES]
    served = np.bincount(slots[slots >= 0], minlength=len(rooms.ids))[live]
    if len(live) == 0:
        return dict.fromkeys(("rooms", "hosts", "gini_hosts"), float("nan"))
    by_host = np.bincount(rooms.host[live], served)[np.unique(rooms.host[live])]
    return {
        "rooms": float((served > 0).mean()),
        "hosts": float((by_host > 0).mean()),
        "gini_hosts": gini(by_host.astype(np.float64)),
    }


def gini(amounts: Floats) -> float:
    """The Gini coefficient: 0 where all have the same, towards 1 where one has everything.

    >>> gini(np.array([1.0, 1.0, 1.0, 1.0]))
    0.0
    """
    total, count = float(amounts.sum()), len(amounts)
    if total <= 0.0:
        return float("nan")
    ranks = np.arange(1, count + 1)
    return float((2 * ranks - count - 1) @ np.sort(amounts)) / (count * total)


class _Seen:
    """What the log had shown up to a moment, and which rooms were live."""

    def __init__(self, rooms: RoomTable) -> None:
        self._rooms = rooms
        self._live = LiveRooms(rooms.changes)
        self._live_entropy = 0.0
        self._stale = True
        self._impressions = [1] * len(rooms.ids)
        self._total = len(rooms.ids)
        self._shown: defaultdict[int, set[int]] = defaultdict(set)
        self._hosts: defaultdict[int, set[int]] = defaultdict(set)
        self._tags: defaultdict[int, int] = defaultdict(int)
        self._of = [_bits(mask) for mask in rooms.tags]

    def advance(self, now_ms: int) -> None:
        """Let the catalogue's changes up to a time take effect."""
        for _ in self._live.advance(now_ms):
            self._stale = True

    def show(self, user: int, shown: Sequence[int], engaged: Sequence[int]) -> None:
        """Take note of a list; what was engaged with is known by the user's next one."""
        for room, did in zip(shown, engaged, strict=True):
            self._impressions[room] += 1
            if did:
                self._hosts[user].add(int(self._rooms.host[room]))
                self._tags[user] |= self._rooms.tags[room]
        self._total += len(shown)
        self._shown[user].update(shown)

    def figures(self, user: int, slate: Sequence[int]) -> dict[str, float]:
        """All of NAMES but the share of exploration."""
        count, host = len(slate), self._rooms.host
        shown, hosts, known = self._shown[user], self._hosts[user], self._tags[user]
        masks = [self._rooms.tags[room] for room in slate]
        bits = sum(math.log2(self._total / self._impressions[room]) for room in slate)
        made = {
            "novelty_bits": bits / count,
            "new_rooms": sum(room not in shown for room in slate) / count,
            "new_hosts": sum(int(host[room]) not in hosts for room in slate) / count,
        }
        if count > 1:
            made["diversity"] = _diversity(masks)
        if known:
            made["known_tags"] = sum(mask & known != 0 for mask in masks) / count
        if self._stale:
            self._stale = False
            self._live_entropy = entropy_bits(
                tag for room in self._live.rooms for tag in self._of[room]
            )
        if self._live_entropy > 0.0:
            own = entropy_bits(tag for room in slate for tag in self._of[room])
            made["bubble"] = 1.0 - own / self._live_entropy
        return made


def _diversity(masks: Sequence[int]) -> float:
    alike = 0.0
    for place, mask in enumerate(masks):
        for other in masks[place + 1 :]:
            either = (mask | other).bit_count()
            if either:
                alike += (mask & other).bit_count() / either
    return 1.0 - alike / (len(masks) * (len(masks) - 1) / 2)


def entropy_bits(tags: Iterable[int]) -> float:
    """Shannon entropy of how often each tag comes, in bits.

    >>> entropy_bits([1, 2, 1, 2])
    1.0
    """
    counts = Counter(tags).values()
    total = sum(counts)
    return -sum(count / total * math.log2(count / total) for count in counts) if total else 0.0


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        lowest = mask & -mask
        found.append(lowest.bit_length() - 1)
        mask ^= lowest
    return found
