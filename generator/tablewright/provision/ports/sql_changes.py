"""Database × schema → the changes that a plan shows, and the call that brings them about."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.expressions.sql import Dialect
from tablewright.model.schema import Schema
from tablewright.names import sql_table
from tablewright.provision.changes import Remark, SqlChange
from tablewright.provision.ports.sql_carry_out import Alteration
from tablewright.provision.ports.sql_compare import Comparison
from tablewright.provision.ports.sql_differences import Differences
from tablewright.provision.ports.sql_links import moved_links
from tablewright.provision.ports.sql_renames import carry_out_renames
from tablewright.provision.text import made_anew, two_of_one
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.sql_schema import schema_tables

_SIGNS: Final = "+~-! "


@dataclass(frozen=True, slots=True)
class SqlWork:
    """The changes in order, and the call that brings them about. The renames among them are done already."""

    changes: tuple[SqlChange | Remark, ...]
    fingerprint: str
    carry_out: Callable[[], None]


def required_work(
    connection: Connection,
    schema: Schema,
    specs: Sequence[TableSpec],
    dialect: Dialect,
    *,
    allow_destructive: bool,
) -> SqlWork:
    """Return what brings the database to *schema*. Renames are carried out at once, for the comparison's sake."""
    fingerprint = _fingerprint(connection)
    renames = carry_out_renames(connection, schema)
    wanted = schema_tables(specs, dialect)
    moves = moved_links(connection, schema, wanted.metadata.tables)
    unmanaged = {sql_table(table.key): table.unmanaged for table in schema.tables}
    comparison = Comparison(
        connection, specs, wanted, moves, allow_destructive=allow_destructive, unmanaged=unmanaged
    )
    found = comparison.differences()
    # Alembic compares by sets, whose order differs from run to run.
    ordered = sorted(found.changes, key=lambda one: (one.table, _SIGNS.index(one.sign), one.text))
    alteration = Alteration(comparison.context, wanted.metadata, specs, found)
    remarks = (*_lost_names(schema, found), *_two_of_one(connection, schema))
    changes: tuple[SqlChange | Remark, ...] = (*renames, *ordered, *remarks)
    return SqlWork(changes, fingerprint, alteration.carry_out)


def _lost_names(schema: Schema, found: Differences) -> Iterator[Remark]:
    """Yield columns that are made anew although they have earlier names, where others left the schema."""
    moved = {(one.table, one.column) for one in found.moves}
    for table in schema.tables:
        name = sql_table(table.key)
        left = sorted(found.left_names(name) | found.dropped_names(name))
        columns = [(one.key, one.was) for one in table.fields]
        columns += [(f"{one.key}_id", one.was) for one in table.relations]
        for column, was in columns:
            if left and was and column in found.new_names(name) and (name, column) not in moved:
                yield Remark(name, name, made_anew(column, was, left))


def _two_of_one(connection: Connection, schema: Schema) -> Iterator[Remark]:
    """Yield tables that are there by an earlier name beside the present one, with rows that nobody reads."""
    there = set(sa.inspect(connection).get_table_names())
    for table in schema.tables:
        name = sql_table(table.key)
        for old in sorted({sql_table(key) for key in table.was} & (there - {name})):
            rows = connection.execute(
                sa.select(sa.func.count()).select_from(sa.table(old))
            ).scalar_one()
            if rows and name in there:
                yield Remark(name, name, two_of_one(name, old, rows))


def _fingerprint(connection: Connection) -> str:
    inspector = sa.inspect(connection)
    found = [
        (name, [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)])
        for name in sorted(inspector.get_table_names())
    ]  # fmt: skip
    return hashlib.sha256(repr(found).encode()).hexdigest()
