"""Why Redis cannot be written just now, in words that say what to do, for health and logs."""

from __future__ import annotations

import logging
from typing import Final

import redis

_LOG: Final = logging.getLogger("liveloom")

_PASSWORD: Final = "it refuses user or password: set them back there, or start again with others"
_NO_MASTER: Final = "a part of the cluster has no master: start its node, or promote a replica"
# The first that fits, by class or by what the server says; each with what helps.
_CAUSES: Final[tuple[tuple[type[Exception] | None, str, str], ...]] = (
    (
        redis.exceptions.OutOfMemoryError,
        "OOM ",
        "its memory is full: raise maxmemory, or free some; its policy must stay noeviction",
    ),
    (None, "MISCONF", "it cannot save to its disk: free the disk"),
    (
        redis.exceptions.ReadOnlyError,
        "READONLY",
        "it is a replica now: let the address lead to the master",
    ),
    (redis.exceptions.BusyLoadingError, "LOADING", "it is reading its file, which takes a while"),
    (redis.exceptions.AuthenticationError, "WRONGPASS", _PASSWORD),
    (redis.exceptions.MasterDownError, "MASTERDOWN", "its master is away: promote a replica"),
    (redis.exceptions.ClusterDownError, "CLUSTERDOWN", _NO_MASTER),
    (
        None,
        "NOREPLICAS",
        "it has too few replicas: start them, or lower its min-replicas-to-write",
    ),
    (
        redis.TimeoutError,
        "Timeout",
        "no answer within reply_timeout_s: see whether it or the network between is stalled",
    ),
)
_ANY: Final = "see whether it runs and can be reached"
_SELDOM: Final = 16


def advice(error: Exception) -> str:
    """What kept a write from Redis, and what to do about it.

    >>> advice(redis.ConnectionError("Error 111 connecting to cache:6379"))
    'Error 111 connecting to cache:6379; see whether it runs and can be reached'
    """
    said = " ".join(str(error).split()) or type(error).__name__
    for kind, word, help_ in _CAUSES:
        if (kind is not None and isinstance(error, kind)) or word in said:
            return f"{said}; {help_}"
    return f"{said}; {_ANY}"


class Outage:
    """Says in the log that Redis cannot be written, again ever more seldom, and when it can."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._tries = 0
        self._said = False
        self.reason = ""
        """Empty while Redis can be written."""

    def failed(self, error: Exception) -> None:
        """A try has failed."""
        self._tries += 1
        self.reason = advice(error)
        # A script that the server has forgotten is loaded again at once.
        forgotten = isinstance(error, redis.exceptions.NoScriptError)
        seldom = self._tries >= _SELDOM and self._tries & (self._tries - 1) == 0
        if (self._tries == 1 or seldom) and not forgotten:
            self._said = True
            _LOG.warning(
                "Redis cannot be written (writer %s, try %d); nothing is lost, the flow waits: %s",
                *(self._name, self._tries, self.reason),
            )

    def over(self) -> None:
        """Redis has answered."""
        if self._said:
            _LOG.warning("Redis can be written again (writer %s, try %d)", self._name, self._tries)
        self._tries, self._said = 0, False
        self.reason = ""
