"""Takes pushes that nobody has sent yet out of their streams, page by page, beside all else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from sinks.keys import Keys
from sinks.link import Call
from sinks.sender import ignore

_PAGE: Final = 500
_Entry = tuple[bytes, list[bytes]]


class _Payload(msgspec.Struct):
    push_id: str
    user_id: str


_payload = msgspec.json.Decoder(_Payload).decode


class Recall:
    """Makes the calls; what follows from a reply is handed to `then`.

    A stream is read up to the entry that was its last when the recall began, so a push that comes
    later stays. Time: one reading of the stream for all users of a call.

    An id guards against a push that is sent again after a crash. Where pushes leave before their
    recall is durable (`holds_ids`), their ids therefore stay until `epoch_ends` drops them; they
    are hashes. Else id and entry go together, the id first: done again it ends alike.
    """

    def __init__(self, keys: Keys, then: Callable[[Call], None]) -> None:
        self._keys = keys
        self._then = then
        self.holds_ids = False
        self._epoch = 0
        self._going: deque[tuple[int, int, list[bytes]]] = deque()

    def calls(self, users: Sequence[str]) -> list[Call]:
        """The first calls of a recall: where each stream ends now."""
        streams: dict[int, set[str]] = {}
        for user in users:
            streams.setdefault(self._keys.stream_of(user), set()).add(user)
        return [
            Call(
                [b"XREVRANGE", self._out(stream), b"+", b"-", b"COUNT", b"1"],
                partial(self._on_last, stream, frozenset(some)),
            )
            for stream, some in sorted(streams.items())
        ]

    def epoch_ends(self, epochs: int) -> list[Call]:
        """The calls that drop the ids of what was recalled so many epochs before."""
        calls = []
        while self._going and self._epoch - self._going[0][0] >= epochs:
            _, stream, ids = self._going.popleft()
            calls.append(self._drop_ids(stream, ids))
        self._epoch += 1
        return calls

    def _on_last(self, stream: int, users: frozenset[str], reply: Sequence[_Entry]) -> None:
        if reply:
            self._read(stream, users, b"-", reply[0][0])

    def _read(self, stream: int, users: frozenset[str], start: bytes, last: bytes) -> None:
        parts = [b"XRANGE", self._out(stream), start, last, b"COUNT", b"%d" % _PAGE]
        self._then(Call(parts, partial(self._on_page, stream, users, last)))

    def _on_page(
        self, stream: int, users: frozenset[str], last: bytes, reply: Sequence[_Entry]
    ) -> None:
        ids, entries = [], []
        for entry, fields in reply:
            payload = _of(fields)
            if payload is not None and payload.user_id in users:
                ids.append(payload.push_id.encode())
                entries.append(entry)
        if entries and self.holds_ids:
            self._going.append((self._epoch, stream, ids))
        elif entries:
            self._then(self._drop_ids(stream, ids))
        if entries:
            self._then(Call([b"XDEL", self._out(stream), *entries], ignore))
        if len(reply) == _PAGE:
            self._read(stream, users, b"(" + reply[-1][0], last)

    def _drop_ids(self, stream: int, ids: list[bytes]) -> Call:
        return Call([b"ZREM", self._keys.push_ids(stream).encode(), *ids], ignore)

    def _out(self, stream: int) -> bytes:
        return self._keys.push_out(stream).encode()


def _of(fields: Any) -> _Payload | None:
    """What an entry says; None for one that another program wrote. A cluster's client has dicts."""
    body = (
        fields.get(b"d")
        if isinstance(fields, dict)
        else dict(zip(fields[::2], fields[1::2], strict=True)).get(b"d")
    )
    try:
        return _payload(body) if body is not None else None
    except msgspec.MsgspecError:
        return None
