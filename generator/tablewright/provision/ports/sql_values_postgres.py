"""Values of a PostgreSQL column that gets another type: the expression that converts them, tried beforehand."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.engine import Connection

from tablewright.provision.ports.sql_type_names import type_name
from tablewright.runtime.stores import sql_types

_NUMBERS: Final = frozenset({"SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE PRECISION", "NUMERIC"})  # fmt: skip
_DAYS: Final = frozenset({"DATE", "TIMESTAMP WITHOUT TIME ZONE", "TIMESTAMP WITH TIME ZONE"})
_MOMENT: Final = "TIMESTAMP WITH TIME ZONE"
_LIST: Final = "JSONB"
# Beyond these Python cannot read what PostgreSQL holds.
_READABLE: Final = {
    "DOUBLE PRECISION": "BETWEEN -1.7976931348623157e308 AND 1.7976931348623157e308",
    "DATE": "BETWEEN '0001-01-01' AND '9999-12-31'",
    _MOMENT: "BETWEEN '0001-01-02 00:00Z' AND '9999-12-30 23:59Z'",
}


def using(cell: str, old: str, kind: Any, connection: Connection) -> str:
    """Return the SQL by which a value of an old type becomes one of a new type."""
    new = type_name(kind, connection)
    if isinstance(kind, sql_types.MemberNames) and old != _LIST:
        return f"(CASE WHEN {cell} IS NOT NULL THEN jsonb_build_array({cell}::text) END)"
    if isinstance(kind, sql_types.MemberName) and old == _LIST:
        return f"({cell}->>0)"
    if old == "BOOLEAN" and new in _NUMBERS:
        return f"{cell}::integer::{new}"
    if old == _MOMENT and new == "TEXT":
        return f"""to_char({cell} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    if {old, new} <= _NUMBERS or {old, new} <= _DAYS:
        return f"{cell}::{new}"
    # Where there is no cast from one type to the other, there is one by way of text.
    return f"{cell}::text::{new}"


def define(
    connection: Connection,
    cell: tuple[str, str],
    old: str,
    kind: Any,
    fits: str,
    converted: str,
    *,
    nullable: bool,
) -> None:
    """Let the session know two functions: whether a value can be of a new type, and what it becomes.

    *cell* are table and column: types that people made have names that reflection does not tell whole.
    """
    quote = connection.dialect.identifier_preparer.quote
    # The driver reads one % of two.
    takes = f"value {quote(cell[0])}.{quote(cell[1])}%%TYPE"
    new = type_name(kind, connection)
    becomes = using("value", old, kind, connection)
    tests = [f"found {_READABLE[new]}"] if new in _READABLE else []
    if new in _DAYS and old not in _DAYS:
        # PostgreSQL reads 'today', 20260131, and 01/02/2026 in one of two ways, too.
        tests.append("value::text ~ '^ *[0-9]{4}-'")
    if isinstance(kind, sql_types.MemberNames) and old != _LIST:
        names = json.dumps(list(kind.choices.__members__))
        tests.append(f"found <@ {_quoted(names)}::jsonb")
    elif isinstance(kind, sql_types.MemberName) and old == _LIST:
        tests.append(f"jsonb_array_length(value) {'<= 1' if nullable else '= 1'}")
    test = " AND ".join(f"({one})" for one in tests) or "TRUE"
    connection.exec_driver_sql(
        f"CREATE FUNCTION pg_temp.{fits}({takes}) RETURNS boolean LANGUAGE plpgsql AS $tw$ "
        f"DECLARE found {new}; BEGIN IF value IS NULL THEN RETURN TRUE; END IF; found := {becomes}; RETURN {test}; "
        "EXCEPTION WHEN data_exception THEN RETURN FALSE; END $tw$"
    )
    connection.exec_driver_sql(
        f"CREATE FUNCTION pg_temp.{converted}({takes}) RETURNS {new} LANGUAGE plpgsql AS $tw$ "
        f"BEGIN RETURN {becomes}; EXCEPTION WHEN data_exception THEN RETURN NULL; END $tw$"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
