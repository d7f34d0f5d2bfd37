"""Fixtures that the tests of several rooms share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"


@pytest.fixture
def examples_by_kind() -> dict[str, dict[str, Any]]:
    """One valid event of each kind, with every field that may stand beside the others."""
    examples: dict[str, dict[str, Any]] = json.loads((DATA / "events.json").read_text("utf-8"))
    return examples
