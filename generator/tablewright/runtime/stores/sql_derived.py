# ruff: noqa: ARG002  # SQLAlchemy calls these methods with more than they need
"""Fields that Airtable calculates, worked out in a database from what it keeps: formulas, rollups, counts, lookups."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import aggregate_order_by as in_order
from sqlalchemy.engine import Dialect as EngineDialect
from sqlalchemy.types import TypeEngine

from tablewright.expressions import tree
from tablewright.expressions.sql import SqlScope
from tablewright.expressions.sql_linked import Linked, linked
from tablewright.expressions.types import DATE, DATETIME, TEXT, ValueType
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.sql_queue_columns import store_now

Shown = Callable[[Any], list[Any]]
Derive = Callable[[SqlScope], Any]
_MOMENTS: Final = {"now": DATETIME, "today": DATE}


def derived_values(spec: TableSpec) -> Mapping[str, Derive]:
    """Return what gives the fields that a database does not keep, by key; and the store's clock, as `now()` and `today()`.

    Statements are built once and used for long, so that a formula cannot have the moment of their making in it.
    """
    values = cache(lambda: {key: _timed(one.node) for key, one in spec.derived().items()})
    found: dict[str, Derive] = {"now()": _now, "today()": _today}
    for field in spec.fields:
        if field.kind == "created_time":
            found[field.key] = _created
        elif field.derived:
            found[field.key] = partial(_expression, field, values)
        elif field.looks_up is not None:
            relation, key = field.looks_up
            found[field.key] = partial(_looked_up, relation, _leads_to(spec, relation), key)
        elif field.kind in ("formula", "rollup"):
            found[field.key] = partial(_blank, field)
    return found


def _leads_to(spec: TableSpec, key: str) -> TableSpec:
    relation = spec.relations_by_key.get(key)
    if relation is not None:
        return spec.target(relation)
    return next(one.source for one in spec.inverses() if one.key == key)


def _created(scope: SqlScope) -> Any:
    return scope.rows[""][1].c.created_time


def _now(scope: SqlScope) -> Any:
    return store_now(scope.compiler.dialect, scope.compiler.moment_type)


def _today(scope: SqlScope) -> Any:
    return scope.plain(tree.Call("date", (tree.Field("now()", DATETIME),), DATE))


def _timed(node: tree.Node) -> tree.Node:
    """Return *node* with the clock as a field of the record."""

    def change(part: tree.Node) -> tree.Node:
        if isinstance(part, tree.Call) and part.function in _MOMENTS:
            return tree.Field(f"{part.function}()", _MOMENTS[part.function])
        return part

    return tree.rebuilt(node, change)


def _expression(
    field: FieldSpec, values: Callable[[], Mapping[str, tree.Node]], scope: SqlScope
) -> Any:
    node = values()[field.key]
    found = scope.value(node)
    if node.type.kind == "text":
        # An empty text is blank, as in every other field.
        found = sa.func.nullif(found, "", type_=sa.Text())
    return sa.type_coerce(found, _result_type(field, scope))


def _blank(field: FieldSpec, scope: SqlScope) -> Any:
    """Return the value of what Airtable alone calculates: a blank that compares with others of its type."""
    return sa.cast(sa.null(), _result_type(field, scope))


def _result_type(field: FieldSpec, scope: SqlScope) -> TypeEngine[Any]:
    match field.result if field.kind != "count" else "integer":
        case "integer":
            return sa.BigInteger()
        case "number":
            return sa.Double()
        case "boolean":
            return sa.Boolean()
        case "date":
            return sa.Date()
        case "datetime":
            return scope.compiler.moment_type
        case _:
            return sa.Text()


# -- lookups ----------------------------------------------------------------------------------------------------------


def _looked_up(relation: str, target: TableSpec, key: str, scope: SqlScope) -> Any:
    """Return the values of a field of linked records as one JSON array, blanks left out."""
    field = target.by_key[key]
    records = tree.Field(relation, ValueType("records"))
    found = linked(scope, records, "linked")
    each = tree.Field(field.key, field.definition.value, tree.Variable("linked", TEXT))
    value = found.scope.plain(each)
    listed = found.select(value.label("value")).where(value.is_not(None))
    order = _order(found)
    listed = listed.add_columns(*(one.label(f"k{place}") for place, one in enumerate(order)))
    if scope.compiler.dialect == "postgresql":
        rows: Any = listed.subquery(f"values_{scope.compiler.next_number()}")
        keys = [rows.c[f"k{place}"].asc() for place in range(len(order))]
        gathered: Any = sa.func.jsonb_agg(in_order(sa.func.to_jsonb(rows.c.value), *keys))
        gathered = sa.func.coalesce(gathered, sa.cast(sa.literal("[]", sa.Text()), JSONB()))
    else:
        rows = listed.order_by(*order).subquery(f"values_{scope.compiler.next_number()}")
        one = sa.type_coerce(rows.c.value, sa.Text())
        is_json = field.definition.sql == "json"
        gathered = sa.func.json_group_array(sa.func.json(one) if is_json else one)
    subquery = sa.select(gathered).select_from(rows).scalar_subquery()
    return sa.type_coerce(subquery, LookedUp(_as_shown(target, field)))


def _order(found: Linked) -> list[Any]:
    """Return the order of links where they have one, else the age of the linked records."""
    by_age = [found.rows.c.created_time, found.rows.c.id]
    if "position" not in found.holder.c or "linked_id" not in found.holder.c:
        return by_age
    return [found.holder.c.position, *by_age]


class LookedUp(sa.TypeDecorator[list[Any]]):
    """The values of a field of other records, each as *shown* gives it."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, shown: Shown) -> None:
        super().__init__()
        self.shown = shown

    def load_dialect_impl(self, dialect: EngineDialect) -> Any:
        """Return JSONB where there is one."""
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else sa.Text())

    def process_result_value(self, value: Any, dialect: EngineDialect) -> list[Any]:
        """Return the values, those of lists one after the other."""
        held = json.loads(value) if isinstance(value, str) else value
        return [one for part in held or () for one in self.shown(part)]


@cache
def _as_shown(spec: TableSpec, field: FieldSpec) -> Shown:
    """Return what makes of a value in JSON those that Airtable shows; the same each time, for SQLAlchemy's cache."""
    if field.looks_up is not None:
        relation, key = field.looks_up
        target = _leads_to(spec, relation)
        inner = _as_shown(target, target.by_key[key])
        return lambda value: [one for part in value for one in inner(part)]
    members = field.choices.__members__ if field.choices is not None else {}
    match field.result if field.kind in ("formula", "rollup") else field.kind:
        case "enum":
            return lambda value: [members[value].label]
        case "enum_list":
            return lambda value: [members[one].label for one in value]
        case "attachments" | "collaborators":
            return lambda value: list(value)
        case "boolean" if field.kind == "boolean":
            # A box that is not ticked is a blank cell.
            return lambda value: [True] if value else []
        case "boolean":
            return lambda value: [bool(value)]
        case "datetime" | "created_time" | "last_modified_time":
            return lambda value: [_milliseconds(datetime.fromisoformat(value))]
        case "json":
            return lambda value: [json.dumps(value, ensure_ascii=False)]
        case _:
            return lambda value: [value]


def _milliseconds(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).isoformat(timespec='milliseconds')[:23]}Z"
