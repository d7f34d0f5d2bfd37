"""Kafka's client as a run sets it up: settings from a file, secrets from elsewhere and never told.

A value `${env:NAME}` stands for an environment variable, `${file:PATH}` for what a file holds.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer

from flows.failures import BadInput
from flows.kafka_settings import KafkaSettings

_LOG = logging.getLogger("liveloom")
_ELSEWHERE = re.compile(r"\$\{(env|file):([^}]+)\}")
_HIDDEN = "***"
_SHORTEST = 3

ClientSettings = Mapping[str, Any]
"""Properties of librdkafka; they may hold passwords, so nothing prints them."""

# What the flow relies on, whatever a file says.
_FIXED = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "error",
    "isolation.level": "read_committed",
}
_IDEMPOTENT = {"enable.idempotence": True, "linger.ms": 5}
_FETCH = {"fetch.wait.max.ms": 100, "queued.max.messages.kbytes": 16_384}


def read_properties(path: str | None) -> dict[str, str]:
    """The client's own settings: a file of `name=value` lines, `#` opens a comment."""
    if path is None:
        return {}
    properties: dict[str, str] = {}
    try:
        lines = Path(path).read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not text: lines of name=value in UTF-8 are expected") from None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith(("#", "!")):
            continue
        name, equals, value = text.partition("=")
        if not equals:
            # The line itself may be a password that lost its name.
            raise BadInput(f"{path}: line {number} is not name=value")

        def fetched(match: re.Match[str], line: int = number) -> str:
            return _fetch(match[1], match[2], f"{path}: line {line}")

        properties[name.strip()] = _ELSEWHERE.sub(fetched, value.strip())
    return properties


def _fetch(kind: str, name: str, where: str) -> str:
    """What a variable or a file holds."""
    if kind == "env":
        if name not in os.environ:
            raise BadInput(f"{where} wants the environment variable {name}: set it")
        return os.environ[name]
    try:
        return Path(name).read_text("utf-8").rstrip("\r\n")
    except OSError as problem:
        raise BadInput(f"{where} wants the file {name}: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"{where} wants the file {name}: it is not UTF-8") from None


def client_settings(brokers: str, path: str | None) -> dict[str, Any]:
    """What every client of a run shares."""
    return {**read_properties(path), "bootstrap.servers": brokers}


def consumer(
    client: ClientSettings, settings: KafkaSettings, on_error: Callable[[Any], None] | None = None
) -> Consumer:
    """A consumer that reads what it is told to, and commits nothing by itself."""
    own = {"error_cb": on_error} if on_error else {}
    wanted = {**_FETCH, "group.id": settings.group, **client, **_FIXED, **own}
    try:
        return Consumer(wanted, logger=_LOG)
    except KafkaException as problem:
        raise _refused(problem, client) from None


def producer(client: ClientSettings) -> Producer:
    """A producer each of whose rows is there once, as far as one producer can see to that."""
    try:
        return Producer({**_IDEMPOTENT, **client}, logger=_LOG)
    except KafkaException as problem:
        raise _refused(problem, client) from None


def _refused(problem: KafkaException, client: ClientSettings) -> BadInput:
    return BadInput(f"Kafka client: {without_values(problem.args[0].str(), client)}")


def without_values(text: str, client: ClientSettings) -> str:
    """A message of the client, without any value of its settings: each may be a password.

    >>> without_values('Invalid value "tiger" for "acks"', {"acks": "tiger"})
    'Invalid value "***" for "acks"'
    """
    values = {
        value
        for name, value in client.items()
        if isinstance(value, str) and len(value) >= _SHORTEST and name != "bootstrap.servers"
    }
    for value in sorted(values, key=len, reverse=True):
        # Not where it is part of a longer word: a mechanism's name, say.
        text = re.sub(rf"(?<![\w.]){re.escape(value)}(?![\w.])", _HIDDEN, text)
    return text


class Complaints:
    """What a client says of its brokers, the telling one first: most only follow from it."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def __call__(self, error: Any) -> None:
        """Take one in."""
        text = error.str()
        # It opens with the broker's address, and closes with how long it took.
        text = re.sub(r"^\S+://\S+: ", "", re.sub(r" \(after \d+ms in .*$", "", text))
        self._said[text] = None

    def telling(self) -> str:
        """What says most; empty where nothing does."""
        told = [text for text in self._said if "SASL" in text or "SSL" in text]
        return told[0] if told else ""
