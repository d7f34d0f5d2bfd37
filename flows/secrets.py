"""Secrets from files and the environment, put where they are needed and shown nowhere."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

from flows.failures import BadInput


def read_secret(path: str) -> str:
    """What a file holds, without the line's end."""
    try:
        text = Path(path).read_text("utf-8")
    except OSError as problem:
        raise BadInput(f"{path} cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not text: a password in UTF-8 is expected") from None
    secret = text.rstrip("\r\n")
    if not secret or "\n" in secret:
        raise BadInput(f"{path}: one line with a password is expected")
    return secret


def with_password(url: str, password: str) -> str:
    """The address with a password, of the user that it names or of Redis's default one.

    >>> with_password("rediss://flow@cache.example:6380/0", "a/b c")
    'rediss://flow:a%2Fb%20c@cache.example:6380/0'
    """
    scheme, found, rest = url.partition("://")
    place = rest.split("/", 1)[0]
    login, at, _ = place.rpartition("@")
    if not found:
        raise BadInput("a Redis address opens with redis://, rediss:// or unix://")
    if ":" in login:
        raise BadInput("the Redis address holds a password already: take it out, or the file away")
    rest = rest[len(login) + len(at) :]
    return f"{scheme}://{login}:{urllib.parse.quote(password, safe='')}@{rest}"
