"""Ages a user's stored tag weights to now from their tiles, so that silence needs no rewriting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Final

_MINUTE_MS: Final = 60_000
TILE_MS: Final = tuple(minutes * _MINUTE_MS for minutes in (1, 6, 144, 1_008))
WINDOW_MS: Final = tuple(minutes * _MINUTE_MS for minutes in (10, 60, 1_440, 10_080))


def aged(
    tiles: Mapping[str, Sequence[int]], as_of_ms: int, now_ms: int
) -> dict[str, tuple[float, float, float, float]]:
    """Tag to its weights over 10 m, 1 h, 24 h and 7 d at `now_ms`; tags with no tile left are out.

    `tiles` maps a tag to flat pairs of slot and thousandths. A slot is 16 times the level (0 to 3:
    tiles of 1, 6, 144 and 1,008 minutes, aligned to UTC) plus the tile's number modulo 16: a place
    on a ring that ends with the tile of `as_of_ms`. A tile counts in a window while the tile of the
    window's own level around it ends after `now_ms` less the window. Before `as_of_ms` the weights
    are those of `as_of_ms`.

    >>> aged({"tea": [10, 2_500]}, as_of_ms=10 * 60_000, now_ms=19 * 60_000)
    {'tea': (2.5, 2.5, 2.5, 2.5)}
    >>> aged({"tea": [10, 2_500]}, as_of_ms=10 * 60_000, now_ms=21 * 60_000)
    {'tea': (0.0, 2.5, 2.5, 2.5)}
    """
    now_ms = max(now_ms, as_of_ms)
    first: dict[int, int] = {}
    weights = {}
    for tag, flat in tiles.items():
        sums = [0, 0, 0, 0, 0]
        left = 4
        for slot, thousandths in zip(flat[::2], flat[1::2], strict=True):
            window = first.get(slot)
            if window is None:
                window = first[slot] = _first_window(slot, as_of_ms, now_ms)
            sums[window] += thousandths
            left = min(left, window)
        if left < 4:
            a, b, c, d = accumulate(sums[:4])
            weights[tag] = (a / 1000, b / 1000, c / 1000, d / 1000)
    return weights


def _first_window(slot: int, as_of_ms: int, now_ms: int) -> int:
    """The shortest window that still holds the tile, and so do all longer ones; 4 where none."""
    level = slot >> 4
    newest = as_of_ms // TILE_MS[level]
    start_ms = (newest - ((newest - slot) & 15)) * TILE_MS[level]
    for window in range(level, 4):
        end_ms = (start_ms // TILE_MS[window] + 1) * TILE_MS[window]
        if end_ms > now_ms - WINDOW_MS[window]:
            return window
    return 4
