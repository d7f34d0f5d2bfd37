"""Any table of columns as events, by a map from columns to the fields of the contract.

The map is TOML: `time` names the column of the row's time, and each `[[event]]` says what kind of
event a row becomes, under which condition, how much later, and where each field comes from.
`docs/convert.md` has it in full; `flows/converters/kuairand.toml` is one that is used.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import msgspec

from events.kinds import KINDS, Event


class RowError(ValueError):
    """A row that cannot be converted; `line` is its number in the file, 1 the header's."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(what)
        self.line = line


class Made(msgspec.Struct, forbid_unknown_fields=True):
    """Where a field comes from, if not from a column as it is; exactly one of the first five."""

    column: str | None = None
    text: str | None = None
    value: Any = msgspec.UNSET
    after_ms: int | None = None
    numbers: dict[str, str] | None = None
    split: str | None = None
    times: float | None = None


class When(msgspec.Struct, forbid_unknown_fields=True):
    """A condition on one column: one of these texts, or a number above a bound."""

    column: str
    equals: list[str] | None = None
    above: float | None = None


class EventMap(msgspec.Struct, forbid_unknown_fields=True):
    """One event that a row becomes."""

    kind: str
    fields: dict[str, str | Made]
    when: When | None = None
    once: str | None = None
    after_ms: int | str = 0


class ColumnMap(msgspec.Struct, forbid_unknown_fields=True):
    """How a table is read."""

    time: str
    event: list[EventMap]
    time_unit: Literal["ms", "s", "iso"] = "ms"
    delimiter: str = ","


def load(path: Path) -> ColumnMap:
    """The map of a file; ValueError says what is wrong with it, OSError that it cannot be read."""
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), ColumnMap)
        if len(found.delimiter) != 1 or found.delimiter in '\r\n"':
            raise ValueError(f"delimiter is {found.delimiter!r}; give one character, such as ;")
        for event in found.event:
            _check(event)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, ValueError) as problem:
        raise ValueError(f"{path}: {problem}") from None
    return found


def _check(event: EventMap) -> None:
    if event.kind not in KINDS:
        raise ValueError(f"no kind of event {event.kind!r}; docs/events.md lists them")
    known = {field.encode_name for field in msgspec.structs.fields(KINDS[event.kind])}
    unknown = sorted(set(event.fields) - known)
    if unknown:
        raise ValueError(f"{event.kind} has no field {', '.join(unknown)}")
    for name, made in event.fields.items():
        if isinstance(made, Made):
            given = [made.column, made.text, made.after_ms, made.numbers]
            count = sum(one is not None for one in given) + (made.value is not msgspec.UNSET)
            if count != 1:
                raise ValueError(
                    f"{event.kind}.{name}: give one of column, text, value, after_ms and numbers"
                )
        _named(made.text if isinstance(made, Made) else None)
    _named(event.once)


def _named(text: str | None) -> list[str]:
    """The columns that stand in braces in a text."""
    names = []
    for _, name, form, conversion in Formatter().parse(text or ""):
        if name is not None:
            if not name or form or conversion or any(mark in name for mark in ".["):
                raise ValueError(f"in {text!r} nothing but names of columns may stand in braces")
            names.append(name)
    return names


def read(lines: Iterator[bytes], columns: ColumnMap) -> Iterator[tuple[int, str, list[Event]]]:
    """Line number, what the row counts as, and its events: all in the order of their times.

    Rows are sorted by time, ties by line, and so are the events made of them: the whole table is
    held in memory. The last to come are the rows that became nothing.
    """
    rows = sorted(_rows(lines, columns), key=lambda row: row[:2])
    made: list[tuple[int, int, int, Event]] = []
    silent = []
    told: set[tuple[int, str]] = set()
    for time_ms, line, row in rows:
        before = len(made)
        for place, event in enumerate(columns.event):
            try:
                built = _event(event, place, row, time_ms, line, told)
            except (msgspec.ValidationError, ValueError, ArithmeticError) as problem:
                raise RowError(line, f"{event.kind}: {problem}") from None
            if built is not None:
                made.append((built.event_time_ms, line, place, built))
        if len(made) == before:
            silent.append(line)
    seen: set[int] = set()
    for _, line, _, built in sorted(made, key=lambda one: one[:3]):
        yield line, "" if line in seen else "row", [built]
        seen.add(line)
    for line in silent:
        yield line, "row without event", []


def _rows(lines: Iterator[bytes], columns: ColumnMap) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Time, line and values of each row."""
    table = csv.reader(_decoded(lines), delimiter=columns.delimiter, strict=True)
    header: list[str] = []
    try:
        header = next(table, [])
        _known(columns, header)
        for row in table:
            if len(row) != len(header):
                raise ValueError(f"{len(row)} values for {len(header)} columns")
            values = dict(zip(header, row, strict=True))
            yield _time_ms(values[columns.time], columns.time_unit), table.line_num, values
    except UnicodeDecodeError:
        raise RowError(table.line_num + 1, "is not UTF-8: save the table as UTF-8") from None
    except (csv.Error, ValueError, OverflowError) as problem:
        raise RowError(max(table.line_num, 1), str(problem)) from None


def _decoded(lines: Iterator[bytes]) -> Iterator[str]:
    for number, line in enumerate(lines):
        # Spreadsheets open a table with a mark of the byte order.
        yield line.decode("utf-8" if number else "utf-8-sig") + "\n"


def _known(columns: ColumnMap, header: list[str]) -> None:
    if not header:
        return
    wanted = [columns.time]
    for event in columns.event:
        wanted += [event.when.column] if event.when else []
        wanted += [event.after_ms] if isinstance(event.after_ms, str) else []
        wanted += _named(event.once)
        for made in event.fields.values():
            if isinstance(made, str):
                wanted.append(made)
            else:
                wanted += [made.column] if made.column else []
                wanted += (made.numbers or {}).values()
                wanted += [name for name in _named(made.text) if name != "line"]
    double = sorted({name for name in wanted if header.count(name) > 1})
    if double:
        raise ValueError(f"more than one column {', '.join(double)}: give each its own name")
    missing = sorted(set(wanted) - set(header))
    if missing:
        raise ValueError(f"no column {', '.join(missing)}; there are {', '.join(header)}")


def _time_ms(text: str, unit: str) -> int:
    if unit == "iso":
        when = datetime.fromisoformat(text)
        return round((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    return round(float(text) * 1000) if unit == "s" else int(text)


def _event(
    event: EventMap,
    place: int,
    row: dict[str, str],
    time_ms: int,
    line: int,
    told: set[tuple[int, str]],
) -> Event | None:
    """The event of a row, None where its condition does not hold or it was told already."""
    if event.when is not None and not _holds(event.when, row):
        return None
    if event.once is not None:
        key = (place, event.once.format_map(row))
        if key in told:
            return None
        told.add(key)
    after_ms = event.after_ms if isinstance(event.after_ms, int) else int(row[event.after_ms])
    at_ms = time_ms + after_ms
    fields: dict[str, Any] = {"event_id": f"row-{line}-{place}", "event_time_ms": at_ms}
    for name, made in event.fields.items():
        value = _value(made, row, time_ms, line)
        if value != "":
            fields[name] = value
    built: Event = msgspec.convert(fields, KINDS[event.kind], strict=False)
    return built


def _holds(when: When, row: dict[str, str]) -> bool:
    text = row[when.column]
    if when.equals is not None and text not in when.equals:
        return False
    return when.above is None or (text != "" and float(text) > when.above)


def _value(made: str | Made, row: dict[str, str], time_ms: int, line: int) -> Any:
    """The value of a field; an empty text leaves the field out."""
    if isinstance(made, str):
        return row[made]
    if made.value is not msgspec.UNSET:
        return made.value
    if made.text is not None:
        return made.text.format_map({**row, "line": line})
    if made.after_ms is not None:
        return time_ms + made.after_ms
    if made.numbers is not None:
        return {name: float(row[column]) for name, column in made.numbers.items() if row[column]}
    text = row[made.column or ""]
    if made.split is not None:
        return [part for part in text.split(made.split) if part]
    if made.times is not None and text:
        scaled = float(_number(text) * _number(str(made.times)))
        return int(scaled) if scaled.is_integer() else scaled
    return text


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no number") from None
