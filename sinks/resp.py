"""Redis commands as bytes: the client library's packer takes far longer over long calls."""

from __future__ import annotations

from collections.abc import Sequence


def pack(parts: Sequence[bytes]) -> bytes:
    r"""One command in the Redis serialisation protocol, an array of bulk strings.

    >>> pack([b"GET", b"ll:health"])
    b'*2\r\n$3\r\nGET\r\n$9\r\nll:health\r\n'
    """
    bulk = [b"$%d\r\n%b\r\n" % (len(part), part) for part in parts]
    return b"*%d\r\n%b" % (len(parts), b"".join(bulk))
