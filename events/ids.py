"""The length of ids in bytes, which a parser that counts characters cannot hold.

Only rows with characters outside of ASCII need this look.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from msgspec import inspect as types

from events.fields import ID_BYTES_MAX
from events.kinds import Event
from events.letters import Fault, fit
from events.refused import DECLARED


def _bounded(declared: types.Type) -> bool:
    """Whether the type is one of an id or tag, which is bounded in length."""
    if isinstance(declared, types.UnionType):
        return any(_bounded(member) for member in declared.types)
    return isinstance(declared, types.StrType) and declared.max_length is not None


def _texts(declared: types.StructType) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.encode_name for field in declared.fields if _bounded(field.type))
    if len(names) > 1:
        return names, operator.attrgetter(*names)
    return names, lambda event: tuple(getattr(event, name) for name in names)


# Of each struct: the fields that hold an id or a tag, with a getter of all of them at once.
_TEXTS = {cls: _texts(declared) for cls, declared in DECLARED.items()}
# Of the structs that have any: the fields that hold lists of ids or tags.
_LISTS = {
    cls: names
    for cls, declared in DECLARED.items()
    if (
        names := tuple(
            field.encode_name
            for field in declared.fields
            for member in getattr(field.type, "types", (field.type,))
            if isinstance(member, types.ListType) and _bounded(member.item_type)
        )
    )
}


def long_id(event: Event) -> Fault | None:
    """The fault of the first id or tag over the limit of bytes, or None."""
    names, values_of = _TEXTS[type(event)]
    for at, value in enumerate(values_of(event)):
        # A character is at most four bytes.
        if value is not None and len(value) > ID_BYTES_MAX // 4:
            size = len(value.encode())
            if size > ID_BYTES_MAX:
                return _oversize(names[at], size, value)
    for name in _LISTS.get(type(event), ()):
        for value in getattr(event, name) or ():
            size = len(value.encode())
            if size > ID_BYTES_MAX:
                return _oversize(name, size, value)
    return None


def _oversize(name: str, size: int, value: str) -> Fault:
    detail = f"must be at most {ID_BYTES_MAX} bytes, is {size:,}"
    return Fault("id_too_long", name, detail, fit(value[:10]))
