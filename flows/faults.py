"""The error that our code raised into the engine, which loses it where several processes run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

_P = ParamSpec("_P")
_R = TypeVar("_R")

_noted: list[Exception] = []
_at_close: list[Exception] = []


def noted(call: Callable[_P, _R]) -> Callable[_P, _R]:
    """The same function, whose error is kept; the end of an input is none."""

    @functools.wraps(call)
    def calling(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return call(*args, **kwargs)
        except StopIteration:
            raise
        except Exception as error:
            _noted.append(error)
            raise

    return calling


def held_back(close: Callable[[], None]) -> Callable[[], None]:
    """The same closing, whose error waits for the others': a second one would abort the process."""

    @functools.wraps(close)
    def closing() -> None:
        try:
            close()
        except Exception as error:
            _at_close.append(error)

    return closing


def forget() -> None:
    """A run begins."""
    _noted.clear()
    _at_close.clear()


def at_close() -> Exception | None:
    """The first error of those that came while all was closed."""
    return _at_close[0] if _at_close else None


def first() -> Exception | None:
    """The first error of this process's run."""
    return _noted[0] if _noted else None


class NotedSource(FixedPartitionedSource[Any, Any]):
    """Another source, whose errors are kept."""

    def __init__(self, source: FixedPartitionedSource[Any, Any]) -> None:
        self._source = source
        self._build = noted(source.build_part)

    def list_parts(self) -> list[str]:
        """Those of the other."""
        return self._source.list_parts()

    def build_part(
        self, step_id: str, for_part: str, resume_state: Any
    ) -> StatefulSourcePartition[Any, Any]:
        """One of the other's."""
        part = self._build(step_id, for_part, resume_state)
        part.next_batch = noted(part.next_batch)  # type: ignore[method-assign]
        part.snapshot = noted(part.snapshot)  # type: ignore[method-assign]
        return part


class NotedSink(FixedPartitionedSink[Any, Any]):
    """Another sink, whose errors are kept."""

    def __init__(self, sink: FixedPartitionedSink[Any, Any]) -> None:
        self._sink = sink
        self._build = noted(sink.build_part)

    def list_parts(self) -> list[str]:
        """Those of the other."""
        return self._sink.list_parts()

    def part_fn(self, item_key: str) -> int:
        """That of the other."""
        return self._sink.part_fn(item_key)

    def build_part(
        self, step_id: str, for_part: str, resume_state: Any
    ) -> StatefulSinkPartition[Any, Any]:
        """One of the other's."""
        part = self._build(step_id, for_part, resume_state)
        part.write_batch = noted(part.write_batch)  # type: ignore[method-assign]
        part.close = held_back(part.close)  # type: ignore[method-assign]
        part.snapshot = noted(part.snapshot)  # type: ignore[method-assign]
        return part
