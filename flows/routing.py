"""Names that the engine routes where they should go.

The engine sends a key to worker `SipHash-1-3(key, 0xFF) mod workers` with a zero secret. Shard
names are chosen so that 1, 2, 3, 4, 6 and 12 workers get equally many, and worker names so that
each reaches one known worker. SipHash: Aumasson and Bernstein, INDOCRYPT 2012.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import count

LEARN = "learn"
"""The key of all that is learnt."""

_MASK = (1 << 64) - 1
_EVEN = 12


def _rounds(v: list[int], times: int) -> None:
    for _ in range(times):
        v[0] = v[0] + v[1] & _MASK
        v[1] = (v[1] << 13 | v[1] >> 51) & _MASK ^ v[0]
        v[0] = (v[0] << 32 | v[0] >> 32) & _MASK
        v[2] = v[2] + v[3] & _MASK
        v[3] = (v[3] << 16 | v[3] >> 48) & _MASK ^ v[2]
        v[0] = v[0] + v[3] & _MASK
        v[3] = (v[3] << 21 | v[3] >> 43) & _MASK ^ v[0]
        v[2] = v[2] + v[1] & _MASK
        v[1] = (v[1] << 17 | v[1] >> 47) & _MASK ^ v[2]
        v[2] = (v[2] << 32 | v[2] >> 32) & _MASK


def siphash13(data: bytes) -> int:
    """SipHash-1-3 of the bytes under a zero key, as an unsigned 64-bit number."""
    v = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]
    whole = len(data) - len(data) % 8
    last = len(data) << 56 & _MASK | int.from_bytes(data[whole:], "little")
    words = [int.from_bytes(data[i : i + 8], "little") for i in range(0, whole, 8)]
    for word in (*words, last):
        v[3] ^= word
        _rounds(v, 1)
        v[0] ^= word
    v[2] ^= 0xFF
    _rounds(v, 3)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def place_of(key: str) -> int:
    """A number whose remainder by the number of workers is the worker that has a key."""
    return siphash13(key.encode() + b"\xff")


def worker_of(key: str, workers: int) -> int:
    """The worker to which the engine sends a key."""
    return place_of(key) % workers


known_place_of = lru_cache(maxsize=4_096)(place_of)
"""The same, for keys that are asked for again and again."""


def shard_names(shards: int) -> list[str]:
    """A name for each shard, spread evenly over the workers."""
    return [_name(f"shard-{shard:03d}", shard % _EVEN, _EVEN) for shard in range(shards)]


def worker_names(workers: int) -> list[str]:
    """For each worker a key that reaches it."""
    return [_name(f"worker-{worker:03d}", worker, workers) for worker in range(workers)]


def _name(stem: str, remainder: int, modulus: int) -> str:
    for attempt in count():
        name = f"{stem}-{attempt}"
        if worker_of(name, modulus) == remainder:
            return name
    raise AssertionError("unreachable")
