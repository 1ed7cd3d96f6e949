"""Values of a SQLite column that gets another type: converted as PostgreSQL's casts do, or refused.

SQLite stores whatever it is given, so a value that does not fit would stay, and be found when somebody reads it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.provision.errors import StepFailed
from tablewright.runtime.stores.sql_queue_columns import TEXT_FORM
from tablewright.runtime.stores.sql_types import MomentText


def convert_values(connection: Connection, table: str, column: str, kind: Any) -> None:
    """Bring the values of a column to its new type, which the column has already.

    Raises:
        StepFailed: some cannot be. The caller rolls everything back.
    """
    cell: Any = sa.column(column)
    converted, fits, name = _rules(cell, kind)
    if fits is None:
        return
    rows = sa.table(table, cell)
    misfits = sa.select(sa.func.count()).select_from(rows).where(cell.is_not(None), sa.not_(fits))
    count = int(connection.execute(misfits).scalar_one())
    if count:
        said = "1 row holds" if count == 1 else f"{count} rows hold"
        raise StepFailed(
            f"{said} something in '{column}' of '{table}' that is no {name}: change it first. Nothing was changed"
        )
    if converted is not None:
        connection.execute(rows.update().where(cell.is_not(None)).values({column: converted}))


def _rules(cell: Any, kind: Any) -> tuple[Any, Any, str]:
    """Return what a value becomes, the test that it can, and what it is then called; nothing where all values fit."""
    is_number = sa.func.typeof(cell).in_(("integer", "real"))
    if isinstance(kind, MomentText):
        moment = sa.func.strftime(TEXT_FORM, cell).op("||")("000Z")
        return moment, moment.is_not(None), "moment"
    match kind:
        case sa.Boolean():
            return None, cell.in_((0, 1)), "boolean"
        case sa.Integer():
            return sa.cast(sa.func.round(cell), sa.Integer()), is_number, "whole number"
        case sa.Float():
            return None, is_number, "number"
        case sa.Date():
            return sa.func.date(cell), sa.func.date(cell).is_not(None), "date"
        case _:
            return None, None, ""
