"""Calls to Redis in order: sent ahead of their replies, and again for as long as it is away."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from sinks.away import Outage
from sinks.connect import Client
from sinks.counters import Counters
from sinks.keys import Keys
from sinks.link import Call, link_to, passes
from sinks.retry import Backoff
from sinks.settings import RedisSettings


class Sender:
    """Sends calls and hands each its reply; while Redis is away it waits and tries again.

    Guarantee: a call is sent until it is answered, so it may run more than once, and none runs
    before an earlier one has run. Every method raises `Stopped` once `should_stop()` is true while
    Redis is away.
    """

    def __init__(
        self,
        client: Client,
        settings: RedisSettings,
        name: str,
        counters: Counters,
        should_stop: Callable[[], bool],
        sleep: Callable[[float], None],
        timer: Callable[[], float],
    ) -> None:
        self.follow_ups: list[Call] = []
        """What replies have led to; goes before all else with the next `post`."""
        self.unanswered: deque[Call] = deque()
        self._link = link_to(client)
        self.one_slot = self._link.one_slot
        """Whether one call may hold keys of several slots; if not, nodes work side by side."""
        self._in_flight = settings.calls_in_flight
        self._counters = counters
        self._outage = Outage(name)
        self._backoff = Backoff(settings, name, should_stop, sleep)
        self._timer = timer
        self._attempts = 0
        self._markers: list[str] = []

    def post(self, calls: list[Call]) -> None:
        """Take the replies of what was sent before, then send these calls."""
        self._collect()
        if self.follow_ups:
            calls = self.follow_ups + calls
            self.follow_ups.clear()
        for some in slices(calls, self._in_flight):
            self._collect()
            self.unanswered.extend(some)
            sent_s = self._timer()
            for call in some:
                call.sent_s = sent_s
            try:
                self._link.send(some)
            except Exception as error:
                self._send_again(error)

    def flush(self) -> None:
        """Return once Redis has answered everything, and what came of that."""
        while self.unanswered or self.follow_ups:
            self.post([])
            self._collect()

    def markers(self, keys: Keys) -> list[str]:
        """A key on every node that can lose writes by itself."""
        if not self._markers:
            self._markers = self._patiently(lambda: self._link.markers(keys))
        return self._markers

    def close(self) -> None:
        """Flush, then give the connection back."""
        self.flush()
        self._link.close()

    def _collect(self) -> None:
        while self.unanswered:
            try:
                reply = self._link.receive()
            except Exception as error:
                self._send_again(error)
                continue
            # Only an answer shows that Redis is back: it may take calls and refuse them all.
            if self._attempts:
                self._attempts = 0
                self._outage.over()
                self._counters.away = ""
            call = self.unanswered.popleft()
            self._counters.reply_us.add(self._timer() - call.sent_s)
            call.handle(reply)

    def _send_again(self, error: Exception) -> None:
        """Wait for Redis, then send what is unanswered, in the same order."""

        def again() -> None:
            self._link.reset()
            self._markers = []  # a cluster's nodes may be others now
            self._link.send(list(self.unanswered))

        self._patiently(again, error)

    def _patiently(self, action: Callable[[], Any], error: Exception | None = None) -> Any:
        while True:
            if error is not None:
                if not passes(error):
                    raise error
                self._counters.retries += 1
                self._outage.failed(error)
                self._counters.away = self._outage.reason
                self._backoff.wait(self._attempts)
                self._attempts += 1
            try:
                return action()
            except Exception as next_error:
                error = next_error


def slices(items: list[Any], size: int) -> list[list[Any]]:
    """A list in parts of at most so many."""
    return [items[i : i + size] for i in range(0, len(items), size)]


def ignore(_reply: Any) -> None:
    """What to do with a reply that says nothing."""
