"""`liveloom settings`: every setting with its value, unit, default and reason."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from flows.commands.arguments import add_settings, settings_of

if TYPE_CHECKING:
    from flows.described import Described

_VALUE_CELLS = 28


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's own parser."""
    parser = subparsers.add_parser(
        "settings",
        help="print every setting with unit, default and a sentence",
        description="Print every setting as it holds with this file and environment; a star "
        "marks what differs from the default.",
    )
    add_settings(parser, "--file")
    parser.add_argument("--markdown", action="store_true", help="as Markdown tables")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print them, section by section."""
    from flows.described import describe

    sections: dict[str, list[Described]] = {}
    for entry in describe(settings_of(args)):
        sections.setdefault(entry.section, []).append(entry)
    if args.markdown:
        print(_markdown(sections), end="")
    elif sys.stdout.isatty():
        _tables(sections)
    else:
        print(_plain(sections), end="")
    return 0


def _tables(sections: dict[str, list[Described]]) -> None:
    from rich.text import Text

    from flows.console import console, table

    out = console()
    for section, entries in sections.items():
        shown = table("setting", "value", "what it is for", title=f"[{section}]")
        shown.columns[0].no_wrap = True
        shown.columns[1].max_width = _VALUE_CELLS
        for e in entries:
            changed = e.value != e.default
            name = Text(f"* {e.name}" if changed else f"  {e.name}", "bold" if changed else "")
            value = f"{_text(e.value)} {e.unit}".rstrip()
            if changed:
                value = f"{value} (default {_text(e.default)})"
            shown.add_row(name, value, e.why)
        out.print(shown)
        out.print()


def _plain(sections: dict[str, list[Described]]) -> str:
    """As a settings file, each line followed by what it means."""
    lines = []
    for section, entries in sections.items():
        lines.append(f"[{section}]")
        for e in entries:
            default = f"default {_text(e.default)}; " if e.value != e.default else ""
            unit = f"{e.unit}; " if e.unit else ""
            lines.append(f"{_mark(e) or ' '} {e.name} = {_text(e.value)}  # {unit}{default}{e.why}")
        lines.append("")
    return "\n".join(lines)


def _markdown(sections: dict[str, list[Described]]) -> str:
    lines = []
    for section, entries in sections.items():
        lines += [f"### `[{section}]`", "", "| setting | default | unit | what it is for |"]
        lines.append("|---|---|---|---|")
        for e in entries:
            value = f"`{_text(e.default)}`"
            if e.value != e.default:
                value = f"{value}, set to `{_text(e.value)}`"
            cells = (f"`{e.name}`", value, e.unit, e.why)
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


def _mark(entry: Described) -> str:
    return "*" if entry.value != entry.default else ""


def _text(value: Any) -> str:
    """A value as it is written in a settings file."""
    if isinstance(value, dict):
        pairs = (f"{_key(key)} = {_text(one)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def _key(key: object) -> str:
    text = str(key)
    return text if text.replace("_", "").replace("-", "").isalnum() else _text(text)
