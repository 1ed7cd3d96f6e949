"""Model → the README of the generated package: what there is, as tables and diagrams."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tablewright.history import history_name
from tablewright.model.lifecycle import Lifecycle
from tablewright.model.queries import Query, Statistics
from tablewright.model.schema import Enum, Field, Schema, Table
from tablewright.targets.docs.diagrams import er_diagram, state_diagram
from tablewright.targets.docs.markdown import code, prose
from tablewright.targets.docs.notes import field_notes, inverse_notes, queue_notes, relation_notes
from tablewright.targets.python.code import Code


@dataclass(frozen=True, slots=True)
class RowView:
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatisticsView:
    title: str
    about: str
    measures: tuple[RowView, ...]


@dataclass(frozen=True, slots=True)
class TableView:
    name: str
    about: str
    fields: tuple[RowView, ...]
    relations: tuple[RowView, ...]
    computed: tuple[RowView, ...]
    state_diagram: str
    transitions: tuple[RowView, ...]
    history: str
    queries: tuple[RowView, ...]
    statistics: tuple[StatisticsView, ...]
    queue: tuple[str, ...]


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
        # Two of them would end the comment that it stands in.
        source.replace("--", "-"),
        prose(schema.name),
        prose(schema.description),
        er_diagram(schema),
        tuple(_table_view(schema, table) for table in schema.tables),
        tuple(_enum_view(enum) for enum in schema.enums),
    )


def _table_view(schema: Schema, table: Table) -> TableView:
    lifecycle = table.lifecycle
    about = f"{_sentence(table.description)} In Airtable: **{prose(table.name)}**.".strip()
    history = ""
    if lifecycle is not None and lifecycle.history:
        name = prose(history_name(table.name))
        history = (
            f"Every transition leaves a row: who, when, from, to, why. In Airtable: **{name}**."
        )
    return TableView(
        name=prose(table.key),
        about=about,
        fields=tuple(_field_row(field) for field in table.fields),
        relations=tuple(_relation_rows(table)),
        computed=tuple(
            RowView((code(one.key), prose(str(one.type)), code(one.text), prose(one.description))) for one in table.computed
        ),
        state_diagram=state_diagram(schema, lifecycle) if lifecycle is not None else "",
        transitions=tuple(_transition_rows(schema, lifecycle)) if lifecycle is not None else (),
        history=history,
        queries=tuple(_query_row(one) for one in table.queries),
        statistics=tuple(_statistics_view(one) for one in table.statistics),
        queue=tuple(queue_notes(table, table.queue)) if table.queue is not None else (),
    )  # fmt: skip


def _field_row(field: Field) -> RowView:
    written = field.enum.key if field.enum is not None else field.kind.name
    if field.kind.listed and field.enum is not None:
        written = f"[{written}]"
    return RowView(
        (
            code(field.key),
            prose(field.name),
            code(written),
            ", ".join(field_notes(field)),
            prose(field.description),
        )
    )


def _relation_rows(table: Table) -> Iterator[RowView]:
    for one in table.relations:
        kind = f"{'many' if one.many else 'one'} {one.target}"
        yield RowView((code(one.key), prose(one.name), code(kind), ", ".join(relation_notes(one)), prose(one.description)))  # fmt: skip
    for one in table.inverses:
        if one.inverse:
            kind = f"many {one.source}"
            yield RowView((code(one.inverse), prose(one.inverse_name), code(kind), ", ".join(inverse_notes(one)),
                           prose(one.inverse_description)))  # fmt: skip


def _transition_rows(schema: Schema, lifecycle: Lifecycle) -> Iterator[RowView]:
    enum = schema.enum(lifecycle.enum)
    for one in lifecycle.transitions:
        sources = ", ".join(enum.value(source).label for source in one.sources)
        takes = [argument.key for argument in one.takes]
        sets = ", ".join(code(assignment.field) for assignment in one.sets)
        yield RowView((code(_signature(one.key, takes)), prose(sources), prose(enum.value(one.target).label), code(one.guard_text),
                       sets, prose(one.description)))  # fmt: skip


def _query_row(query: Query) -> RowView:
    order = [code(str(one)) for one in query.order_by]
    if query.limit is not None:
        order.append(f"the first {query.limit}")
    called = _signature(query.key, [*(one.key for one in query.takes), *query.filter_by])
    return RowView(
        (code(called), code(query.where_text), ", ".join(order), prose(query.description))
    )


def _statistics_view(statistics: Statistics) -> StatisticsView:
    given = [*(one.key for one in statistics.takes), *statistics.filter_by]
    where = f"Of the records where {code(statistics.where_text)}." if statistics.where_text else ""
    return StatisticsView(
        code(_signature(statistics.key, given)),
        f"{_sentence(statistics.description)} {where}".strip(),
        tuple(RowView((code(one.key), code(one.text))) for one in statistics.measures),
    )


def _enum_view(enum: Enum) -> EnumView:
    values = tuple(
        RowView((code(value.key), prose(value.label), code(value.color), prose(value.description)))
        for value in enum.values
    )
    return EnumView(prose(enum.key), prose(enum.description), values)


def _signature(name: str, parameters: Iterable[str]) -> str:
    return f"{name}({', '.join(parameters)})"


def _sentence(text: str) -> str:
    """Return *text* as prose that another sentence can follow."""
    flat = prose(text)
    return flat if not flat or flat.endswith((".", "!", "?", "…", ":")) else f"{flat}."
