"""Specifications of a schema's tables → SQLAlchemy tables: typed columns, keys, indexes and checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from tablewright import airtable
from tablewright.expressions.sql import Dialect, SqlLink, SqlTable
from tablewright.runtime.encoders import MAX_INTEGER
from tablewright.runtime.spec import FieldSpec, RelationSpec, TableSpec
from tablewright.runtime.stores import sql_types
from tablewright.runtime.stores.sql_derived import derived_values
from tablewright.runtime.stores.sql_numbers import AUTO_NUMBER, Counters, counters, number_column
from tablewright.runtime.stores.sql_queue_columns import history_columns, queue_columns
from tablewright.sql_names import sql_name

ID: Final = "id"
CREATED: Final = "created_time"
_ON_DELETE: Final = {"unlink": "SET NULL", "restrict": "RESTRICT", "cascade": "CASCADE"}


@dataclass(frozen=True, slots=True)
class SchemaTables:
    """The tables of one schema. *links* holds an association table by table and relation, *history* one by table.

    *counters* hold the last auto numbers where the database has no identity columns.
    """

    metadata: sa.MetaData
    tables: Mapping[str, sa.Table]
    links: Mapping[tuple[str, str], sa.Table]
    history: Mapping[str, sa.Table]
    counters: Counters
    seen: Mapping[str, SqlTable]
    moment: TypeEngine[Any]


def schema_tables(family: Sequence[TableSpec], dialect: Dialect) -> SchemaTables:
    """Return the SQLAlchemy tables of a schema."""
    metadata = sa.MetaData(naming_convention=_NAMING)
    moment: TypeEngine[Any] = (
        sql_types.MomentStamp() if dialect == "postgresql" else sql_types.MomentText()
    )
    by_key = {spec.key: spec for spec in family}
    tables = {spec.key: _table(metadata, spec, by_key, dialect, moment) for spec in family}
    links = {
        (spec.key, relation.key): _association(metadata, spec, relation, by_key, dialect)
        for spec in family
        for relation in spec.relations
        if relation.many
    }
    history = {
        spec.key: _history(metadata, spec, dialect, moment)
        for spec in family
        if spec.lifecycle is not None and spec.lifecycle.history
    }
    counting = counters(metadata, family, dialect)
    seen = {spec.key: _seen(spec, tables, links) for spec in family}
    return SchemaTables(metadata, tables, links, history, counting, seen, moment)


def link_column(relation: RelationSpec) -> str:
    """Return the column that holds the id of a link to one."""
    return relation.attribute


def check_name(table: str, column: str, rule: str) -> str:
    """Return the name of the check that holds a column to a rule: `value`, `safe`, `minimum`, `maximum` or `length`."""
    return sql_name("ck", table, column, rule)


def _named(kind: str) -> Callable[[Any, sa.Table], str]:
    """Return what names the indexes or constraints of one kind after their table and columns."""

    def name(one: Any, table: sa.Table) -> str:
        columns = () if kind == "pk" else (column.name for column in one.columns)
        return sql_name(kind, table.name, *columns)

    return name


_NAMING: Final[dict[str, Any]] = {
    entry: value
    for kind in ("ix", "uq", "fk", "pk")
    for entry, value in ((kind, f"%({kind}_name)s"), (f"{kind}_name", _named(kind)))
}
"""How SQLAlchemy names what is given no name; its own way would count letters, and shorten on PostgreSQL alone."""


def _table(
    metadata: sa.MetaData,
    spec: TableSpec,
    by_key: Mapping[str, TableSpec],
    dialect: Dialect,
    moment: TypeEngine[Any],
) -> sa.Table:
    text = sql_types.text_type(dialect)
    state = spec.lifecycle.field if spec.lifecycle is not None else ""
    parts: list[Any] = [
        sa.Column(ID, text, primary_key=True),
        sa.Column(CREATED, moment, nullable=False),
        sa.Index(None, CREATED),
    ]
    for field in spec.fields:
        if not field.has_column:
            continue
        if field.kind == AUTO_NUMBER:
            parts.append(number_column(field, dialect))
            continue
        kind = _column_type(field, dialect, moment)
        parts.append(
            sa.Column(
                field.key,
                kind,
                nullable=field.is_nullable or field.is_computed,
                unique=field.unique or None,
                index=((field.index or field.key == state) and not field.unique) or None,
            )
        )
        parts += _checks(spec, field, kind, dialect)
    for relation in spec.relations:
        if not relation.many:
            target = by_key[relation.to].sql_name
            # A required link cannot be emptied, so the linked record cannot go before this one.
            on_delete = (
                "RESTRICT"
                if relation.required and relation.on_delete == "unlink"
                else _ON_DELETE[relation.on_delete]
            )
            parts.append(
                sa.Column(
                    link_column(relation),
                    text,
                    sa.ForeignKey(
                        f"{target}.{ID}",
                        ondelete=on_delete,
                        use_alter=_comes_later(by_key, spec.key, relation.to),
                    ),
                    nullable=not relation.required,
                    index=True,
                )
            )
    if spec.queue is not None:
        parts += queue_columns(spec, dialect, moment, text)
    return sa.Table(spec.sql_name, metadata, *parts)


def _comes_later(by_key: Mapping[str, TableSpec], key: str, target: str) -> bool:
    """Tell whether a link leads to a table that is made later.

    Such a link is left out when tables are put in order: two tables may link to each other.
    """
    order = list(by_key)
    return order.index(target) > order.index(key)


def _column_type(field: FieldSpec, dialect: Dialect, moment: TypeEngine[Any]) -> TypeEngine[Any]:
    if field.choices is not None:
        if field.kind == "enum_list":
            return sql_types.MemberNames(field.choices)
        return sql_types.MemberName(field.choices, "C" if dialect == "postgresql" else "")
    match field.definition.sql:
        case "text":
            return sql_types.text_type(dialect)
        case "bigint":
            return sa.BigInteger()
        case "double":
            return sa.Double()
        case "boolean":
            return sa.Boolean()
        case "date":
            return sa.Date()
        case "timestamp":
            return moment
        case "interval":
            return sql_types.Seconds()
        case "json":
            return sql_types.json_type()


def _checks(
    spec: TableSpec, field: FieldSpec, stored: TypeEngine[Any], dialect: Dialect
) -> list[sa.CheckConstraint]:
    column: Any = sa.column(field.key)
    found: dict[str, Any] = {}
    if field.kind == "enum" and field.choices is not None:
        found["value"] = column.in_(
            [sa.literal(member.name, sa.Text()) for member in field.choices]
        )
    kind = field.definition.sql
    if kind == "bigint" and not field.is_computed:
        found["safe"] = column.between(-MAX_INTEGER, MAX_INTEGER)
    bound = sa.Double() if kind == "bigint" else stored
    if field.minimum is not None:
        found["minimum"] = column >= sa.literal(field.minimum, bound)
    if field.maximum is not None:
        found["maximum"] = column <= sa.literal(field.maximum, bound)
    if kind == "text" and field.choices is None and not field.is_computed:
        length = sa.func.char_length if dialect == "postgresql" else sa.func.length
        most = field.max_length or airtable.MAX_TEXT_LENGTH
        found["length"] = length(column).between(max(field.min_length or 1, 1), most)
    if field.is_listed and field.required:
        found["filled"] = column != sa.literal("[]", sa.Text())
    return [
        sa.CheckConstraint(test, name=check_name(spec.sql_name, field.key, rule))
        for rule, test in found.items()
    ]


def _association(
    metadata: sa.MetaData,
    spec: TableSpec,
    relation: RelationSpec,
    by_key: Mapping[str, TableSpec],
    dialect: Dialect,
) -> sa.Table:
    text = sql_types.text_type(dialect)
    target = by_key[relation.to].sql_name
    at_target = "CASCADE" if relation.on_delete != "restrict" else "RESTRICT"
    return sa.Table(
        sql_name(spec.sql_name, relation.key),
        metadata,
        sa.Column(
            "record_id",
            text,
            sa.ForeignKey(f"{spec.sql_name}.{ID}", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column(
            "linked_id",
            text,
            sa.ForeignKey(f"{target}.{ID}", ondelete=at_target),
            primary_key=True,
            index=True,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
    )


def _history(
    metadata: sa.MetaData, spec: TableSpec, dialect: Dialect, moment: TypeEngine[Any]
) -> sa.Table:
    text = sql_types.text_type(dialect)
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Table(
        sql_name(spec.sql_name, "history"),
        metadata,
        sa.Column("number", number, sa.Identity(), primary_key=True),
        sa.Column(
            "record_id",
            text,
            sa.ForeignKey(f"{spec.sql_name}.{ID}", ondelete="CASCADE"),
            nullable=False,
            index=True,
        ),
        sa.Column("at", moment, nullable=False),
        sa.Column("transition", text, nullable=False),
        sa.Column("from_state", text, nullable=False),
        sa.Column("to_state", text, nullable=False),
        sa.Column("by", text),
        sa.Column("why", text),
        *(history_columns(text) if spec.queue is not None else ()),
    )


def _seen(
    spec: TableSpec, tables: Mapping[str, sa.Table], links: Mapping[tuple[str, str], sa.Table]
) -> SqlTable:
    found: dict[str, SqlLink] = {}
    for relation in spec.relations:
        if relation.many:
            holder = links[spec.key, relation.key]
            found[relation.key] = SqlLink(relation.to, "record_id", holder, "linked_id")
        else:
            found[relation.key] = SqlLink(relation.to, link_column(relation))
    for inverse in spec.inverses():
        if inverse.relation.many:
            holder = links[inverse.source.key, inverse.relation.key]
            found[inverse.key] = SqlLink(inverse.source.key, "linked_id", holder, "record_id")
        else:
            own = link_column(inverse.relation)
            found[inverse.key] = SqlLink(inverse.source.key, own, tables[inverse.source.key], ID)
    nullable = {
        field.key
        for field in spec.fields
        if field.is_nullable or (field.is_computed and field.kind != "created_time")
    }
    nullable |= {relation.key for relation in spec.relations if not relation.required}
    listed = {field.key for field in spec.fields if field.is_listed}
    return SqlTable(
        tables[spec.key], found, frozenset(nullable), frozenset(listed), derived_values(spec)
    )
