"""Values of a SQLite column that gets another type: converted as PostgreSQL's casts do, or refused.

SQLite stores whatever it is given, so a value that does not fit would stay, and be found when somebody reads it.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.runtime.stores.sql_queue_columns import TEXT_FORM
from tablewright.runtime.stores.sql_types import MomentText

_TRIAL: Final = "tw_trial"


def misfits(connection: Connection, table: str, column: str, kind: Any) -> str:
    """Return how many values of a column cannot be of a new type, and the first of them; empty where all can.

    They are tried in a table that is there for a moment: on its way into a column SQLite turns a text into a number
    where it is one.
    """
    cell: Any = sa.column(column)
    _, fits, name = _rules(cell, kind)
    if fits is None:
        return ""
    trial = sa.Table(
        _TRIAL, sa.MetaData(), sa.Column("id", sa.Text()), sa.Column(column, kind), prefixes=["TEMPORARY"]
    )  # fmt: skip
    connection.execute(sa.schema.CreateTable(trial))
    try:
        rows = sa.select(sa.column("id"), cell).select_from(sa.table(table))
        connection.execute(trial.insert().from_select(["id", column], rows))
        tried = sa.select(sa.column("id"), cell).select_from(sa.table(_TRIAL))
        wrong = tried.where(cell.is_not(None), sa.not_(fits)).order_by(sa.column("id"))
        count = sa.select(sa.func.count()).select_from(wrong.subquery())
        found = int(connection.execute(count).scalar_one())
        if not found:
            return ""
        row_id, value = connection.execute(wrong.limit(1)).one()
    finally:
        connection.execute(sa.schema.DropTable(trial))
    held = "1 row holds" if found == 1 else f"{found} rows hold"
    return f"{held} something in '{column}' that is no {name}, such as {value!r} in {row_id}: change it first"


def convert_values(connection: Connection, table: str, column: str, kind: Any) -> None:
    """Bring the values of a column to its new type, which the column has already and which all of them can have."""
    cell: Any = sa.column(column)
    converted, _, _ = _rules(cell, kind)
    if converted is not None:
        rows = sa.table(table, cell)
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
