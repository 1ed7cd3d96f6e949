"""Values of a column that gets another type: how many cannot become what they are to be, before anything is changed.

Both databases say so by two functions that are there for a moment, and that convert just as carrying it out does.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.provision.ports import sql_values_postgres, sql_values_sqlite
from tablewright.provision.ports.sql_rows import FoundRows, found_rows, repeated_values, rows_of
from tablewright.runtime.stores import sql_types

FITS: Final = "tw_fits"
"""Of a value: whether it can be of the new type."""
CONVERTED: Final = "tw_converted"
"""Of a value that can: what it becomes."""
_SHOWN: Final = 60
_WHOLE_NUMBERS: Final = frozenset({"SMALLINT", "INTEGER", "BIGINT"})
"""Types of columns whose values a number holds; programs keep to what it can hold exactly."""


@dataclass(frozen=True, slots=True)
class Retyping:
    """A column that gets another type. *old* is the name of its type so far, *kind* the new one."""

    table: str
    column: str
    old: str
    kind: Any
    nullable: bool

    @property
    def keeps_all(self) -> bool:
        """Tell whether the new type holds every value of the old one as it is, so that nothing can be lost."""
        match self.kind:
            case sa.Float():
                return self.old in _WHOLE_NUMBERS
            case sql_types.MomentText() | sql_types.MomentStamp():
                return self.old == "DATE"
            case sql_types.MemberNames():
                return self.old == "TEXT"
            case sa.Text():
                # In SQLite moments are texts already.
                return self.old == "TIMESTAMP WITH TIME ZONE"
            case _:
                return False

    @property
    def may_empty(self) -> bool:
        """Tell whether a value may become blank: an empty list of choices, where one alone is to be held."""
        return self.nullable and self.old == "JSON" and isinstance(self.kind, sql_types.MemberName)


def misfits(connection: Connection, one: Retyping) -> str:
    """Return how many values of a column cannot be of its new type, and the first of them; empty where all can."""
    cell: Any = sa.column(one.column)
    record: Any = sa.column("id")
    with _functions(connection, one) as (fits, _):
        wrong = (
            sa.select(record, sa.cast(cell, sa.Text()))
            .select_from(sa.table(one.table))
            .where(cell.is_not(None), sa.not_(fits))
        )
        count = sa.select(sa.func.count()).select_from(wrong.subquery())
        found = int(connection.execute(count).scalar_one())
        if not found:
            return ""
        row_id, value = connection.execute(wrong.order_by(record).limit(1)).one()
    held = "1 row holds" if found == 1 else f"{found} rows hold"
    shown = repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
    return f"{held} something in '{one.column}' that is no {_word(one)}, such as {shown} in {row_id}: change it first"


def rows_against(connection: Connection, one: Retyping, check: str) -> FoundRows:
    """Return the rows that will be against a check of the column once they are converted."""
    with converted_rows(connection, one) as rows:
        will_be = rows.subquery()
        against: Any = sa.not_(sa.literal_column(f"({check})"))
        return found_rows(connection, sa.select(will_be.c.id).where(against))


def twins(connection: Connection, one: Retyping) -> tuple[int, FoundRows]:
    """Return how many values will stand in several rows once they are converted, and these rows."""
    with converted_rows(connection, one) as rows:
        return repeated_values(connection, rows)


@contextlib.contextmanager
def converted_rows(connection: Connection, one: Retyping) -> Iterator[sa.Select[Any]]:
    """Yield the query of the rows that can be converted: their ids, and their new values."""
    cell: Any = sa.column(one.column)
    with _functions(connection, one) as (fits, converted):
        yield rows_of(one.table).add_columns(converted.label(one.column)).where(cell.is_not(None), fits)  # fmt: skip


def convert_in_place(connection: Connection, one: Retyping) -> None:
    """Bring the values of a SQLite column to a new type, all of which fit; the column may get it before or afterwards.

    What is bytes then becomes text by `bytes_to_text`, once the column has its new type.
    """
    cell: Any = sa.column(one.column)
    with _functions(connection, one) as (_, converted):
        rows = sa.table(one.table, cell)
        connection.execute(rows.update().where(cell.is_not(None)).values({one.column: converted}))


def bytes_to_text(connection: Connection, one: Retyping) -> None:
    """Make texts of what `convert_in_place` left as bytes."""
    cell: Any = sa.column(one.column)
    rows = sa.table(one.table, cell)
    text = sa.cast(cell, sa.Text())
    connection.execute(rows.update().where(sa.func.typeof(cell) == "blob").values({one.column: text}))  # fmt: skip


@contextlib.contextmanager
def _functions(connection: Connection, one: Retyping) -> Iterator[tuple[Any, Any]]:
    """Yield whether the column's value fits, and what it becomes, as expressions."""
    cell: Any = sa.column(one.column)
    if connection.dialect.name == "sqlite":
        sql_values_sqlite.define(connection, one.old, one.kind, FITS, CONVERTED, nullable=one.nullable)  # fmt: skip
        yield sa.func.tw_fits(cell) == 1, sa.func.tw_converted(cell)
        return
    with connection.begin_nested() as savepoint:
        sql_values_postgres.define(connection, (one.table, one.column), one.old, one.kind, FITS, CONVERTED, nullable=one.nullable)  # fmt: skip
        here = sa.func.pg_temp
        yield here.tw_fits(cell, type_=sa.Boolean()), here.tw_converted(cell)
        savepoint.rollback()


def _word(one: Retyping) -> str:
    """Return what a value is called that fits."""
    match one.kind:
        case sql_types.MomentText() | sql_types.MomentStamp():
            return "moment"
        case sql_types.Seconds():
            return "number of seconds"
        case sql_types.MemberNames() | sql_types.MemberName():
            return "single value of the enum"
        case sa.Boolean():
            return "boolean"
        case sa.Integer():
            return "whole number"
        case sa.Float():
            return "number"
        case sa.Date():
            return "date"
        case sa.JSON():
            return "JSON"
        case _:
            return "text"
