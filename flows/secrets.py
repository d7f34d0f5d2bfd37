"""Secrets from files and the environment, put where they are needed and shown nowhere."""

from __future__ import annotations

import os
import urllib.parse
from pathlib import Path

from events.pseudonyms import KEY_BYTES_MIN, Pseudonyms
from flows.failures import BadInput

PSEUDONYM_VARIABLE = "LIVELOOM_PSEUDONYM_KEY"
"""Of the environment: the key of pseudonyms, where no file holds it."""


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


def pseudonyms_of(key_file: str | None) -> Pseudonyms | None:
    """Pseudonyms under the key of a file, else of the environment; None where there is no key."""
    key = read_secret(key_file) if key_file is not None else os.environ.get(PSEUDONYM_VARIABLE)
    if key is None:
        return None
    try:
        return Pseudonyms(key.encode())
    except ValueError:
        raise BadInput(
            f"the key of pseudonyms is shorter than {KEY_BYTES_MIN} bytes: take a longer one, "
            "such as 64 random hex digits"
        ) from None


def fingerprint_of(key_file: str | None) -> str | None:
    """What a recovery folder remembers of the key, so that no other one is used there."""
    pseudonyms = pseudonyms_of(key_file)
    return None if pseudonyms is None else pseudonyms.fingerprint
