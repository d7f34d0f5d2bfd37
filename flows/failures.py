"""Which errors are what a person gave, to be told in one line, and which are the program's own."""

from __future__ import annotations

import errno

import redis
from redis.exceptions import RedisClusterException

from events.errors import StateError
from events.logs import LogError
from flows.convert import ConvertError
from flows.recovery import RecoveryError
from flows.settings import SettingsError
from sinks.connect import CannotConnect
from sinks.embedded import EmbeddedRedisError
from sinks.kept import KeptError
from sinks.reader import UnknownLayout
from sinks.refill import LostWrites
from sinks.retry import Stopped
from sinks.runs import RunMismatch


class BadInput(Exception):
    """What was given cannot be used; the message says what, where, and what to do."""


class ProcessFailed(Exception):
    """A process of a run died; the message names it, `trace` is the end of its log."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


_GIVEN = (
    BadInput,
    CannotConnect,
    ConvertError,
    EmbeddedRedisError,
    KeptError,
    LogError,
    LostWrites,
    RecoveryError,
    RunMismatch,
    SettingsError,
    StateError,
    UnknownLayout,
)


_FULL = (errno.ENOSPC, errno.EDQUOT)


def bad_input(error: BaseException) -> str | None:
    """One line about what was given, if that is the cause; None for a failure of the program."""
    for cause in _causes(error):
        if isinstance(cause, _GIVEN):
            return " ".join(str(cause).split())
        if isinstance(cause, OSError) and cause.errno in _FULL:
            where = "" if cause.filename is None else f"{cause.filename}: "
            return f"{where}the disk is full: make room where this run writes, then start again"
        if isinstance(cause, OSError) and cause.filename is not None:
            return f"{cause.filename}: {cause.strerror}"
        if isinstance(cause, (redis.RedisError, RedisClusterException)):
            return f"Redis answers: {cause}"
    return None


def is_stop(error: BaseException) -> bool:
    """Whether it only says that a stop was asked for while Redis was away."""
    return any(isinstance(cause, Stopped) for cause in _causes(error))


def _causes(error: BaseException | None) -> list[BaseException]:
    """The error, what caused it, what caused that: the engine wraps what our code raises."""
    causes: list[BaseException] = []
    while error is not None:
        causes.append(error)
        error = error.__cause__
    return causes
