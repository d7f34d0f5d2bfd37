"""Why a value does not fit a field's declared type: the fault, its field and a reason code.

The fast parser says only that something is wrong. This walks the same declarations
(`events.kinds`, `events.fields`) and is used for faulty rows alone, so it may be slow. It must
find a fault in exactly those values that the parser refuses; a test compares the two.
"""

from __future__ import annotations

import json
import math
import operator
import re
from typing import Any

from msgspec import inspect as types

from events.fields import ID_BYTES_MAX, TIME_MS_END, TIME_MS_MIN
from events.letters import Fault, fit

_VALUE_CHARS_MAX = 40


def find_fault(value: object, declared: types.Type, field: str | None) -> Fault | None:
    """The first fault of a parsed JSON value against a declared type, or None if it fits."""
    match declared:
        case types.UnionType():
            return _union(value, declared, field)
        case types.StructType():
            return _struct(value, declared, field)
        case types.StrType():
            return _text(value, declared, field)
        case types.IntType() | types.FloatType():
            return _number(value, declared, field)
        case types.LiteralType():
            return _literal(value, declared, field)
        case types.ListType():
            return _list(value, declared, field)
        case types.TupleType():
            return _tuple(value, declared, field)
        case types.DictType():
            return _dict(value, declared, field)
        case types.BoolType() if not isinstance(value, bool):
            return _wrong_type(value, "true or false", field)
        case types.NoneType() if value is not None:
            return _wrong_type(value, "null", field)
    return None


def _inside(field: str | None, name: str) -> str:
    return name if field is None else f"{field}.{name}"


def _show(value: object) -> str:
    if isinstance(value, str):
        value = value[:_VALUE_CHARS_MAX]
    elif isinstance(value, (list, dict)):
        return "[…]" if isinstance(value, list) else "{…}"
    return fit(json.dumps(value, ensure_ascii=False)[: _VALUE_CHARS_MAX + 2])


def _json_type(value: object) -> str:
    names = {bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    if value is None:
        return "null"
    return names.get(type(value), "a number")


def _wrong_type(value: object, wanted: str, field: str | None) -> Fault:
    detail = f"must be {wanted}, is {_json_type(value)}"
    return Fault("wrong_type", field, detail, _show(value))


def _struct(value: object, declared: types.StructType, field: str | None) -> Fault | None:
    if not isinstance(value, dict):
        return _wrong_type(value, "an object", field)
    for member in declared.fields:
        name = _inside(field, member.encode_name)
        if member.encode_name not in value:
            if member.required:
                return Fault("missing_field", name, "is missing")
            continue
        fault = find_fault(value[member.encode_name], member.type, name)
        if fault is not None:
            return fault
    return None


def _union(value: object, declared: types.UnionType, field: str | None) -> Fault | None:
    """A union of unlike JSON types: the value's own type picks the member."""
    members = [member for member in declared.types if _admits(member, value)]
    if members:
        return find_fault(value, members[0], field)
    choices = [_name(member) for member in declared.types if not isinstance(member, types.NoneType)]
    return _wrong_type(value, " or ".join(choices), field)


def _admits(declared: types.Type, value: object) -> bool:
    match declared:
        case types.NoneType():
            return value is None
        case types.BoolType():
            return isinstance(value, bool)
        case types.IntType() | types.FloatType():
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case types.StrType() | types.LiteralType():
            return isinstance(value, str)
        case types.ListType() | types.TupleType():
            return isinstance(value, list)
    return isinstance(value, dict)


def _name(declared: types.Type) -> str:
    match declared:
        case types.BoolType():
            return "true or false"
        case types.IntType():
            return "a whole number"
        case types.FloatType():
            return "a number"
        case types.StrType() | types.LiteralType():
            return "a string"
        case types.ListType() | types.TupleType():
            return "a list of strings"
    return "an object"


def text_fault(value: str, field: str | None) -> Fault | None:
    """A fault if the text cannot be written as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        code = ord(value[error.start])
        # Bytes that were no UTF-8 come here as the surrogates of PEP 383.
        if 0xDC80 <= code <= 0xDCFF:
            detail = f"holds the byte 0x{code - 0xDC00:02x}, which is not UTF-8 there"
        else:
            detail = f"holds \\u{code:04x}, half of a surrogate pair"
        nearby = value[max(0, error.start - 8) : error.start + 8]
        return Fault("invalid_utf8", field, detail, fit(nearby))
    return None


def _text(value: object, declared: types.StrType, field: str | None) -> Fault | None:
    if not isinstance(value, str):
        return _wrong_type(value, "a string", field)
    fault = text_fault(value, field)
    if fault is not None:
        return fault
    if declared.min_length and not value:
        return Fault("empty_id", field, "must not be empty")
    if declared.max_length is not None:
        size = len(value.encode())
        if size > ID_BYTES_MAX:
            detail = f"must be at most {ID_BYTES_MAX} bytes, is {size:,}"
            return Fault("id_too_long", field, detail, _show(value))
    if declared.pattern is not None and not re.search(declared.pattern, value):
        return Fault("invalid_value", field, "must be a time of day, HH:MM", _show(value))
    return None


def _number(
    value: object, declared: types.IntType | types.FloatType, field: str | None
) -> Fault | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _wrong_type(value, _name(declared), field)
    if isinstance(value, float) and not math.isfinite(value):
        return Fault("not_finite", field, "must be finite", _show(value))
    if isinstance(declared, types.IntType):
        if isinstance(value, float):
            return Fault("wrong_type", field, "must be a whole number", _show(value))
    else:
        try:
            float(value)
        except OverflowError:
            return Fault("not_finite", field, "is too large for a number", _show(value))
    bounds = (
        (declared.ge, "at least", operator.ge),
        (declared.gt, "more than", operator.gt),
        (declared.le, "at most", operator.le),
        (declared.lt, "less than", operator.lt),
    )
    for bound, words, holds in bounds:
        if bound is not None and not holds(value, bound):
            said = f"must be {words} {bound}{_other_unit(value, bound)}"
            return Fault("out_of_range", field, said, _show(value))
    return None


def _other_unit(value: float, bound: float) -> str:
    """What to do where a time makes sense in another unit than milliseconds."""
    if bound == TIME_MS_MIN and TIME_MS_MIN <= value * 1_000 < TIME_MS_END:
        return "; it looks like seconds: write milliseconds"
    if bound == TIME_MS_END and TIME_MS_MIN <= value // 1_000 < TIME_MS_END:
        return "; it looks like microseconds: write milliseconds"
    return ""


def _literal(value: object, declared: types.LiteralType, field: str | None) -> Fault | None:
    if not isinstance(value, str):
        return _wrong_type(value, "a string", field)
    if value not in declared.values:
        choices = ", ".join(str(choice) for choice in declared.values)
        return Fault("invalid_value", field, f"must be one of {choices}", _show(value))
    return None


def _list(value: object, declared: types.ListType, field: str | None) -> Fault | None:
    if not isinstance(value, list):
        return _wrong_type(value, "a list", field)
    faults = (find_fault(item, declared.item_type, f"{field}[{i}]") for i, item in enumerate(value))
    return next((fault for fault in faults if fault is not None), None)


def _tuple(value: object, declared: types.TupleType, field: str | None) -> Fault | None:
    if not isinstance(value, list):
        return _wrong_type(value, "a list", field)
    if len(value) != len(declared.item_types):
        detail = f"must have {len(declared.item_types)} items, has {len(value)}"
        return Fault("wrong_type", field, detail)
    pairs = zip(value, declared.item_types, strict=True)
    faults = (find_fault(item, wanted, f"{field}[{i}]") for i, (item, wanted) in enumerate(pairs))
    return next((fault for fault in faults if fault is not None), None)


def _dict(value: object, declared: types.DictType, field: str | None) -> Fault | None:
    if not isinstance(value, dict):
        return _wrong_type(value, "an object", field)
    for name, item in value.items():
        inside = f"{field}.{fit(name[:_VALUE_CHARS_MAX])}"
        fault = text_fault(name, inside) or find_fault(item, declared.value_type, inside)
        if fault is not None:
            return fault
    return None


def first_constant(value: Any, field: str | None = None) -> str | None:
    """The path of the first NaN or infinity anywhere in a parsed JSON value, or None."""
    stack: list[tuple[str | None, Any]] = [(field, value)]
    while stack:
        at, item = stack.pop()
        if isinstance(item, float) and not math.isfinite(item):
            return at or ""
        if isinstance(item, dict):
            stack.extend((_inside(at, fit(name[:_VALUE_CHARS_MAX])), v) for name, v in item.items())
        elif isinstance(item, list):
            stack.extend((at, v) for v in item)
    return None
