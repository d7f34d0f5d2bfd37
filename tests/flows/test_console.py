"""What a command says arrives as far as the reader can take it, and its exit code stays true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.console import console

ROOT = Path(__file__).parents[2]


def test_a_locale_without_our_letters_gets_their_numbers():
    bare = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    ran = subprocess.run(
        [sys.executable, "-m", "flows.cli", "settings"],
        cwd=ROOT,
        env={**os.environ, **bare},
        capture_output=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"\\u201chas just gone live\\u201d" in ran.stdout


def test_a_reader_who_has_gone_is_no_error_of_its_own():
    theirs, ours = os.pipe()
    os.close(theirs)
    with pytest.raises(BrokenPipeError), open(ours, "w", encoding="utf-8") as file:
        console(file).print("nobody reads this")
