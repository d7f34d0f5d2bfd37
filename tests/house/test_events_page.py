"""The page on events says what the structs, the reasons and the strengths of the code say."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect as types

from events.decode import Decoder
from events.kinds import FAMILIES, KINDS, Base, PersonEvent
from events.letters import REASONS
from features.strengths import StrengthSettings, measure

NUMBER_WORDS = {
    (0, 4_133_980_800_000): "time, ms",
    (946_684_800_000, 4_133_980_800_000): "time, ms",
    (0, 366 * 86_400_000): "duration, ms",
}


@pytest.fixture(scope="module")
def page() -> str:
    """The page on events."""
    return (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")


def table(page: str, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its own."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"no heading {heading!r}"
    rows = [line for line in found[1].splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def words(declared: types.Type) -> str:
    """A declared type as the page has it."""
    match declared:
        case types.UnionType():
            return words(next(m for m in declared.types if not isinstance(m, types.NoneType)))
        case types.StrType() if declared.max_length is not None:
            return "id"
        case types.StrType() if declared.pattern is not None:
            return "`HH:MM`"
        case types.StrType():
            return "text"
        case types.BoolType():
            return "true or false"
        case types.LiteralType():
            return ", ".join(f"`{value}`" for value in declared.values)
        case types.ListType():
            return f"list of {words(declared.item_type)}s"
        case types.TupleType():
            return f"two {words(declared.item_types[0])}"
        case types.DictType():
            return "name to number, text or list of texts"
        case types.StructType():
            return "`profiling`, `push`: true or false"
        case types.IntType() | types.FloatType():
            return _number(declared)
    raise AssertionError(declared)


def _number(declared: types.IntType | types.FloatType) -> str:
    low = declared.ge if declared.ge is not None else declared.gt
    high = declared.le if declared.le is not None else declared.lt
    assert low is not None
    assert high is not None
    if (low, high) in NUMBER_WORDS:
        return NUMBER_WORDS[low, high]
    sort = "integer" if isinstance(declared, types.IntType) else "number"
    above = "above " if declared.ge is None else ""
    return f"{sort}, {above}{low:,} to {high:,.0f}"


def rows_of(kind: str) -> list[tuple[str, str, str, str]]:
    """The rows of a kind: kind, field, type, whether it must be there."""
    cls = KINDS[kind]
    shared = {f.name for f in _fields(PersonEvent if issubclass(cls, PersonEvent) else Base)}
    own = [field for field in _fields(cls) if field.name not in shared]
    return [
        (kind, field.encode_name, words(field.type), "yes" if field.required else "no")
        for field in own
    ]


def _fields(cls: type) -> tuple[types.Field, ...]:
    declared: Any = types.type_info(cls)
    fields: tuple[types.Field, ...] = declared.fields
    return fields


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_s_fields_are_those_of_its_structs(page: str, family: str):
    told = [
        (*tuple(cell.strip("`") for cell in (r[0], r[1])), r[2], r[3]) for r in table(page, family)
    ]
    wanted = []
    for kind in FAMILIES[family]:
        wanted += rows_of(kind) or [(kind, "—", "—", "—")]
    assert told == wanted


def test_every_kind_has_a_sentence_and_every_family_a_place(page: str):
    headings = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert headings == list(FAMILIES)
    for family, kinds in FAMILIES.items():
        rows = table(page, family)
        for kind in kinds:
            told = [row[4] for row in rows if row[0] == f"`{kind}`"]
            assert all(len(sentence) > 2 for sentence in told), kind


def test_the_examples_are_good_events(page: str):
    examples = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    lines = [line for example in examples for line in example.strip().splitlines()]
    assert len(lines) >= 5
    for line in lines:
        assert type(Decoder().decode(line.encode())).__name__ == _class_name(line)


def _class_name(line: str) -> str:
    return KINDS[json.loads(line)["kind"]].__name__


def test_reasons_of_dead_letters_are_those_of_the_code(page: str):
    told = {row[0].strip("`"): row[1] for row in table(page, "Dead letters")}
    assert told == REASONS


def test_strengths_are_those_of_the_code(page: str):
    told = {}
    for kinds, units in ((row[0], row[1]) for row in table(page, "What a signal weighs")):
        for kind in re.findall(r"`(\w+)`", kinds):
            told[kind] = units
    settings = StrengthSettings()
    weighing = {kind for kind, cls in KINDS.items() if cls in measure(settings)}
    assert set(told) == weighing
    for kind, units in told.items():
        if kind in {"like", "dwell"}:
            continue
        assert float(units.replace("−", "-")) == getattr(settings, kind), kind
    assert told["like"] == f"{settings.like:g} each, at most {settings.like_max:g} an event"
    assert told["dwell"] == (
        f"dwell_ms / {settings.dwell_ms:,}, at most {settings.dwell_max:g} an event; "
        f"in its place −{-settings.quick_leave:g} where `left` after less than "
        f"{settings.quick_leave_ms:,} ms"
    )
