from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from flows.noise import noise_to


def test_the_engine_writes_to_the_file_and_python_to_where_it_did(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
):
    path = tmp_path / "engine.log"
    with noise_to(path):
        os.write(2, b"panicked\n")
        print("progress", file=sys.stderr)
    print("after", file=sys.stderr)
    os.write(2, b"again\n")
    assert path.read_bytes() == b"panicked\n"
    assert capfd.readouterr().err == "progress\nafter\nagain\n"


def test_an_empty_file_goes_also_after_an_error(tmp_path: Path):
    path = tmp_path / "engine.log"
    with pytest.raises(LookupError), noise_to(path):
        raise LookupError
    assert not path.exists()
