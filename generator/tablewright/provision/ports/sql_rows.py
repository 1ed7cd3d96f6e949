"""Rows of a database that something is to be told of: how many there are, and the first of them by their ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class FoundRows:
    """How many rows there are, and the ids of the first."""

    count: int
    first: tuple[str, ...]

    @property
    def named(self) -> str:
        """Return the rows by their ids, in brackets; of many the first ones."""
        more = self.count - len(self.first)
        return f"({', '.join(self.first)}{f' and {more} more' if more else ''})"

    def said(self, one: str, many: str) -> str:
        """Return how many rows do something, such as `is against it` and `are against it`, with their ids."""
        return f"{f'1 row {one}' if self.count == 1 else f'{self.count} rows {many}'} {self.named}"


NO_ROWS: Final = FoundRows(0, ())


def rows_of(table: str, *columns: str, key: str = "id") -> sa.Select[Any]:
    """Return the query of a table's rows: *key*, which tells them apart, and some columns."""
    named: list[Any] = [sa.column(name) for name in (key, *columns)]
    return sa.select(*named).select_from(sa.table(table))


def found_rows(connection: Connection, rows: sa.Select[Any]) -> FoundRows:
    """Return the rows that a query finds. Their ids stand in its first column, and they are sorted by the others."""
    found = rows.subquery()
    count = int(connection.execute(sa.select(sa.func.count()).select_from(found)).scalar_one())
    record, *sorting = found.columns
    # One more takes no more room than to say so.
    shown = count if count <= _NAMED + 1 else _NAMED
    first = sa.select(record).order_by(*sorting, record).limit(shown) if shown else None
    ids = connection.execute(first).scalars() if first is not None else ()
    return FoundRows(count, tuple(str(one) for one in ids))


def repeated_values(connection: Connection, rows: sa.Select[Any]) -> tuple[int, FoundRows]:
    """Return how many values of a query stand in several rows, and these rows; its first column has their ids."""
    found = rows.subquery()
    record, *values = found.columns
    several = (
        sa.select(*values)
        .where(*(one.is_not(None) for one in values))
        .group_by(*values)
        .having(sa.func.count() > 1)
        .subquery()
    )
    count = int(connection.execute(sa.select(sa.func.count()).select_from(several)).scalar_one())
    if not count:
        return 0, NO_ROWS
    same = sa.and_(*(one == there for one, there in zip(values, several.columns, strict=True)))
    return count, found_rows(connection, sa.select(record, *values).join(several, same))
