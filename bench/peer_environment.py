"""An environment of its own for the engines that are measured beside ours, made on first use.

They are no dependency of the product: they are installed with pip, 1.6 GB, into the user's cache.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.cache import cached
from bench.measure import RunError

PACKAGES = ("quixstreams[redis]==3.28.0", "pathway==0.33.0", "orjson", "redis")
_NAME = "bench-peers-1"
_INSTALL_S_MAX = 1_200


def peer_python() -> str:
    """The interpreter that has them.

    Raises:
        RunError: they could not be installed; the message ends with what pip said.

    """
    folder = cached(_NAME, _install)
    return str(folder / "bin" / "python")


def _install(folder: Path) -> None:
    sys.stderr.write(f"bench: installing {', '.join(PACKAGES)} into the cache, once\n")
    _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    _run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *PACKAGES])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_INSTALL_S_MAX)
    if done.returncode:
        raise RunError(f"the engines to compare with: {done.stderr.strip()[-1_000:]}")
