"""A setting is a default with a unit, a reason and limits, declared where it is used."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any


def setting(
    default: Any, unit: str, why: str, least: float | None = None, most: float | None = None
) -> Any:
    """A field of a frozen settings dataclass that carries its unit and one sentence of reason.

    `least` and `most` are what `check` accepts; a number that is not negative by default is to
    be none at all, unless told otherwise.
    """
    if least is None and isinstance(default, (int, float)) and default >= 0:
        least = 0
    metadata = {"unit": unit, "why": why, "least": least, "most": most}
    if isinstance(default, (dict, list)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def derived(default: Any, why: str) -> Any:
    """A field that other settings decide: it is neither listed nor taken from a file."""
    return dataclasses.field(default=default, metadata={"derived": why})


def check(settings: Any) -> None:
    """`ValueError` where a number of a settings dataclass is not finite or beyond its limits."""
    for entry in dataclasses.fields(settings):
        value = getattr(settings, entry.name)
        if not _finite(value):
            raise ValueError(f"{entry.name} is {value}; use finite numbers")
        least, most = entry.metadata.get("least"), entry.metadata.get("most")
        if least is not None and value < least:
            raise ValueError(f"{entry.name} is {value}; use at least {least}")
        if most is not None and value > most:
            raise ValueError(f"{entry.name} is {value}; use at most {most}")


def _finite(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
