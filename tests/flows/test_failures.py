"""What a person can do something about is one line, wherever the engine has wrapped it."""

from __future__ import annotations

import errno

import pytest

from flows.failures import BadInput, bad_input


def wrapped(cause: Exception) -> Exception:
    """As the engine raises what was raised in a step."""
    outer = RuntimeError("error calling a step")
    outer.__cause__ = cause
    return outer


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        (BadInput("no\nsuch thing"), "no such thing"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a.toml"), "a.toml: No such file"),
        (OSError(errno.ENOSPC, "No space left"), "the disk is full: make room where this"),
        (OSError(errno.ENOSPC, "No space left", "out/log"), "out/log: the disk is full: make room"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "the disk is full: make room where this run"),
    ],
)
def test_what_was_given_is_told_in_one_line(cause: Exception, says: str):
    line = bad_input(wrapped(cause))
    assert line is not None
    assert line.startswith(says)


@pytest.mark.parametrize("cause", [KeyError("a"), OSError(errno.EIO, "Input/output error")])
def test_a_failure_of_the_program_is_none(cause: Exception):
    assert bad_input(wrapped(cause)) is None
