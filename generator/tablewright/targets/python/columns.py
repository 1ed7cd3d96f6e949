"""Tables → `columns.py`: the fields as conditions see them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tablewright.expressions.columns import column_source
from tablewright.expressions.missing import is_blank_without_record
from tablewright.expressions.types import ValueType
from tablewright.model.schema import Computed, Field, Relation, Schema, Table
from tablewright.targets.python.code import Code, call, docstring, identifier, laid_out, literal
from tablewright.targets.python.imports import Imports

_COLUMNS: Final = {
    "text": "TextColumn",
    "integer": "IntegerColumn",
    "number": "NumberColumn",
    "boolean": "BooleanColumn",
    "datetime": "DatetimeColumn",
    "date": "DateColumn",
    "duration": "DurationColumn",
    "enum": "ChoiceColumn",
    "list": "ChoicesColumn",
    "json": "JsonColumn",
    "opaque": "OpaqueColumn",
}
_TERMS: Final = {
    "text": "Text",
    "integer": "Number",
    "number": "Number",
    "boolean": "Condition",
    "datetime": "Datetime",
    "date": "Date",
    "duration": "Duration",
}


@dataclass(frozen=True, slots=True)
class ColumnView:
    line: Code


@dataclass(frozen=True, slots=True)
class ComputedColumnView:
    name: Code
    annotation: Code
    doc: Code
    source: Code


@dataclass(frozen=True, slots=True)
class DerivedView:
    key: Code
    source: Code


@dataclass(frozen=True, slots=True)
class ColumnsClassView:
    name: Code
    doc: Code
    columns: tuple[ColumnView, ...]
    computed: tuple[ComputedColumnView, ...]
    derived: tuple[DerivedView, ...]


@dataclass(frozen=True, slots=True)
class ColumnsView:
    source: Code
    doc: Code
    imports: Code
    classes: tuple[ColumnsClassView, ...]


def columns_view(schema: Schema, source: Code) -> ColumnsView:
    """Return what `columns.py` prints."""
    imports = Imports()
    imports.name("tablewright.runtime", "columns as _")
    first = schema.tables[0]
    example = f"{first.key}.where({first.key}.c.{first.fields[0].key}.is_not_none())"
    doc = docstring(f"The fields of {schema.name} in conditions, as in ``{example}``.")
    classes = tuple(_class_view(table, imports) for table in schema.tables)
    return ColumnsView(source, doc, imports.lines(), classes)


def _class_view(table: Table, imports: Imports) -> ColumnsClassView:
    columns = (
        *(_column_view(field.key, _column(field, imports)) for field in table.fields),
        *(
            _column_view(
                one.key, _link("LinksColumn" if one.many else "LinkColumn", one.target, one)
            )
            for one in table.relations
        ),
        *(
            _column_view(one.inverse, _link("LinksColumn", one.source, None))
            for one in table.inverses
            if one.inverse
        ),
    )
    can_be_missing = any(not one.many for one in table.inverses)
    computed = tuple(
        _computed_view(one, imports, can_be_missing=can_be_missing) for one in table.computed
    )
    return ColumnsClassView(
        identifier(f"{table.key}Columns"),
        docstring(f"The fields of {table.key}."),
        columns,
        computed,
        tuple(_derived_views(table, imports)),
    )


def _column_view(name: str, column: Code) -> ColumnView:
    return ColumnView(laid_out(column, 4, lead=f"{identifier(name)} = "))


def _column(field: Field, imports: Imports) -> Code:
    arguments: list[Code] = []
    if field.enum is not None:
        arguments.append(Code(imports.name(".enums", field.enum.key)))
    options = {"nullable": literal(True)} if field.type.nullable else {}
    return call(f"_.{_COLUMNS[field.type.kind]}", arguments, options)


def _link(kind: str, target: str, relation: Relation | None) -> Code:
    options = {}
    if relation is not None and relation.required:
        options["nullable"] = literal(False)
    columns = f"{identifier(target)}Columns"
    return call(f'_.{kind}["{columns}"]', [Code(f"lambda: {columns}"), literal(target)], options)


def _computed_view(
    computed: Computed, imports: Imports, *, can_be_missing: bool
) -> ComputedColumnView:
    source = column_source(computed.node, columns="self")
    is_wrapped = can_be_missing and not is_blank_without_record(computed.node)
    imports.names(".enums", sorted(source.enums))
    text = computed.description or computed.text
    return ComputedColumnView(
        identifier(computed.key),
        _expression_annotation(computed.type, imports),
        docstring(text, " " * 8),
        Code(f"self._where_there({source.text})" if is_wrapped else source.text),
    )


def _derived_views(table: Table, imports: Imports) -> Iterator[DerivedView]:
    for field in table.fields:
        if field.computation is not None and field.computation.node is not None:
            source = column_source(field.computation.node, columns="self")
            imports.names(".enums", sorted(source.enums))
            yield DerivedView(literal(field.key), Code(source.text))


def _expression_annotation(one: ValueType, imports: Imports) -> Code:
    if one.kind == "enum":
        return Code(f"_.Member[{imports.name('.enums', one.name)}]")
    return Code(f"_.{_TERMS[one.kind]}")
