"""The port on which a live process is looked at: `/metrics`, `/live` and `/ready`.

It is a thread of its own and reads alone, so that whoever asks cannot hold up or change anything.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
)

from flows.failures import BadInput
from flows.live_runtime import LiveRuntime
from flows.metrics.collect import LiveFigures

_STALLED_S = 60.0
_ASK_S_MAX = 10.0
_PORT_MAX = 65_535


def address_of(text: str, process: int = 0) -> tuple[str, int]:
    """Host and port of a process: `PORT` or `HOST:PORT`, counted up by the process's number.

    Without a host it is loopback. `BadInput` where that is no address.
    """
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) + process <= _PORT_MAX:
        raise BadInput(f"--metrics {text}: give HOST:PORT, or PORT alone for loopback")
    return host, int(port) + process


@contextlib.contextmanager
def serving(address: tuple[str, int], runtime: LiveRuntime, figures: LiveFigures) -> Iterator[None]:
    """Answer on an address meanwhile; `BadInput` where it is taken."""
    registry = CollectorRegistry()
    registry.register(figures)
    ProcessCollector(registry=registry)
    pages = _Pages(runtime, registry)

    class Handler(_Handler):
        answers = pages

    host, port = address
    try:
        server = _server(host)((host, port), Handler)
    except OSError as problem:
        raise BadInput(
            f"metrics cannot be served on {host} port {port} ({problem.strerror}): "
            "give another address by --metrics"
        ) from None
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class _Pages:
    """What is answered to each path: code, type and body."""

    def __init__(self, runtime: LiveRuntime, registry: CollectorRegistry) -> None:
        self._runtime = runtime
        self._registry = registry

    def page(self, path: str) -> tuple[int, str, bytes]:
        """A page, or that there is none."""
        plain = "text/plain; charset=utf-8"
        if path == "/metrics":
            return 200, CONTENT_TYPE_LATEST, generate_latest(self._registry)
        if path in ("/live", "/ready"):
            wrong = self._runtime.unready() if path == "/ready" else self._stalled()
            return (503, plain, f"{wrong}\n".encode()) if wrong else (200, plain, b"ok\n")
        return 404, plain, b"there are /metrics, /live and /ready\n"

    def _stalled(self) -> str:
        """Why the process should be begun anew; waiting for Redis is no reason."""
        unread_s = self._runtime.epochs.unread_s
        if unread_s < _STALLED_S or self._runtime.counters.away:
            return ""
        return f"nothing was read for {unread_s:.0f} s"


class _Handler(BaseHTTPRequestHandler):
    """GET alone, one answer a connection."""

    answers: _Pages
    timeout = _ASK_S_MAX
    server_version = "liveloom"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer."""
        code, kind, body = self.answers.page(self.path.partition("?")[0])
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Who asks is not worth a line."""


def _server(host: str) -> type[ThreadingHTTPServer]:
    import socket

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    return Server
