# ruff: noqa: SLF001  # what is private to records, columns and queries is shared by the modules that make them up
"""Modules that are imported when something of them is first used, so that defining records stays cheap. A leaf."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


class Deferred:
    """Stands for a module. Each name is looked up once; type checkers see the module itself (`if TYPE_CHECKING`)."""

    def __init__(self, module: str) -> None:
        self.__dict__["deferred_module"] = module

    def __getattr__(self, name: str) -> Any:
        found = getattr(import_module(self.__dict__["deferred_module"]), name)
        self.__dict__[name] = found
        return found


class _Columns:
    """A record class's attribute `c`, which replaces itself when it is first read."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name
        self._owner: type | None = None
        self._attribute = ""

    def __set_name__(self, owner: type, attribute: str) -> None:
        self._owner = owner
        self._attribute = attribute

    def __get__(self, instance: object, owner: type) -> Any:
        found = getattr(import_module(self._module), self._name)()
        setattr(self._owner or owner, self._attribute, found)
        return found


class _Twin:
    """A record class's attribute `aio`: imported when it is first read."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        return getattr(import_module(self._module), self._name)


def twin_of(module: str, name: str) -> Any:
    """Return a class attribute that is the class *name* of the module `aio` beside *module*."""
    return _Twin(f"{module.rpartition('.')[0]}.aio", name)


def columns_of(module: str, name: str) -> Any:
    """Return a class attribute that is the namespace *name* of the module `columns` beside *module*."""
    return _Columns(f"{module.rpartition('.')[0]}.columns", name)


def derived_by(module: str, name: str) -> Callable[[], Any]:
    """Return a function that gives the values of `derived` of the namespace *name* of the module `columns` beside *module*."""
    package = module.rpartition(".")[0]
    return lambda: getattr(import_module(f"{package}.columns"), name)()._derived()
