"""Renames that `was:` asks for: of tables, columns, and values of enums. Rows stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection

from tablewright.model.schema import Field, Relation, Schema, Table
from tablewright.names import snake, sql_table
from tablewright.provision.changes import SqlChange
from tablewright.provision.ports.sql_differences import mentions
from tablewright.runtime.stores.sql_numbers import AUTO_NUMBER
from tablewright.sql_names import sql_name


def carry_out_renames(connection: Connection, schema: Schema) -> list[SqlChange]:
    """Rename what has an earlier name in the database, and return what was renamed."""
    found: list[SqlChange] = []
    there = set(sa.inspect(connection).get_table_names())
    for table in schema.tables:
        for old, new in _table_names(table):
            if old in there and new not in there:
                connection.exec_driver_sql(f"ALTER TABLE {_quoted(connection, old)} RENAME TO {_quoted(connection, new)}")  # fmt: skip
                there = (there - {old}) | {new}
                found.append(SqlChange(new, new, "~", "safe", f"table renamed from '{old}'"))
    for table in schema.tables:
        name = sql_table(table.key)
        if name not in there:
            continue
        columns = {one["name"]: one["type"] for one in sa.inspect(connection).get_columns(name)}
        for old, new in _column_names(table):
            if old in columns and new not in columns:
                connection.exec_driver_sql(
                    f"ALTER TABLE {_quoted(connection, name)} "
                    f"RENAME COLUMN {_quoted(connection, old)} TO {_quoted(connection, new)}"
                )
                columns[new] = columns.pop(old)
                found.append(SqlChange(name, name, "~", "safe", f"column '{new}' renamed from '{old}'"))  # fmt: skip
        found += _renamed_values(connection, table, columns)
    return found


def _renamed_values(
    connection: Connection, table: Table, columns: Mapping[str, Any]
) -> Iterator[SqlChange]:
    """Rename the values of enums in rows. The check that knows the old values is made anew afterwards."""
    name = sql_table(table.key)
    for field in table.fields:
        if field.enum is None or field.key not in columns:
            continue
        for value in field.enum.values:
            for old in value.was:
                # The column has its old type still: one value, or a list of them.
                is_list = isinstance(columns[field.key], sa.JSON)
                if _rename_value(connection, name, field.key, old, value.key, is_list=is_list):
                    text = f"value '{value.key}' of '{field.key}' renamed from '{old}'"
                    yield SqlChange(name, name, "~", "safe", text)


def _rename_value(
    connection: Connection, table: str, column: str, old: str, new: str, *, is_list: bool
) -> bool:
    cell: sa.ColumnClause[str] = sa.column(column, sa.Text())
    rows = sa.table(table, cell)
    text = sa.cast(cell, sa.Text())
    holds = text.contains(f'"{old}"', autoescape=True) if is_list else text == old
    if not connection.execute(sa.select(sa.exists().where(holds).select_from(rows))).scalar_one():
        return False
    changed: sa.ColumnElement[str] = sa.literal(new)
    if is_list:
        # Names of values hold no quotes, so the text of the list can be changed.
        changed = sa.func.replace(text, f'"{old}"', f'"{new}"')
        if connection.dialect.name == "postgresql":
            changed = sa.cast(changed, JSONB)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
    else:
        # By what it says: its name is that of a table and column before they were renamed.
        for check in sa.inspect(connection).get_check_constraints(table):
            if mentions(check["sqltext"], {column}) and f"'{old}'" in check["sqltext"]:
                connection.exec_driver_sql(
                    f"ALTER TABLE {_quoted(connection, table)} DROP CONSTRAINT {_quoted(connection, str(check['name']))}"
                )
    connection.execute(rows.update().where(holds).values({column: changed}))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")
    return True


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _table_names(table: Table) -> Iterator[tuple[str, str]]:
    """Yield old and new names of a table and of those that go with it: its history, links, and counters of auto numbers.

    SQLite may hold some under their whole names, which are shortened now.
    """
    new = sql_table(table.key)
    beside: list[Field | Relation] = [one for one in table.relations if one.many]
    beside += [one for one in table.fields if one.kind.name == AUTO_NUMBER]
    endings = [(key, one.key) for one in beside for key in (one.key, *one.was)]
    endings.append(("history", "history"))
    for key in (table.key, *table.was):
        for old in (sql_table(key), snake(key)):
            yield old, new
            for ending, now in endings:
                yield sql_name(old, ending), sql_name(new, now)
                yield f"{old}_{ending}", sql_name(new, now)


def _column_names(table: Table) -> Iterator[tuple[str, str]]:
    for field in table.fields:
        for old in field.was:
            yield old, field.key
    for relation in table.relations:
        if not relation.many:
            for old in relation.was:
                yield f"{old}_id", f"{relation.key}_id"
