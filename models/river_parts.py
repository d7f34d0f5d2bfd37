"""The parts of River that we use, loaded without the statistics library that others of it need.

River's packages load every class that they hold. Two of these, which we do not use, name a
function of `scipy.stats` each, and that library costs half a second and 45 MB in each process. It
is loaded when one of them is called.
"""

from __future__ import annotations

import importlib
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Later:
    """What a module will have under a name."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def _loaded(self) -> Any:
        return getattr(importlib.import_module(self._module), self._name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._loaded()(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loaded(), name)


class _Module(types.ModuleType):
    """Stands for a module that is not loaded yet."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Later(self.__name__, name)


@contextmanager
def _put_off(name: str) -> Iterator[None]:
    """Whatever is imported here gets the module's functions and loads none of them."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in = _Module(name)
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]


with _put_off("scipy.stats"):
    from river import base, drift, linear_model, optim, utils
    from river.__version__ import __version__

__all__ = ["__version__", "base", "drift", "linear_model", "optim", "utils"]
