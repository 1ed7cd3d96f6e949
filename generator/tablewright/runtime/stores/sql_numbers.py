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
    """Number the rows that have no number yet, and let the counters go on after the highest."""
    for (table, key), counter in found.items():
        last = number_blank_rows(connection, tables[table], key)
        counted = connection.execute(sa.select(counter.c.last)).scalar_one_or_none()
        if counted is None:
            connection.execute(sa.insert(counter).values(last=last))
        elif counted < last:
            connection.execute(sa.update(counter).values(last=last))


def number_blank_rows(connection: Connection, table: sa.Table, column: str) -> int:
    """Give rows without a number the next ones, in the order of their age, and return the highest number."""
    cell = table.c[column]
    highest = sa.select(sa.func.coalesce(sa.func.max(cell), 0)).where(cell > 0)
    last = int(connection.execute(highest).scalar_one())
    blank = sa.select(sa.func.count()).select_from(table).where(cell.is_(None))
    missing = int(connection.execute(blank).scalar_one())
    if missing:
        place = sa.func.row_number().over(order_by=(table.c.created_time, table.c.id))
        by_age = sa.select(table.c.id, (place + last).label("number")).where(cell.is_(None)).subquery()  # fmt: skip
        numbered = sa.update(table).values({column: by_age.c.number})
        connection.execute(numbered.where(table.c.id == by_age.c.id))
    return last + missing


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
