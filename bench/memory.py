"""Memory a user: growth of the resident set in a fresh process, and bytes in Redis.

`python -m bench.memory users --users 20000` and `python -m bench.memory redis --redis URL` print
one JSON object each.
"""

from __future__ import annotations

import argparse
import gc
import json
from pathlib import Path
from typing import Any

import redis

WARM_USERS = 500
SAMPLE_KEYS_MAX = 2_000


def resident_bytes() -> int:
    """The resident set of this process now (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("this system does not tell a process its resident size")


def growth_per_user(users: int) -> dict[str, Any]:
    """Resident bytes a user: growth from a first few users, who load code and shared names."""
    from bench.user_state import build_users, one_user

    warm = build_users(0, WARM_USERS)
    gc.collect()
    before = resident_bytes()
    built = build_users(WARM_USERS, users)
    gc.collect()
    grown = resident_bytes() - before
    one_user(warm, 0)
    one_user(built, WARM_USERS + users - 1)
    return {"users": users, "bytes_per_user": grown / users}


def tags_body() -> bytes:
    """The product's value of `tags` for a user of 20 tags of 6 tiles."""
    from bench.user_state import build_users, one_user
    from features.tags_value import tags_value

    _, body = tags_value(one_user(build_users(12_345, 1), 12_345))
    return body


def redis_bytes(url: str) -> dict[str, Any]:
    """What Redis itself says that a user's `tags` take, its name and own overhead included."""
    key, value = "bench:{user12345}:tags", tags_body()
    with redis.Redis.from_url(url) as client:
        client.set(key, value)
        found = {"value_bytes": len(value), "bytes": client.memory_usage(key, samples=0)}
        client.delete(key)
    return found


def sampled_bytes(url: str, name: str) -> dict[str, Any]:
    """Mean and greatest memory of the keys `ll:{…}:NAME` that a run left in a Redis."""
    client = redis.Redis.from_url(url)
    sizes: list[int] = []
    for key in client.scan_iter(match=f"ll:{{*}}:{name}", count=1_000):
        sizes.append(client.memory_usage(key, samples=0) or 0)  # 0: it expired meanwhile
        if len(sizes) == SAMPLE_KEYS_MAX:
            break
    client.close()
    return {
        "keys": len(sizes),
        "mean": sum(sizes) / len(sizes) if sizes else 0.0,
        "greatest": max(sizes, default=0),
    }


def main(argv: list[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("what", choices=("users", "redis"))
    parser.add_argument("--users", type=int, default=20_000)
    parser.add_argument("--redis", help="URL of a Redis, for `redis`")
    args = parser.parse_args(argv)
    if args.what == "users":
        found = growth_per_user(args.users)
    elif args.redis:
        found = redis_bytes(args.redis)
    else:
        parser.error("`redis` needs --redis URL")
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
