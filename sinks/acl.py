"""The rights in Redis that each of its users needs: commands and keys, and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from sinks.keys import Keys

_ANYONE: Final = ("ping", "info", "select")
# What a client of a cluster asks of each node before anything else.
_CLUSTER: Final = ("cluster|slots", "cluster|info", "command", "asking", "readonly")


@dataclass(frozen=True)
class Role:
    """Commands, a subcommand after `|`, and patterns of keys without the prefix."""

    why: str
    commands: tuple[str, ...]
    keys: tuple[str, ...]


ROLES: Final = {
    "writer": Role(
        "the flow itself",
        # Called, then what the scripts call in their turn.
        (
            *("evalsha", "script|load", "set", "del", "sadd", "srem", "hgetall"),
            *("getrange", "zadd", "xadd", "zremrangebyscore", "hget", "hset"),
            # For pushes that are recalled.
            *("xrevrange", "xrange", "xdel", "zrem"),
        ),
        ("*",),
    ),
    "reader": Role(
        "product servers, `liveloom show` and `liveloom status`",
        ("get", "mget", "smembers", "scard", "xlen"),
        ("*",),
    ),
    "sender": Role(
        "those who take pushes out of the streams and send them",
        ("xgroup|create", "xreadgroup", "xack", "xautoclaim", "xpending", "xlen"),
        ("{push:*}:out",),
    ),
}


def acl_line(role: str, user: str, keys: Keys, password: str | None = None) -> str:
    r"""A line for Redis's users file, and after `ACL SETUSER` for its console.

    The password stands in it as a digest alone; without one the user cannot log in.

    >>> acl_line("sender", "app", Keys("ll:", 4)).split(" +")[0]
    'app reset on ~ll:{push:*}:out'
    """
    if not user or any(c.isspace() or not c.isprintable() for c in user):
        raise ValueError(f"user {user!r}: a name without spaces is needed")
    asked = ROLES[role]
    words = [user, "reset", "on"]
    if password is not None:
        words.append("#" + hashlib.sha256(password.encode()).hexdigest())
    prefix = "".join(f"\\{c}" if c in "*?[]\\" else c for c in keys.prefix)
    words += [f"~{prefix}{pattern}" for pattern in asked.keys]
    words += [f"+{command}" for command in (*_ANYONE, *_CLUSTER, *asked.commands)]
    return " ".join(words)
