"""What is wrong with a row that the fast parser refused: a dead letter, or an event after all.

The parser refuses a few rows that are good: those with a byte order mark, with half of a
surrogate pair in a field that nobody reads, or with a key that is given twice.
"""

from __future__ import annotations

import json
import re
from typing import Any, cast

import msgspec
from msgspec import inspect as types

from events.explain import find_fault, first_constant
from events.kinds import KINDS, Event
from events.letters import HIDDEN, PRIVATE, DeadLetter, Fault, excerpt, fit
from events.rules import RULES

_BOM = b"\xef\xbb\xbf"
_KEY = re.compile(rb'"(\w{1,64})"\s*:')
_INDEX = re.compile(r"\[\d+\]$")
_KEY_WINDOW_BYTES = 4096
_TRAILING = "goes on after its JSON has ended"
# An int of more digits than this overflows a float; Python refuses to parse very long ones.
_INT_DIGITS_MAX = 400

DECLARED = {cls: cast(types.StructType, types.type_info(cls)) for cls in KINDS.values()}
"""The declared fields of each struct."""

_ALL_FIELDS = {"kind"} | {
    field.encode_name for declared in DECLARED.values() for field in declared.fields
}


def letter_of(fault: Fault, kind: str | None) -> DeadLetter:
    """The dead letter of a fault in a row of this kind, its place still open."""
    detail = fault.detail if fault.field is None else f"`{fault.field}`: {fault.detail}"
    # Without a kind the row was no JSON, and the excerpt tells of nobody.
    root = re.split(r"[.\[]", fault.field or "", maxsplit=1)[0]
    is_private = kind is not None and root in PRIVATE
    return DeadLetter(
        reason=fault.reason,
        detail=detail,
        # The place in a list is for people; programs count by field.
        field=None if fault.field is None else _INDEX.sub("", fault.field),
        kind=kind,
        excerpt=HIDDEN if is_private and fault.excerpt else fault.excerpt,
    )


def reread(row: bytes, error: Exception) -> Event | DeadLetter | None:
    """The outcome of a row that the parser refused with `error`; None if the row is blank."""
    if not row.strip():
        return None
    text = row.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    try:
        value = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError) as problem:
        return _broken(row, problem)
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        return letter_of(_no_kind(value), None)
    cls = KINDS[kind]
    fault = find_fault(value, DECLARED[cls], None)
    if fault is None and (constant := first_constant(value)) is not None:
        fault = Fault("not_finite", constant, "must be finite")
    if fault is not None:
        return letter_of(fault, kind)
    names = [field.encode_name for field in DECLARED[cls].fields]
    known = {"kind": kind} | {name: value[name] for name in names if name in value}
    try:
        event: Event = msgspec.convert(known, cls)
    except (msgspec.MsgspecError, ValueError):
        return letter_of(Fault("invalid_json", None, str(error)), kind)
    rule = RULES.get(cls)
    fault = rule(event) if rule is not None else None
    return event if fault is None else letter_of(fault, kind)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < _INT_DIGITS_MAX else float(digits)


def _no_kind(value: Any) -> Fault:
    if not isinstance(value, dict):
        return Fault("wrong_type", None, "an event must be a JSON object")
    if "kind" not in value:
        return Fault("missing_field", "kind", "is missing")
    kind = value["kind"]
    if not isinstance(kind, str):
        return Fault("wrong_type", "kind", "must be a string")
    return Fault("unknown_kind", "kind", "is no kind of event", fit(kind[:40]))


def _broken(row: bytes, problem: Exception) -> DeadLetter:
    """The letter of a row that is no JSON: where it breaks, in which field if one was begun."""
    if isinstance(problem, RecursionError):
        return letter_of(Fault("invalid_json", None, "is nested too deeply", excerpt(row, 0)), None)
    reason, detail, at = _break(row, problem)
    # Past the end of a whole object no field is at fault.
    keys = [] if detail == _TRAILING else _KEY.findall(row[max(0, at - _KEY_WINDOW_BYTES) : at])
    field = next((key.decode() for key in reversed(keys) if key.decode() in _ALL_FIELDS), None)
    return letter_of(Fault(reason, field, detail, excerpt(row, at)), None)


def _break(row: bytes, problem: Exception) -> tuple[str, str, int]:
    """The reason, the detail and the byte at which a row that is no JSON breaks."""
    try:
        msgspec.json.decode(row)
    except UnicodeDecodeError:
        return "invalid_utf8", "holds bytes that are not UTF-8", 0
    except (msgspec.MsgspecError, RecursionError) as error:
        message = str(error)
        found = re.search(r"\(byte (\d+)\)", message)
        at = int(found[1]) if found else 0
        if "trailing characters" in message:
            return "invalid_json", _TRAILING, at
        # A number cut behind its point or sign breaks at the end and is not told as cut.
        if message == "Input data was truncated" or at >= len(row):
            return "truncated_json", "ends in the middle of its JSON", len(row)
        return "invalid_json", f"is no JSON: breaks at byte {at}", at
    return "invalid_json", f"is no JSON: {problem}", 0
