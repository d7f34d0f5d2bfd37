"""Fills a Redis again that has lost what it had acknowledged, a part with each step."""

from __future__ import annotations

import logging
from typing import Final

from sinks.kept import Kept
from sinks.redis_sink import RedisWriter

_LOG: Final = logging.getLogger("liveloom")
_BEGIN: Final = b""


class LostWrites(Exception):
    """Redis has lost what it had acknowledged, and nothing was kept to fill it from."""


class Refill:
    """Puts back a writer's own keys, beside what it delivers meanwhile.

    Versions decide: what is newer in Redis stays, and a step that is done again changes nothing.
    `at` is where it stands, or None while there is nothing to do; handed to the next one, it goes
    on from there.
    """

    def __init__(
        self, writer: RedisWriter, kept: Kept | None, keys_a_step: int, at: bytes | None = None
    ) -> None:
        self._writer = writer
        self._kept = kept
        self._keys_a_step = keys_a_step
        self._seen = writer.lost_writes()
        self._put_back = 0
        self.at = at
        self.failed = False
        """Whether it has said that it cannot."""

    def step(self) -> None:
        """Look whether Redis has lost something, and put back a part of what it should hold."""
        lost = self._writer.lost_writes()
        if lost != self._seen:
            self._seen, self._put_back = lost, 0
            if self._kept is None:
                self.failed = True
                raise LostWrites(
                    "Redis has lost writes that it had acknowledged (restarted without its file, "
                    "emptied, or replaced by a replica that was behind), and this replay keeps no "
                    "copy of them: replay again; with --redis and --recovery it is filled again"
                )
            _LOG.warning("Redis has lost writes that it had acknowledged: filling it again")
            self.at = _BEGIN
        if self.at is None or self._kept is None:
            return
        held, self.at = self._kept.after(self.at, self._keys_a_step)
        self._writer.put_back(held)
        self._put_back += len(held)
        if self.at is None:
            _LOG.warning("Redis is filled again: %d values and pushes", self._put_back)

    def finish(self) -> None:
        """Put back all of it, and whatever is lost meanwhile."""
        while True:
            self._writer.mark()
            self._writer.flush()
            self.step()
            if self.at is None and self._seen == self._writer.lost_writes():
                return
