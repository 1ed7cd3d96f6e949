"""Checks and indexes of a database, wanted and live in one form: the one in which the database itself shows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.runtime.stores.sql_engine import sqlite_engine

# PostgreSQL names the schema, or not, by what is searched; the table is known anyway.
_PLACE: Final = re.compile(r" ON \S+ USING ")
_POSTGRES_INDEXES: Final = """
    SELECT c.relname, pg_get_indexdef(c.oid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
    WHERE t.relname = :table AND t.relnamespace = CAST(:schema AS regnamespace)
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """The checks and the indexes of one table, as text by name."""

    checks: Mapping[str, str]
    indexes: Mapping[str, str]


def live_shape(connection: Connection, table: str, schema: str | None = None) -> Shape:
    """Return the checks and indexes that a table has."""
    checks = {
        str(one["name"]): str(one["sqltext"])
        for one in sa.inspect(connection).get_check_constraints(table, schema=schema)
    }
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :table AND sql IS NOT NULL")  # fmt: skip
        rows = connection.execute(query, {"table": table})
        return Shape(checks, {str(name): " ".join(str(text).split()) for name, text in rows})
    here = schema or str(connection.execute(sa.text("SELECT current_schema()")).scalar_one())
    quoted = connection.dialect.identifier_preparer.quote(here)
    rows = connection.execute(sa.text(_POSTGRES_INDEXES), {"table": table, "schema": quoted})
    return Shape(checks, {str(row[0]): _PLACE.sub(" USING ", str(row[1])) for row in rows})


def wanted_shapes(connection: Connection, metadata: sa.MetaData) -> dict[str, Shape]:
    """Return the checks and indexes that the schema wants, by table.

    Databases rewrite expressions, so they are made in scratch tables and read back.
    """
    if connection.dialect.name == "sqlite":
        engine = sqlite_engine(sa.make_url("sqlite://"))
        try:
            with engine.begin() as scratch:
                metadata.create_all(scratch)
                return {name: live_shape(scratch, name) for name in metadata.tables}
        finally:
            engine.dispose()
    with connection.begin_nested() as savepoint:
        # Tables that are made without naming a schema are temporary ones then.
        connection.execute(sa.text("SET LOCAL search_path TO pg_temp"))
        metadata.create_all(connection, checkfirst=False)
        own = "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"
        schema = str(connection.execute(sa.text(own)).scalar_one())
        found = {name: live_shape(connection, name, schema) for name in metadata.tables}
        savepoint.rollback()
    return found
