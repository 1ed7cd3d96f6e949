"""Model → the README of the generated package: what there is, as tables and diagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tablewright.model.lifecycle import Lifecycle
from tablewright.model.schema import Enum, Field, Relation, Schema, Table
from tablewright.targets.python.code import Code


@dataclass(frozen=True, slots=True)
class RowView:
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    name: str
    airtable: str
    description: str
    fields: tuple[RowView, ...]
    relations: tuple[RowView, ...]
    computed: tuple[RowView, ...]
    state_diagram: str
    transitions: tuple[RowView, ...]
    queries: tuple[RowView, ...]
    statistics: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class EnumView:
    name: str
    description: str
    values: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class ReadmeView:
    source: str
    title: str
    description: str
    er_diagram: str
    tables: tuple[TableView, ...]
    enums: tuple[EnumView, ...]


def readme_view(schema: Schema, source: Code) -> ReadmeView:
    """Return what the package's README prints."""
    return ReadmeView(
        prose(source),
        prose(schema.name),
        prose(schema.description),
        er_diagram(schema),
        tuple(_table_view(schema, table) for table in schema.tables),
        tuple(_enum_view(enum) for enum in schema.enums),
    )


def prose(text: str) -> str:
    """Return *text* as one paragraph of Markdown in which nothing is markup."""
    flat = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>#|~!])", r"\\\1", flat)


def code(text: str) -> str:
    """Return *text* as code in a Markdown table."""
    flat = " ".join(text.split()).replace("|", "\\|")
    longest = max((len(run) for run in re.findall(r"`+", flat)), default=0)
    fence = "`" * (longest + 1)
    space = " " if "`" in flat else ""
    return f"{fence}{space}{flat}{space}{fence}" if flat else ""


def _table_view(schema: Schema, table: Table) -> TableView:
    lifecycle = table.lifecycle
    return TableView(
        name=prose(table.key),
        airtable=prose(table.name),
        description=prose(table.description),
        fields=tuple(_field_row(field) for field in table.fields),
        relations=tuple(_relation_rows(table)),
        computed=tuple(
            RowView((code(one.key), prose(str(one.type)), code(one.text), prose(one.description))) for one in table.computed
        ),
        state_diagram=state_diagram(schema, lifecycle) if lifecycle is not None else "",
        transitions=tuple(_transition_rows(schema, lifecycle)) if lifecycle is not None else (),
        queries=tuple(
            RowView((code(_signature(one.key, [*(a.key for a in one.takes), *one.filter_by])), code(one.where_text), prose(one.description)))
            for one in table.queries
        ),
        statistics=tuple(
            RowView((code(_signature(one.key, one.filter_by)), code(measure.key), code(measure.text)))
            for one in table.statistics
            for measure in one.measures
        ),
    )  # fmt: skip


def _signature(name: str, parameters: object) -> str:
    names = parameters if isinstance(parameters, (list, tuple)) else ()
    return f"{name}({', '.join(names)})"


def _field_row(field: Field) -> RowView:
    written = field.enum.key if field.enum is not None else field.kind.name
    if field.kind.listed and field.enum is not None:
        written = f"[{written}]"
    return RowView(
        (
            code(field.key),
            prose(field.name),
            code(written),
            prose(", ".join(_notes(field))),
            prose(field.description),
        )
    )


def _notes(field: Field) -> Iterator[str]:
    bounds = field.bounds
    if field.required:
        yield "required"
    if field.has_default:
        yield f"default {field.default}"
    if field.unique:
        yield "unique"
    if field.index:
        yield "indexed"
    for name, value in (
        ("at least", bounds.minimum),
        ("at most", bounds.maximum),
        ("at least this many characters:", bounds.min_length),
        ("at most this many characters:", bounds.max_length),
        ("matches", bounds.pattern),
    ):
        if value is not None:
            yield f"{name} {value}"
    if not field.is_writable:
        yield "calculated by Airtable"


def _relation_rows(table: Table) -> Iterator[RowView]:
    for relation in table.relations:
        notes = [
            word
            for word, holds in (("required", relation.required), ("acyclic", relation.acyclic))
            if holds
        ]
        kind = f"{'many' if relation.many else 'one'} {relation.target}"
        yield RowView(
            (
                code(relation.key),
                prose(relation.name),
                code(kind),
                prose(", ".join(notes)),
                prose(relation.description),
            )
        )
    for relation in table.inverses:
        if relation.inverse:
            other = f"the other side of {relation.source}.{relation.key}"
            yield RowView((code(relation.inverse), prose(relation.inverse_name), code(f"many {relation.source}"), prose(other),
                           prose(relation.inverse_description)))  # fmt: skip


def _transition_rows(schema: Schema, lifecycle: Lifecycle) -> Iterator[RowView]:
    enum = schema.enum(lifecycle.enum)
    for one in lifecycle.transitions:
        sources = ", ".join(enum.value(source).label for source in one.sources)
        takes = [argument.key for argument in one.takes]
        yield RowView((code(_signature(one.key, takes)), prose(sources), prose(enum.value(one.target).label), code(one.guard_text),
                       prose(one.description)))  # fmt: skip


def _enum_view(enum: Enum) -> EnumView:
    values = tuple(
        RowView((code(value.key), prose(value.label), code(value.color), prose(value.description)))
        for value in enum.values
    )
    return EnumView(prose(enum.key), prose(enum.description), values)


def _label(text: str) -> str:
    """Return *text* as a label that Mermaid takes literally: its own entity codes for whatever could end it."""
    flat = " ".join(text.split())
    return "".join(
        sign if sign.isalnum() or sign in " -_.,()" else f"#{ord(sign)};" for sign in flat
    )


def state_diagram(schema: Schema, lifecycle: Lifecycle) -> str:
    """Return the state machine as a Mermaid diagram."""
    enum = schema.enum(lifecycle.enum)
    lines = ["stateDiagram-v2"]
    lines += [
        f'    state "{_label(enum.value(state).label)}" as {state}' for state in lifecycle.states
    ]
    lines.append(f"    [*] --> {lifecycle.initial}")
    for one in lifecycle.transitions:
        guard = " [guarded]" if one.guard is not None else ""
        lines += [f"    {source} --> {one.target}: {one.key}{guard}" for source in one.sources]
    entered = {one.target for one in lifecycle.transitions} | {lifecycle.initial}
    lines += [f"    {state} --> [*]" for state in lifecycle.final_states if state in entered]
    return "\n".join(lines)


def er_diagram(schema: Schema) -> str:
    """Return tables and links as a Mermaid diagram."""
    lines = ["erDiagram"]
    for table in schema.tables:
        lines.append(f"    {table.key} {{")
        for field in table.fields:
            written = field.enum.key if field.enum is not None else field.kind.name
            lines.append(f"        {written} {field.key}")
        lines.append("    }")
    for table in schema.tables:
        own = [relation for relation in table.relations if relation.target == table.key]
        others = [relation for relation in table.relations if relation.target != table.key]
        lines += [f"    {_edge([relation])}" for relation in others]
        # Mermaid draws several links of a table to itself on top of one another.
        lines += [f"    {_edge(own)}"] if own else []
    return "\n".join(lines)


def _edge(relations: list[Relation]) -> str:
    first = max(relations, key=lambda relation: relation.many)
    ends = "}o--o{" if first.many else "}o--||" if first.required else "}o--o|"
    names = ", ".join(relation.key for relation in relations)
    return f'{first.source} {ends} {first.target} : "{names}"'
