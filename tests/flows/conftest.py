"""Servers of Redis that the tests of this room write to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sinks.embedded import EmbeddedRedis
from tests.redis_servers import Server, server


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One for all tests of a file."""
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Server]:
    """One with a file, which a test may kill."""
    with server(tmp_path / "own", file=True) as made:
        yield made
