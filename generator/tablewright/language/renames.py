"""The old schema with the new names of what was renamed, so that a rename shows as one change and not as many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from tablewright.expressions import tree
from tablewright.expressions.types import ValueType
from tablewright.language.change import matched
from tablewright.model.computation import Computation
from tablewright.model.lifecycle import Lifecycle
from tablewright.model.queries import Queue
from tablewright.model.schema import Field, Relation, Schema, Table

_Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Renames:
    """Old names and what they became: of tables and enums, of fields by old table, of values by old enum."""

    tables: _Names = field(default_factory=dict)
    enums: _Names = field(default_factory=dict)
    fields: Mapping[str, _Names] = field(default_factory=dict)
    values: Mapping[str, _Names] = field(default_factory=dict)

    def kind(self, old: str) -> str:
        """Return the new name of a table or enum."""
        return self.tables.get(old) or self.enums.get(old, old)

    def key(self, table: str, old: str) -> str:
        """Return the new key of a field, relation, other side or computed field."""
        return self.fields.get(table, {}).get(old, old)

    def value(self, enum: str, old: str) -> str:
        """Return the new name of an enum's value."""
        return self.values.get(enum, {}).get(old, old)


def renames_between(old: Schema, new: Schema) -> Renames:
    """Return which names became which."""
    tables = matched(old.tables, new.tables).both
    enums = matched(old.enums, new.enums).both
    return Renames(
        {before.key: after.key for before, after in tables},
        {before.key: after.key for before, after in enums},
        {before.key: _keys(before, after) for before, after in tables},
        {before.key: {one.key: other.key for one, other in matched(before.values, after.values).both} for before, after in enums},
    )  # fmt: skip


def _keys(old: Table, new: Table) -> dict[str, str]:
    found = {one.key: other.key for one, other in matched(old.fields, new.fields).both}
    found |= {one.key: other.key for one, other in matched(old.relations, new.relations).both}
    found |= {one.key: other.key for one, other in matched(old.computed, new.computed).both}
    by_relation = {(one.source, one.key): one.inverse for one in new.inverses}
    for one in old.inverses:
        inverse = by_relation.get((one.source, one.key), "")
        if one.inverse and inverse:
            found[one.inverse] = inverse
    return found


def followed(old: Table, names: Renames) -> Table:
    """Return a table of the old schema whose parts refer to others by their new names; its own keys stay."""
    table = old.key
    return replace(
        old,
        fields=tuple(_field(one, table, names) for one in old.fields),
        relations=tuple(_relation(one, names) for one in old.relations),
        computed=tuple(
            replace(one, node=_tree(one.node, table, names), type=_tree(one.type, table, names))
            for one in old.computed
        ),
        lifecycle=None if old.lifecycle is None else _lifecycle(old.lifecycle, table, names),
        queries=_tree(_with_keys(old.queries, table, names), table, names),
        statistics=_tree(_with_keys(old.statistics, table, names), table, names),
        queue=None if old.queue is None else _queue(old.queue, table, names),
    )  # fmt: skip


def _field(one: Field, table: str, names: Renames) -> Field:
    enum = one.enum
    default = one.default
    if enum is not None:
        if isinstance(default, str):
            default = names.value(enum.key, default)
        enum = replace(enum, key=names.kind(enum.key))
    computation: Computation | None = _tree(one.computation, table, names)
    return replace(
        one,
        enum=enum,
        default=default,
        type=_tree(one.type, table, names),
        computation=computation,
    )


def _relation(one: Relation, names: Renames) -> Relation:
    add = one.add
    if add is not None:
        inherit = tuple(names.key(one.source, key) for key in add.inherit)
        add = replace(add, inherit=inherit)
    return replace(one, source=names.kind(one.source), target=names.kind(one.target), add=add)


def _lifecycle(one: Lifecycle, table: str, names: Renames) -> Lifecycle:
    def state(key: str) -> str:
        return names.value(one.enum, key)

    transitions = tuple(
        replace(
            transition,
            sources=tuple(map(state, transition.sources)),
            target=state(transition.target),
            sets=tuple(
                replace(assignment, field=names.key(table, assignment.field))
                for assignment in transition.sets
            ),
        )
        for transition in one.transitions
    )
    return replace(
        one,
        field=names.key(table, one.field),
        enum=names.kind(one.enum),
        states=tuple(map(state, one.states)),
        initial=state(one.initial),
        transitions=_tree(transitions, table, names),
    )


def _with_keys(parts: Any, table: str, names: Renames) -> Any:
    """Return queries or statistics with the new names in what they filter and sort by."""
    found = []
    for part in parts:
        changes: dict[str, Any] = {
            "filter_by": tuple(names.key(table, key) for key in part.filter_by)
        }
        if hasattr(part, "order_by"):
            changes["order_by"] = _order(part.order_by, table, names)
        found.append(replace(part, **changes))
    return tuple(found)


def _queue(queue: Queue, table: str, names: Renames) -> Queue:
    noted = None if queue.lease_field is None else names.key(table, queue.lease_field)
    return replace(queue, order_by=_order(queue.order_by, table, names), lease_field=noted)


def _order(order: Any, table: str, names: Renames) -> Any:
    return tuple(replace(one, field=names.key(table, one.field)) for one in order)


def _tree(value: Any, table: str, names: Renames) -> Any:
    """Return any part of a model with the new names in the expressions and types that it holds."""
    match value:
        case ValueType(_, _, name, item):
            return replace(value, name=names.kind(name), item=_tree(item, table, names))
        case tree.EnumMember(enum, name):
            return tree.EnumMember(names.kind(enum), names.value(enum, name))
        case tree.Field(name, known, owner):
            home = table if owner is None else owner.type.name
            return tree.Field(names.key(home, name), _tree(known, table, names), _tree(owner, table, names))  # fmt: skip
        case tuple():
            return tuple(_tree(one, table, names) for one in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            parts = {one.name: getattr(value, one.name) for one in fields(value)}
            changed = {key: _tree(part, table, names) for key, part in parts.items() if not isinstance(part, (str, int, float))}  # fmt: skip
            return replace(value, **changed)
        case _:
            return value


def same_meaning(one: Any, other: Any) -> bool:
    """Tell whether two expressions say the same, of whatever types their names are: a change of these stands by itself."""
    return bool(_without_types(one) == _without_types(other))


def _without_types(value: Any) -> Any:
    match value:
        case ValueType():
            return None
        case tuple():
            return tuple(map(_without_types, value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return (type(value), *(_without_types(getattr(value, one.name)) for one in fields(value)))  # fmt: skip
        case _:
            return value
