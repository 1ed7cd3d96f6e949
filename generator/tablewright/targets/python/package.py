"""Schema → `__init__.py`: what the package offers."""

from __future__ import annotations

from dataclasses import dataclass

from tablewright.model.schema import Schema
from tablewright.targets.python.code import (
    Bracketed,
    Code,
    docstring,
    identifier,
    laid_out,
    literal,
)
from tablewright.targets.python.imports import Imports, export_order
from tablewright.targets.python.names import is_split, record_module, statistics_name


@dataclass(frozen=True, slots=True)
class PackageView:
    source: Code
    doc: Code
    imports: Code
    typing_imports: Code
    exported: Code
    lazy: Code


def package_view(schema: Schema, source: Code) -> PackageView:
    """Return what `__init__.py` prints. Enums and few records are imported at once, the rest when it is named."""
    imports, typing_imports = Imports(), Imports()
    imports.name("importlib", "import_module")
    imports.name("typing", "TYPE_CHECKING")
    imports.name("tablewright.runtime", "require_contract")
    imports.name("._schema", "CONTRACT")
    eager = [enum.key for enum in schema.enums]
    imports.names(".enums", eager)
    lazy: dict[str, str] = {}
    for table in schema.tables:
        if is_split(schema):
            module = record_module(schema, table.key)
            lazy[typing_imports.name(f".{module}", table.key)] = module
        else:
            eager.append(imports.name(".models", table.key))
        for name in (f"{table.key}Create", f"{table.key}Update"):
            lazy[typing_imports.name(".inputs", name)] = "inputs"
        for statistics in table.statistics:
            lazy[typing_imports.name(".statistics", statistics_name(schema, table, statistics))] = (
                "statistics"
            )
    exported = sorted([*eager, *lazy], key=export_order)
    entries = Bracketed.of(
        "{",
        [Code(f"{literal(name)}: {literal(module)}") for name, module in sorted(lazy.items())],
        "}",
    )
    return PackageView(
        source,
        docstring(schema.description or f"The records of {schema.name}."),
        imports.lines(),
        typing_imports.lines(4),
        laid_out(
            Bracketed.of("[", [literal(identifier(name)) for name in exported], "]"),
            0,
            lead="__all__ = ",
        ),
        laid_out(entries, 0, lead="_LAZY = "),
    )
