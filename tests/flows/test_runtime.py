"""What a process loads: River only where something is learnt."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import flows.live, flows.replay
from flows.routing import LEARN, worker_of
from flows.runtime import Runtime
from flows.settings import Settings
assert "river" not in sys.modules
Runtime(Settings(), workers=2, process={process})
learns = worker_of(LEARN, 2) == {process}
assert ("river" in sys.modules) == learns
"""


@pytest.mark.parametrize("process", [0, 1])
def test_river_is_loaded_where_something_is_learnt_alone(process: int):
    command = [sys.executable, "-c", PROGRAM.format(process=process)]
    subprocess.run(command, check=True, timeout=300)
