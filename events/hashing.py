"""Hashes that are the same in every process, on every machine and in every year."""

from __future__ import annotations

import xxhash

_UNIT = 1.0 / (1 << 53)


def hash64(text: str) -> int:
    """A stable 64-bit hash of a text (XXH3; Python's `hash` differs from process to process)."""
    return xxhash.xxh3_64_intdigest(text.encode())


def shard_of(user: str, shards: int) -> int:
    """The shard of a user, in [0, shards)."""
    return xxhash.xxh3_64_intdigest(user.encode()) % shards


def uniform(text: str, seed: int) -> float:
    """A number in [0, 1) that depends on text and seed alone: randomness without a state."""
    return (xxhash.xxh3_64_intdigest(text.encode(), seed) >> 11) * _UNIT
