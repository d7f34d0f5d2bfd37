"""Log lines: one a fact, JSON for machines, with whatever failed in one line too."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from flows.logs import LOG, form_of, log_to_stderr, said


@pytest.fixture(autouse=True)
def loggers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_is_an_object_with_its_facts(capsys: pytest.CaptureFixture[str]):
    log_to_stderr("json", 1)
    LOG.warning("%s: %d rows", "clicks/0", 3, extra=said({"partition": "clicks/0", "rows": 3}))
    line = json.loads(capsys.readouterr().err)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "warning",
        "message": "clicks/0: 3 rows",
        "process": 1,
        "partition": "clicks/0",
        "rows": 3,
    }


def test_a_trace_stays_in_its_line(capsys: pytest.CaptureFixture[str]):
    log_to_stderr("json")
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        LOG.error("failed", exc_info=error)
    (text,) = capsys.readouterr().err.splitlines()
    line = json.loads(text)
    assert line["level"] == "error"
    assert "process" not in line
    assert line["trace"].startswith("Traceback")
    assert line["trace"].endswith("ValueError: two\nlines")


def test_a_line_for_people_names_the_process(capsys: pytest.CaptureFixture[str]):
    log_to_stderr("text", 2)
    LOG.info("reading")
    assert capsys.readouterr().err.endswith(" INFO process 2: reading\n")


def test_without_a_terminal_lines_are_for_machines(capsys: pytest.CaptureFixture[str]):
    assert form_of(None) == "json"
    assert form_of("text") == "text"
