"""One container engine for a run of these tests, and the images that they share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docker.engine import Engine, engine
from tests.docker.images import build_product


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder with a short name, for a socket's path has to be short."""
    with tempfile.TemporaryDirectory(prefix="ll-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def docker(scratch: Path) -> Iterator[Engine]:
    """The engine."""
    with engine(scratch / "engine") as found:
        yield found


@pytest.fixture(scope="session")
def image(docker: Engine, scratch: Path) -> str:
    """The product's image, built from this tree."""
    return build_product(docker, scratch)
