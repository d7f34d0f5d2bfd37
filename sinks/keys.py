"""The names of everything in Redis, and which of them share a cluster slot."""

from __future__ import annotations

from typing import Final

from events.hashing import shard_of

_NEEDS_ESCAPE: Final = ("}", "\\")


class Keys:
    r"""The key layout under one prefix.

    A cluster hashes what stands between a key's first `{` and the next `}`; where that is empty,
    the whole key, and a user's keys would part. So an id that opens with `}`, or with the escape
    itself, is led by a backslash: ids stay distinct and every user stays in one slot.

    >>> keys = Keys("ll:", 4)
    >>> keys.user("u-77", "tags"), keys.user("}odd", "recs")
    ('ll:{u-77}:tags', 'll:{\\}odd}:recs')
    """

    def __init__(self, prefix: str, push_streams: int) -> None:
        if "{" in prefix or "}" in prefix:
            raise ValueError(
                f"prefix {prefix!r} has a brace: braces choose the cluster slot; take another"
            )
        if push_streams < 1:
            raise ValueError(f"push_streams is {push_streams}: there must be at least one")
        self.prefix: Final = prefix
        self.push_streams: Final = push_streams
        self.rooms: Final = f"{prefix}rooms"
        self.health: Final = f"{prefix}health"
        self.epoch: Final = f"{prefix}epoch"
        self._user = f"{prefix}{{"

    def user(self, user_id: str, name: str) -> str:
        """A user's key: name is tags, recs, more or push."""
        if user_id.startswith(_NEEDS_ESCAPE):
            user_id = "\\" + user_id
        return f"{self._user}{user_id}}}:{name}"

    def room(self, room_id: str) -> str:
        """What a server shows of one room."""
        return f"{self.prefix}room:{room_id}"

    def model(self, name: str) -> str:
        """A model's card."""
        return f"{self.prefix}model:{name}"

    def push_out(self, stream: int) -> str:
        """A stream of pushes to be sent."""
        return f"{self.prefix}{{push:{stream}}}:out"

    def push_ids(self, stream: int) -> str:
        """The ids of the pushes that have been through a stream, by time."""
        return f"{self.prefix}{{push:{stream}}}:ids"

    def stream_of(self, user_id: str) -> int:
        """The push stream of a user, in [0, push_streams): the same in every process and year."""
        return shard_of(user_id, self.push_streams)
