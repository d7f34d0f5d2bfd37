"""The Lua that runs inside Redis: each script is atomic, and running it again changes nothing."""

from __future__ import annotations

import hashlib
from typing import Final


class Script:
    """A Lua script and the digest under which a server remembers it."""

    def __init__(self, text: str) -> None:
        self.text: Final = text.encode()
        self.sha: Final = hashlib.sha1(self.text, usedforsecurity=False).hexdigest().encode()

    def call(self, keys: list[bytes], args: list[bytes]) -> list[bytes]:
        """The parts of the command that runs it."""
        return [b"EVALSHA", self.sha, b"%d" % len(keys), *keys, *args]


# A stored value that this layout did not write has no version, and gives way.
_VERSION: Final = """
local function version(text)
  return tonumber(string.match(text, '^{"v":%d+,"version":(%d+)') or 0)
end
"""

WRITE_NEWER: Final = Script(
    _VERSION
    + """
local refused = {}
for i, key in ipairs(KEYS) do
  local body = ARGV[i + 1]
  local stored = version(redis.call('GETRANGE', key, 0, 59))
  if stored < version(body) then
    redis.call('SET', key, body, 'PX', ARGV[1])
  else
    refused[#refused + 1] = i
    refused[#refused + 1] = stored
  end
end
return refused
"""
)
"""KEYS: values' keys. ARGV: time-to-live in ms, then one body a key.

Sets each key whose stored version is smaller. Replies flat pairs of those that were refused: place
among the keys from 1, stored version.
"""

WRITE_ROOMS: Final = Script(
    _VERSION
    + """
local refused = {}
for i = 2, #KEYS do
  local room, live, body = ARGV[3 * i - 4], ARGV[3 * i - 3], ARGV[3 * i - 2]
  local stored, new = version(redis.call('GETRANGE', KEYS[i], 0, 59)), version(body)
  if stored < new then
    redis.call('SET', KEYS[i], body, 'PX', ARGV[1])
  else
    refused[#refused + 1] = i - 1
    refused[#refused + 1] = stored
  end
  if stored <= new then
    redis.call(live == '1' and 'SADD' or 'SREM', KEYS[1], room)
  end
end
return refused
"""
)
"""KEYS: the set of live rooms, then rooms' keys. ARGV: time-to-live in ms, then a room's id, `1` if
it is live, and its body. Replies as `WRITE_NEWER`, places counted among the rooms.
"""

PUSH_ONCE: Final = Script(
    """
local repeated = 0
for i = 3, #ARGV, 3 do
  if redis.call('ZADD', KEYS[1], 'NX', ARGV[i + 1], ARGV[i]) == 1 then
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], '*', 'd', ARGV[i + 2])
  else
    repeated = repeated + 1
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[2])
return repeated
"""
)
"""KEYS: ids, out. ARGV: about how many entries the stream keeps, the time in ms before which ids
are forgotten, then a push's id, time and payload. Replies how many had been there already.
"""

MARK: Final = Script(
    """
local before = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return before
"""
)
"""KEYS: a marker. ARGV: a writer's field and its new count. Replies the count that stood there."""

ALL: Final = (WRITE_NEWER, WRITE_ROOMS, PUSH_ONCE, MARK)
