"""One ladder of tiles holds what a user did, exact for four sliding windows at once.

A tile of level l covers SIZES_MIN[l] minutes, aligned to UTC, and every window is ten of its
tiles long. A tile belongs to a window while its end lies after `t - window`, so at most eleven
tiles of a level are alive. Since each size divides the next, a tile that leaves the finest
window is poured into the tile of the next level that encloses it, and nothing is lost or
counted twice.

Order: any (late signals land on the level where they would rest by now). Law: the state is a
function of the multiset of signals and of the newest time. Time: O(1) a signal, O(tiles) when
a tile leaves its level. Space: at most 44 tiles a tag. Judge: `tests/features/test_ladder.py`.
The idea of panes shared by several windows: Li et al., "No Pane, No Gain", SIGMOD Record 2005.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

WINDOWS = ("10m", "1h", "24h", "7d")
SIZES_MIN = (1, 6, 144, 1008)
LEVELS = len(SIZES_MIN)
SIZES_MS = tuple(size * 60_000 for size in SIZES_MIN)
_TILES_ALIVE = 11
_NEVER = 1 << 62


Weights = tuple[int, int, int, int]
"""Thousandths in each window, shortest first."""


class Tag(msgspec.Struct, array_like=True, gc=False):
    """The signals of one tag: weights as of the newest signal, and tiles by slot.

    A slot is `level * 16 + index % 16`. All amounts are whole thousandths, so that a sum does not
    depend on its order.
    """

    weights: Weights
    tiles: dict[int, int]


class Ladder(msgspec.Struct, array_like=True, gc=False):
    """All tags of one user; `newest_ms` is the newest signal, `roll_ms` when a tile moves next."""

    newest_ms: int = 0
    roll_ms: int = _NEVER
    tags: dict[str, Tag] = {}

    def add(self, time_ms: int, tags: Iterable[str], thousandths: int) -> bool:
        """Count a signal for each tag; False when it lies before the longest window."""
        if time_ms > self.newest_ms:
            if time_ms >= self.roll_ms:
                self._roll(time_ms)
            self.newest_ms = time_ms
            level, index = 0, time_ms // 60_000
        else:
            for level, size_ms in enumerate(SIZES_MS):  # noqa: B007 the level found is used below
                index = time_ms // size_ms
                if self.newest_ms // size_ms - index < _TILES_ALIVE:
                    break
            else:
                return False
        leaves_ms = (index + _TILES_ALIVE) * SIZES_MS[level]
        if leaves_ms < self.roll_ms:
            self.roll_ms = leaves_ms
        if not thousandths:
            return True
        slot = level << 4 | index & 15
        own = self.tags
        for name in tags:
            tag = own.get(name)
            if tag is None:
                tag = own[name] = Tag((0, 0, 0, 0), {})
            _pour(tag, level, slot, thousandths)
            if not tag.tiles:
                del own[name]
        return True

    def _roll(self, time_ms: int) -> None:
        """Move every tile that has left its level by `time_ms` to where it rests then."""
        was_ms = self.newest_ms
        now = [time_ms // size_ms for size_ms in SIZES_MS]
        was = [was_ms // size_ms for size_ms in SIZES_MS]
        roll_ms = _NEVER
        gone = []
        for name, tag in self.tags.items():
            # From the coarsest level down: a slot is free before a finer tile is poured into it.
            for slot in sorted(tag.tiles, reverse=True):
                level = slot >> 4
                index = was[level] - (was[level] - slot & 15)
                if now[level] - index >= _TILES_ALIVE:
                    amount = tag.tiles[slot]
                    _pour(tag, level, slot, -amount)
                    while now[level] - index >= _TILES_ALIVE:
                        if level == LEVELS - 1:
                            break
                        level += 1
                        index = index * SIZES_MIN[level - 1] // SIZES_MIN[level]
                    else:
                        _pour(tag, level, level << 4 | index & 15, amount)
                        roll_ms = min(roll_ms, (index + _TILES_ALIVE) * SIZES_MS[level])
                else:
                    roll_ms = min(roll_ms, (index + _TILES_ALIVE) * SIZES_MS[level])
            if not tag.tiles:
                gone.append(name)
        for name in gone:
            del self.tags[name]
        self.roll_ms = roll_ms

    def weights_at(self, time_ms: int) -> dict[str, Weights]:
        """Thousandths a tag and window at a time not before the newest signal; changes nothing."""
        if time_ms < self.roll_ms:
            return {name: tag.weights for name, tag in self.tags.items()}
        was = [self.newest_ms // size_ms for size_ms in SIZES_MS]
        now = [time_ms // size_ms for size_ms in SIZES_MS]
        aged = {}
        for name, tag in self.tags.items():
            totals = [0, 0, 0, 0]
            for slot, amount in tag.tiles.items():
                level = slot >> 4
                start_min = (was[level] - (was[level] - slot & 15)) * SIZES_MIN[level]
                for window in range(level, LEVELS):
                    if now[window] - start_min // SIZES_MIN[window] < _TILES_ALIVE:
                        totals[window] += amount
            if any(totals):
                aged[name] = (totals[0], totals[1], totals[2], totals[3])
        return aged

    def drop_weakest(self, tags_max: int) -> int:
        """Forget the tags with the least absolute weight beyond `tags_max`; how many went."""
        excess = len(self.tags) - tags_max
        if excess <= 0:
            return 0
        weakest = sorted(self.tags.items(), key=lambda item: (abs(item[1].weights[3]), item[0]))
        for name, _ in weakest[:excess]:
            del self.tags[name]
        return excess


def _pour(tag: Tag, level: int, slot: int, amount: int) -> None:
    """Add to one tile and to the windows that hold its level; an empty tile is not kept."""
    total = tag.tiles.get(slot, 0) + amount
    if total:
        tag.tiles[slot] = total
    else:
        del tag.tiles[slot]
    w0, w1, w2, w3 = tag.weights
    if level == 0:
        tag.weights = (w0 + amount, w1 + amount, w2 + amount, w3 + amount)
    elif level == 1:
        tag.weights = (w0, w1 + amount, w2 + amount, w3 + amount)
    elif level == 2:
        tag.weights = (w0, w1, w2 + amount, w3 + amount)
    else:
        tag.weights = (w0, w1, w2, w3 + amount)
