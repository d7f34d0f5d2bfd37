"""Fixtures of the room that decides."""

from __future__ import annotations

import pytest

from tests.line import Teller


@pytest.fixture
def say() -> Teller:
    """Makes events."""
    return Teller()
