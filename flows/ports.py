"""Loopback ports that are kept for a run's own processes until these listen on them."""

from __future__ import annotations

import contextlib
import os
import socket

from flows.failures import BadInput

_PORTS = range(20_000, 32_000)
_PORT_STEP = 37


def keep_addresses(count: int, kept: contextlib.ExitStack) -> list[str]:
    """Loopback addresses on which nothing listens, and which no other run takes meanwhile.

    Not those that the system would choose: from these it also takes the near end of connections,
    and a process that tries to reach one that does not listen yet may so connect to itself.
    """
    addresses: list[str] = []
    ports = len(_PORTS)
    for step in range(ports):
        if len(addresses) == count:
            return addresses
        port = _PORTS[(os.getpid() * _PORT_STEP + step) % ports]
        with contextlib.ExitStack() as unless_taken:
            holder = unless_taken.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                holder.bind(("127.0.0.1", port))
                # Set after it is bound: who asks as we do is refused, while a process that
                # listens, and so sets the same, may still have it.
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                addresses.append(f"127.0.0.1:{port}")
                kept.push(unless_taken.pop_all())
    raise BadInput(f"no {count} free ports from {_PORTS[0]} to {_PORTS[-1]}: end what uses them")
