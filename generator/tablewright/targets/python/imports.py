"""The imports of a generated module: only what is used, in the order that ruff and isort want."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable

from tablewright.targets.python.code import LINE_LENGTH, Code, identifier, width

_STANDARD = sys.stdlib_module_names


class Imports:
    """Collects the imports of one module."""

    def __init__(self) -> None:
        self._names: dict[str, set[str]] = defaultdict(set)
        self._modules: dict[str, str] = {}

    def name(self, module: str, name: str) -> str:
        """Import *name* from *module* and return it."""
        self._names[module].add(name)
        return name

    def names(self, module: str, names: Iterable[str]) -> None:
        """Import several names from one module."""
        for name in names:
            self.name(module, name)

    def module(self, module: str, alias: str) -> str:
        """Import *module* as *alias* and return the alias."""
        self._modules[module] = alias
        return alias

    def lines(self, indent: int = 0) -> Code:
        """Return the import statements, grouped: standard library, installed packages, this package.

        The first line comes without its indent.
        """
        groups: list[list[str]] = [[], [], []]
        for module, alias in sorted(self._modules.items()):
            groups[0 if _is_standard(module) else 1].append(f"import {module} as {alias}")
        for module in sorted(self._names, key=_module_order):
            group = groups[2 if module.startswith(".") else 0 if _is_standard(module) else 1]
            names = sorted((_checked(name) for name in self._names[module]), key=_name_order)
            group += [f"from {module} import {name}" for name in names if " as " in name]
            plain = [Code(name) for name in names if " as " not in name]
            group += [_from(module, plain, indent)] if plain else []
        text = "\n\n".join("\n".join(group) for group in groups if group)
        return Code(text.replace("\n", f"\n{' ' * indent}").replace(f"\n{' ' * indent}\n", "\n\n"))


def _from(module: str, names: list[Code], indent: int) -> str:
    flat = f"from {module} import {', '.join(names)}"
    if indent + width(flat) <= LINE_LENGTH:
        return flat
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def _is_standard(module: str) -> bool:
    return module.split(".")[0] in _STANDARD


def _checked(name: str) -> str:
    return " as ".join(identifier(part) for part in name.split(" as "))


def _module_order(module: str) -> list[list[str | int]]:
    return [_natural(part) for part in module.split(".")]


def export_order(name: str) -> tuple[int, list[str | int]]:
    """Return the key by which names in `__all__` are sorted: constants, classes, the rest."""
    return _rank(name), _natural(name)


def _name_order(name: str) -> tuple[int, list[str | int], str]:
    return _rank(name), _natural(name.casefold()), name


def _rank(name: str) -> int:
    return 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2


def _natural(name: str) -> list[str | int]:
    """Return a key by which `tab2` comes before `tab16`."""
    return [int(part) if part.isdecimal() else part for part in re.split("([0-9]+)", name)]
