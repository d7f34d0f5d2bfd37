"""The value of a user's tags as product servers read it: weights, and tiles to age them from."""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

import msgspec

from features.ladder import WINDOWS, Weights
from features.user import User

LAYOUT = 1
_encode = msgspec.json.Encoder().encode
_WINDOWS = _encode(WINDOWS)
_TEXTS_MAX = 20_000
"""What is made of tags, and of weights, is kept for so many: both come again from user to user."""


@lru_cache(_TEXTS_MAX)
def _key(tag: str) -> bytes:
    """How the entry of a tag begins."""
    return _encode(tag) + b":"


@lru_cache(_TEXTS_MAX)
def _units(weights: Weights) -> bytes:
    """Units of each window, whole numbers where they are such, which are shorter as JSON."""
    return _encode([weight / 1000 if weight % 1000 else weight // 1000 for weight in weights])


def tags_value(user: User) -> tuple[int, bytes]:
    """Version and JSON of the user's tags, as of their newest signal.

    `weights`: tag to the four windows' units. `tiles`: tag to flat pairs of slot and thousandths;
    a slot is `level * 16 + index % 16` of a tile on the ladder of `features.ladder`.
    """
    version = user.base + user.signals
    weights, tiles = [], []
    for name, tag in user.ladder.tags.items():
        key = _key(name)
        weights.append(key + _units(tag.weights))
        tiles.append(key + _encode(list(chain.from_iterable(sorted(tag.tiles.items())))))
    form = b'{"v":%d,"version":%d,"as_of_ms":%d,"windows":%b,"weights":{%b},"tiles":{%b}}'
    return version, form % (
        LAYOUT,
        version,
        user.ladder.newest_ms,
        _WINDOWS,
        b",".join(weights),
        b",".join(tiles),
    )
