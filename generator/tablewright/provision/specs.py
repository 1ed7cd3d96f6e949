"""Model → the specifications that the runtime's SQL tables are made of, as generated code would spell them out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from tablewright.model.schema import Enum, Field, Relation, Schema, Table
from tablewright.names import sql_table
from tablewright.runtime.choice import Choice, OrderedChoice
from tablewright.runtime.spec import (
    FieldSpec,
    LifecycleSpec,
    QueueSpec,
    RelationSpec,
    TableSpec,
    TransitionSpec,
)


def table_specs(schema: Schema) -> tuple[TableSpec, ...]:
    """Return the specifications of all tables."""
    choices = {one.key: _choices(one) for one in schema.enums}
    found: list[TableSpec] = []
    for table in schema.tables:
        found.append(_table(table, choices, lambda: tuple(found)))
    return tuple(found)


def _choices(enum: Enum) -> type[Choice]:
    base = OrderedChoice if enum.ordered else Choice
    made: Any = cast("Any", base)(enum.key, {value.key: value.label for value in enum.values})
    return cast("type[Choice]", made)


def _table(
    table: Table,
    choices: dict[str, type[Choice]],
    tables: Callable[[], tuple[TableSpec, ...]],
) -> TableSpec:
    return TableSpec(
        key=table.key,
        name=table.name,
        sql_name=sql_table(table.key),
        # What a database works out whenever it is read is kept nowhere.
        fields=tuple(
            _field(one, choices)
            for one in table.fields
            if not (one.is_derived or one.kind.name == "lookup")
        ),
        relations=tuple(_relation(one) for one in table.relations),
        lifecycle=_lifecycle(table, choices),
        queue=_queue(table),
        tables=tables,
    )


def _lifecycle(table: Table, choices: dict[str, type[Choice]]) -> LifecycleSpec | None:
    found = table.lifecycle
    if found is None:
        return None
    states = choices[found.enum]
    transitions = tuple(
        TransitionSpec(one.key, tuple(states[source] for source in one.sources), states[one.target])
        for one in found.transitions
    )
    return LifecycleSpec(found.field, states[found.initial], transitions, found.history)


def _queue(table: Table) -> QueueSpec | None:
    found = table.queue
    if found is None:
        return None
    return QueueSpec(
        take=found.take,
        done=found.done,
        fail=found.fail,
        order_by=tuple(str(one) for one in found.order_by),
        lease=found.lease,
        timeout=found.timeout,
    )


def _relation(one: Relation) -> RelationSpec:
    return RelationSpec(
        one.key, one.name, one.target, one.many, one.inverse or None, one.acyclic, one.required,
        cast("Any", one.on_delete),
    )  # fmt: skip


def _field(one: Field, choices: dict[str, type[Choice]]) -> FieldSpec:
    members = choices[one.enum.key] if one.enum is not None else None
    limits = one.limits
    return FieldSpec(
        one.key,
        one.name,
        one.kind.name,
        required=one.required,
        default=_default(one, members),
        unique=one.unique,
        index=one.index,
        minimum=limits.minimum,
        maximum=limits.maximum,
        min_length=limits.min_length,
        max_length=limits.max_length,
        pattern=limits.pattern,
        choices=members,
        result=one.computation.result.kind if one.computation is not None else "text",
    )


def _default(one: Field, members: type[Choice] | None) -> Any:
    if isinstance(one.default, str) and members is not None:
        return members[one.default]
    return one.default
