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
