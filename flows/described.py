"""Settings told to people: each with its section, value, default, unit and reason."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from flows.settings import Settings


@dataclasses.dataclass(frozen=True)
class Described:
    """One setting for people: where it stands, what it is, and why."""

    section: str
    name: str
    value: Any
    default: Any
    unit: str
    why: str


def describe(settings: Settings) -> Iterator[Described]:
    """Every setting, section by section."""
    defaults = Settings()
    for section in dataclasses.fields(Settings):
        held, usual = getattr(settings, section.name), getattr(defaults, section.name)
        for entry in dataclasses.fields(held):
            if "derived" in entry.metadata:
                continue
            yield Described(
                section.name,
                entry.name,
                getattr(held, entry.name),
                getattr(usual, entry.name),
                entry.metadata["unit"],
                entry.metadata["why"],
            )
