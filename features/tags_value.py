"""The value of a user's tags as product servers read it: weights, and tiles to age them from."""

from __future__ import annotations

import msgspec

from features.ladder import WINDOWS
from features.user import User

LAYOUT = 1
_encode = msgspec.json.Encoder().encode
_WINDOWS = _encode(WINDOWS)


def _units(thousandths: int) -> float:
    """Units, as a whole number where they are one, which is shorter as JSON."""
    whole, part = divmod(thousandths, 1000)
    return thousandths / 1000 if part else whole


def tags_value(user: User) -> tuple[int, bytes]:
    """Version and JSON of the user's tags, as of their newest signal.

    `weights`: tag to the four windows' units. `tiles`: tag to flat pairs of slot and thousandths;
    a slot is `level * 16 + index % 16` of a tile on the ladder of `features.ladder`.
    """
    version = user.base + user.signals
    weights, tiles = {}, {}
    for name, tag in user.ladder.tags.items():
        weights[name] = [_units(weight) for weight in tag.weights]
        tiles[name] = [number for slot in sorted(tag.tiles.items()) for number in slot]
    return version, b'{"v":%d,"version":%d,"as_of_ms":%d,"windows":%b,"weights":%b,"tiles":%b}' % (
        LAYOUT,
        version,
        user.ladder.newest_ms,
        _WINDOWS,
        _encode(weights),
        _encode(tiles),
    )
