"""A setting is a default with a unit and a reason, declared where it is used."""

from __future__ import annotations

import dataclasses
from typing import Any


def setting(default: Any, unit: str, why: str) -> Any:
    """A field of a frozen settings dataclass that carries its unit and one sentence of reason."""
    metadata = {"unit": unit, "why": why}
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def derived(default: Any, why: str) -> Any:
    """A field that other settings decide: it is neither listed nor taken from a file."""
    return dataclasses.field(default=default, metadata={"derived": why})
