"""Reads every user's values over and over, and notes each version that is smaller than before."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence

import redis

from sinks.keys import Keys

_VERSION = re.compile(rb'^\{"v":1,"version":(\d+)')
_NAMES = ("tags", "recs", "more", "push")
_PAUSE_S = 0.02


class Watcher:
    """A thread; `backwards` are keys whose version fell, `reads` how often all were read."""

    def __init__(self, url: str, prefix: str, users: Sequence[str]) -> None:
        self._client = redis.Redis.from_url(url)
        keys = Keys(prefix, 1)
        self._keys = [keys.user(user, name) for user in users for name in _NAMES]
        self._newest = [0] * len(self._keys)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.backwards: list[str] = []
        self.reads = 0

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            for place, body in enumerate(self._client.mget(self._keys)):
                found = _VERSION.match(body or b"")
                version = int(found[1]) if found else 0
                if version < self._newest[place]:
                    self.backwards.append(f"{self._keys[place]}: {version}")
                self._newest[place] = max(version, self._newest[place])
            self.reads += 1
            time.sleep(_PAUSE_S)

    def close(self) -> None:
        """Return once it has ended."""
        self._ended.set()
        self._thread.join()
        self._client.close()
