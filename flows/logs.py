"""Logs of a run: one line a fact, as text for people or as JSON for machines.

A line names topics, partitions, processes and settings; never a person, what a person wrote, nor
a password.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Literal

import msgspec

Form = Literal["text", "json"]
FORMS: tuple[Form, ...] = ("text", "json")

LOG = logging.getLogger("liveloom")


def log_to_stderr(form: Form | None, process: int | None = None) -> None:
    """Lines with the time, to standard error; `form` None: text on a terminal, else JSON.

    `process` is the number of one among several processes, None for the one that begins them.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_text(process) if form_of(form) == "text" else _Json(process))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def form_of(form: Form | None) -> Form:
    """The form that is meant."""
    return form or ("text" if sys.stderr.isatty() else "json")


def _text(process: int | None) -> logging.Formatter:
    who = "" if process is None else f" process {process}:"
    return logging.Formatter(f"%(asctime)s %(levelname)s{who} %(message)s")


def said(facts: dict[str, object]) -> dict[str, dict[str, object]]:
    """What a line says as fields too, for the `extra` of a log call."""
    return {"facts": facts}


class _Json(logging.Formatter):
    """One object a line; what failed has the whole trace in it."""

    def __init__(self, process: int | None) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        if self._process is not None:
            line["process"] = self._process
        facts = getattr(record, "facts", None)
        if facts:
            line.update(facts)
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
