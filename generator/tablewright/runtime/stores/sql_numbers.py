"""Auto numbers: identity columns on PostgreSQL; on SQLite, which has none beside its keys, a counter for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.expressions.sql import Dialect
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.sql_names import sql_name

AUTO_NUMBER: Final = "auto_number"
Counters = Mapping[tuple[str, str], sa.Table]
"""By table and field, the table with one row that holds the last number. Numbers of deleted records stay used up."""


def number_column(field: FieldSpec, dialect: Dialect) -> sa.Column[Any]:
    """Return the column of an auto number."""
    if dialect == "postgresql":
        return sa.Column(field.key, sa.BigInteger(), sa.Identity(), nullable=False, unique=True)
    return sa.Column(field.key, sa.BigInteger(), nullable=True, unique=True)


def counters(metadata: sa.MetaData, family: Sequence[TableSpec], dialect: Dialect) -> Counters:
    """Return the counters of the auto numbers of a schema."""
    if dialect == "postgresql":
        return {}
    return {
        (spec.key, field.key): sa.Table(
            sql_name(spec.sql_name, field.key),
            metadata,
            sa.Column("last", sa.BigInteger(), primary_key=True, autoincrement=False),
        )
        for spec in family
        for field in spec.fields
        if field.kind == AUTO_NUMBER
    }


def begin_counting(connection: Connection, tables: Mapping[str, sa.Table], found: Counters) -> None:
    """Number the rows that have been there before their auto number, in the order of their age."""
    for (table, key), counter in found.items():
        if connection.execute(sa.select(counter.c.last)).first() is not None:
            continue
        own = tables[table]
        place = sa.func.row_number().over(order_by=(own.c.created_time, own.c.id))
        by_age = sa.select(own.c.id, place.label("number")).subquery()
        numbered = sa.update(own).values({key: by_age.c.number}).where(own.c.id == by_age.c.id)
        connection.execute(numbered)
        last = sa.select(sa.func.coalesce(sa.func.max(own.c[key]), 0))
        connection.execute(sa.insert(counter).from_select(["last"], last))


def give_numbers(
    connection: Connection, table: TableSpec, found: Counters, rows: Sequence[Row]
) -> None:
    """Give new rows the next numbers. The write lock of SQLite keeps others from taking the same."""
    for field in table.fields:
        counter = found.get((table.key, field.key))
        if counter is None:
            continue
        counted = sa.update(counter).values(last=counter.c.last + len(rows))
        last = connection.execute(counted.returning(counter.c.last)).scalar_one()
        for place, row in enumerate(rows):
            row[field.key] = last - len(rows) + 1 + place
