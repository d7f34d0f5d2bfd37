"""The push page says what the code does."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from decisions.push.settings import DAY_MS, HOUR_MS, MINUTE_MS, PushSettings
from decisions.push.triggers.registry import TRIGGERS
from decisions.push.wording import WHY, WHY_NOT

PAGE = (Path(__file__).parents[3] / "docs" / "push.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows of the first table under a heading, cells stripped."""
    lines = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0].splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def shown(value: object, unit: str) -> str:
    """A default as people read it."""
    if isinstance(value, tuple):
        return ", ".join(shown(part, unit) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and unit.startswith("ms"):
        for size, name in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "min")):
            if value % size == 0 and (value // size > 1 or size != DAY_MS):
                return f"{value // size} {name}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def test_triggers_are_listed_in_their_order_with_their_codes():
    rows = table("Triggers")
    assert [row[0] for row in rows] == [trigger.name for trigger in TRIGGERS]
    assert sorted(row[2] for row in rows) == sorted(WHY)


def test_reasons_are_listed_in_the_order_of_checks_with_their_words():
    rows = table("Reasons against, in the order of checks")
    assert [row[1] for row in rows] == list(WHY_NOT)
    assert [(row[3], row[4]) for row in rows] == list(WHY_NOT.values())


def test_settings_are_listed_with_default_unit_and_reason():
    assert table("Settings") == [
        [
            field.name,
            shown(field.default, field.metadata["unit"]),
            field.metadata["unit"],
            field.metadata["why"],
        ]
        for field in dataclasses.fields(PushSettings)
    ]
