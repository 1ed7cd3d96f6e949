"""Schema → `aio.py`: every operation of the records once more, as a coroutine of the same parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tablewright.model.schema import Schema, Table
from tablewright.targets.python.code import Code, docstring, identifier
from tablewright.targets.python.imports import Imports
from tablewright.targets.python.names import twin_name
from tablewright.targets.python.relations import inverse_view, link_view

OF_THE_CLASS: Final = ("create", "bulk_create", "get", "all", "first", "count", "exists", "bulk_update", "bulk_upsert", "bulk_delete")  # fmt: skip
OF_A_RECORD: Final = ("save", "update", "refresh", "delete", "upload", "comments", "add_comment")
OF_THE_QUEUE: Final = (
    "claim", "heartbeat", "release", "request_cancel", "postpone", "queue_statistics", "workflow",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OperationView:
    line: Code


@dataclass(frozen=True, slots=True)
class LinkedView:
    name: Code
    annotation: Code
    doc: Code


@dataclass(frozen=True, slots=True)
class TwinView:
    name: Code
    doc: Code
    record: Code
    operations: tuple[OperationView, ...]
    linked: tuple[LinkedView, ...]


@dataclass(frozen=True, slots=True)
class AioView:
    source: Code
    doc: Code
    imports: Code
    twins: tuple[TwinView, ...]


def aio_view(schema: Schema, source: Code) -> AioView:
    """Return what `aio.py` prints."""
    imports = Imports()
    imports.names(".", [table.key for table in schema.tables])
    imports.names("tablewright.runtime.aio", ["in_thread", "listed_in_thread"])
    twins = tuple(_twin(schema, table) for table in schema.tables)
    doc = docstring(
        f"The operations of {schema.name} as coroutines, for programs that run in asyncio."
    )
    return AioView(source, doc, imports.lines(), twins)


def _twin(schema: Schema, table: Table) -> TwinView:
    name = identifier(table.key)
    lines = [_line(name, one, "in_thread") for one in OF_THE_CLASS]
    if any(field.kind.can_be_unique and field.is_writable for field in table.fields):
        lines.append(_line(name, "upsert", "in_thread"))
    listed = [one.key for one in table.queries]
    lines += [_line(name, one, "listed_in_thread") for one in ("where", "find_by", *listed)]
    lines += [_line(name, one.key, "in_thread") for one in table.statistics]
    lines += [_line(name, one, "in_thread") for one in OF_A_RECORD]
    transitions = table.lifecycle.transitions if table.lifecycle is not None else ()
    lines += [_line(name, one.key, "in_thread") for one in transitions]
    lines += [
        _line(name, relation.add.key, "in_thread")
        for relation in table.inverses
        if relation.add is not None
    ]
    if table.lifecycle is not None:
        lines.append(_line(name, "history", "in_thread"))
    if table.queue is not None:
        lines += [_line(name, one, "in_thread") for one in OF_THE_QUEUE]
    doc = (
        f"What {name} does, as coroutines: `await {name}.aio.get(…)`, `await {name}.aio.refresh(record)`.\n\n"
        "Each runs in a thread, so that it keeps no other coroutine waiting. Queries give their records as a list."
    )
    return TwinView(
        identifier(twin_name(table)),
        docstring(doc, " " * 4),
        name,
        tuple(lines),
        _linked(schema, table),
    )


def _linked(schema: Schema, table: Table) -> tuple[LinkedView, ...]:
    """Return what reads linked records; the record then has them at hand."""
    found = []
    for relation in table.relations:
        link = link_view(schema, relation, Imports())
        found.append(LinkedView(link.name, link.annotation, link.doc))
    for relation in table.inverses:
        if not relation.inverse:
            continue
        inverse = inverse_view(schema, relation)
        found.append(LinkedView(inverse.name, Code(f"list[{inverse.source}]"), inverse.doc))
    return tuple(found)


def _line(record: Code, operation: str, wrapper: str) -> OperationView:
    name = identifier(operation)
    return OperationView(Code(f"{name} = {wrapper}({record}.{name})"))
