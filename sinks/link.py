"""A line to Redis, one server or a cluster, on which calls are sent ahead of their replies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final, Protocol

import redis
from redis.cluster import RedisCluster

from sinks.connect import Client
from sinks.keys import Keys
from sinks.resp import pack
from sinks.scripts import ALL

_MARKERS_TRIED: Final = 10_000

# What a server answers when the very same call may succeed later.
_PASSING: Final = (
    "OOM ",
    "MISCONF",
    "READONLY",
    "LOADING",
    "MASTERDOWN",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "NOREPLICAS",
    "BUSY ",
    "MOVED ",
    "ASK ",
)
_PASSING_ERRORS: Final = (
    redis.ConnectionError,
    redis.TimeoutError,
    redis.exceptions.NoScriptError,
    redis.exceptions.ReadOnlyError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.TryAgainError,
    redis.exceptions.AskError,
    redis.exceptions.ClusterError,
    redis.exceptions.RedisClusterException,
    OSError,
)


def passes(error: Exception) -> bool:
    """Whether the same call may succeed later, so that it is kept and sent again."""
    return isinstance(error, _PASSING_ERRORS) or any(word in str(error) for word in _PASSING)


class Call:
    """One command, what to do with its reply, and the keys that it writes."""

    __slots__ = ("handle", "keys", "parts", "sent_s")

    def __init__(
        self, parts: list[bytes], handle: Callable[[Any], None], keys: Sequence[str] = ()
    ) -> None:
        self.parts = parts
        self.handle = handle
        self.keys = keys
        self.sent_s = 0.0


class Link(Protocol):
    """What a writer needs of Redis. Each method may raise what `passes` tells apart."""

    one_slot: bool
    """Whether one call may hold keys of several slots."""

    def send(self, calls: Sequence[Call]) -> None:
        """Send calls; Redis runs those for one key in this order."""

    def receive(self) -> Any:
        """The reply to the earliest call not yet answered; raises the server's error."""

    def reset(self) -> None:
        """Drop the connection and what is unanswered, connect anew and load the scripts."""

    def close(self) -> None:
        """Drop the connection and what is unanswered."""

    def markers(self, keys: Keys) -> list[str]:
        """A key on every node that can lose writes by itself."""


class SingleLink:
    """One server, one connection."""

    one_slot = True

    def __init__(self, client: redis.Redis) -> None:
        self._pool: Any = client.connection_pool
        self._connection: Any = None

    def send(self, calls: Sequence[Call]) -> None:
        """Send calls, which run in this order."""
        if self._connection is None:
            self.reset()
        self._connection.send_packed_command([pack(call.parts) for call in calls])

    def receive(self) -> Any:
        """The reply to the earliest call not yet answered; raises the server's error."""
        return self._connection.read_response()

    def reset(self) -> None:
        """Drop the connection and what is unanswered, connect anew and load the scripts."""
        self.close()
        self._connection = self._pool.make_connection()
        self._connection.connect()
        for script in ALL:
            self._connection.send_packed_command([pack([b"SCRIPT", b"LOAD", script.text])])
            self._connection.read_response()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    def markers(self, keys: Keys) -> list[str]:
        """The one marker."""
        return [keys.epoch]


class ClusterLink:
    """A cluster: one round trip for each `send`, all nodes at once, one call a slot."""

    one_slot = False

    def __init__(self, client: RedisCluster) -> None:
        self._client: Any = client
        self._replies: deque[Any] = deque()

    def send(self, calls: Sequence[Call]) -> None:
        """Send calls and take their replies; calls for one key run in this order."""
        pipeline = self._client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command(call.parts[0].decode(), *call.parts[1:])
        self._replies.extend(pipeline.execute(raise_on_error=False))

    def receive(self) -> Any:
        """The reply to the earliest call not yet answered; raises the server's error."""
        reply = self._replies.popleft()
        if isinstance(reply, Exception):
            raise reply
        return reply

    def reset(self) -> None:
        """Learn the cluster's nodes anew and load the scripts on each."""
        self._replies.clear()
        self._client.nodes_manager.initialize()
        for script in ALL:
            self._client.script_load(script.text)

    def close(self) -> None:
        """Forget what is unanswered; the client belongs to others."""
        self._replies.clear()

    def markers(self, keys: Keys) -> list[str]:
        """The marker, then one in a slot of each other primary."""
        chosen = {self._client.get_node_from_key(keys.epoch).name: keys.epoch}
        nodes = len(self._client.get_primaries())
        for number in count():
            if len(chosen) >= nodes or number >= _MARKERS_TRIED:
                break
            key = f"{keys.epoch}:{number}"
            chosen.setdefault(self._client.get_node_from_key(key).name, key)
        return list(chosen.values())


def link_to(client: Client) -> Link:
    """The line that suits a client."""
    return ClusterLink(client) if isinstance(client, RedisCluster) else SingleLink(client)
