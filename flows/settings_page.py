"""Every setting as a page for people: section by section, with default, unit and reason."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from flows.settings import Described, Settings, describe

_OPENING = """# Settings

Every setting with its default, its unit and why it is so. This page is generated:
`python -m flows.settings_page > docs/settings.md`.

A TOML file has a section for each heading below; the environment overrides the file:
`LIVELOOM_FLOW_SHARDS=32` sets `shards` in `[flow]`. A value that is a list or a table is
given there as JSON. An unknown name or a wrong value is an error that names it.

```toml
[flow]
lateness_ms = 20_000

[push]
quiet_from = "23:00"
```
"""


def markdown(settings: Settings) -> str:
    """The page, with the values of these settings."""
    parts = [_OPENING]
    for section, entries in groupby(describe(settings), key=lambda entry: entry.section):
        held = getattr(settings, section)
        parts.append(f"## {section}\n\n{_sentence(held)}\n")
        rows = ["| setting | default | unit | why |", "|---|---|---|---|"]
        rows += [_row(entry) for entry in entries]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def _sentence(section: Any) -> str:
    """The first sentence of a section's own docstring."""
    assert dataclasses.is_dataclass(section)
    return (section.__doc__ or "").strip().split("\n\n", 1)[0].replace("\n    ", " ")


def _row(entry: Described) -> str:
    unit, why = entry.unit.replace("|", "\\|"), entry.why.replace("|", "\\|")
    return f"| `{entry.name}` | {shown(entry.value)} | {unit} | {why} |"


def shown(value: Any) -> str:
    """A value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"`{name}` {shown(part)}" for name, part in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(shown(part) for part in value) or "none"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:g}"
    return f"`{value}`" if value else "empty"


if __name__ == "__main__":
    sys.stdout.write(markdown(Settings()))
