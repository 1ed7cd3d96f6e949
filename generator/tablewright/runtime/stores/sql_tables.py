"""The tables of a schema in a database: created where they are missing, refused where they are of another schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection, Engine

from tablewright.expressions.sql import Dialect
from tablewright.runtime.errors import StoreOutdated
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.sql_numbers import begin_counting
from tablewright.runtime.stores.sql_schema import SchemaTables, schema_tables

_APPLY: Final = (
    "bring it up to date with 'tablewright plan' and 'tablewright apply' (with --environment where tablewright.toml has "
    "several; without one set TABLEWRIGHT_STORE to its URL)"
)


def created_schema(
    writer: Engine, family: Sequence[TableSpec], dialect: Dialect, description: str
) -> SchemaTables:
    """Return the tables of a schema, all of which exist.

    Raises:
        StoreOutdated: a table is there and lacks a column that the schema has, or is there by its earlier name.
    """
    schema = schema_tables(family, dialect)
    try:
        _create(writer, family, schema, description)
    except (exc.IntegrityError, exc.ProgrammingError):
        # On PostgreSQL two programs that create the same table at once collide; the second finds it there.
        _create(writer, family, schema, description)
    return schema


def _create(
    writer: Engine, family: Sequence[TableSpec], schema: SchemaTables, description: str
) -> None:
    with writer.begin() as connection:
        _require_renames(connection, family, description)
        _require_moved_links(connection, schema, description)
        schema.metadata.create_all(connection)
        _require_columns(connection, schema, description)
        begin_counting(connection, schema.tables, schema.counters)


def _require_renames(connection: Connection, family: Sequence[TableSpec], description: str) -> None:
    """See that no empty table is made in the place of one that has its earlier name still."""
    renamed = [pair for spec in family for pair in spec.earlier]
    there = set(sa.inspect(connection).get_table_names()) if renamed else set()
    for old, new in renamed:
        if old in there and new not in there:
            raise StoreOutdated(
                f"table '{new}' in {description} has its earlier name '{old}' still, which the schema says it had: "
                f"{_APPLY}, with its rows"
            )


def _require_moved_links(connection: Connection, schema: SchemaTables, description: str) -> None:
    """See that no empty table of links is made beside the column that holds them still."""
    inspector = sa.inspect(connection)
    there = set(inspector.get_table_names())
    for (key, relation), links in schema.links.items():
        table = schema.tables[key].name
        if links.name in there or table not in there:
            continue
        if f"{relation}_id" in {column["name"] for column in inspector.get_columns(table)}:
            raise StoreOutdated(
                f"'{relation}' of table '{table}' in {description} leads to one record still, and to many in the schema: "
                f"{_APPLY}, with its links"
            )


def _require_columns(connection: Connection, schema: SchemaTables, description: str) -> None:
    inspector = sa.inspect(connection)
    for table in schema.metadata.sorted_tables:
        there = {column["name"] for column in inspector.get_columns(table.name)}
        missing = [column.name for column in table.c if column.name not in there]
        if missing:
            raise StoreOutdated(
                f"table '{table.name}' in {description} lacks {', '.join(missing)}: it is of another version of the schema "
                "than this program. If the database is the older one, bring it up to date with 'tablewright plan' and "
                "'tablewright apply', or use a new one: where tablewright.toml has environments, choose its own with "
                "--environment, or give it one; else set TABLEWRIGHT_STORE to its URL. If the program is, run "
                "'tablewright generate' and start it again"
            )


def full_case_collation(reader: Engine, dialect: Dialect) -> str | None:
    """Return the collation by which PostgreSQL changes case as Unicode says; nothing where it has none.

    PostgreSQL 18 has `pg_unicode_fast`; older ones have ICU's where they were built with it.
    """
    if dialect == "sqlite":
        return None
    wanted = ("pg_unicode_fast", "und-x-icu")
    query = sa.text(
        "SELECT collname FROM pg_collation WHERE collname = ANY(:names) "
        "AND collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))"
    )
    with reader.connect() as connection:
        known = set(connection.execute(query, {"names": list(wanted)}).scalars())
    return next((name for name in wanted if name in known), None)
