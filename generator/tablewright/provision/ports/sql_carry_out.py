"""What differs → the statements that bring it about, by Alembic's operations."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from tablewright.provision.errors import StepFailed
from tablewright.provision.ports.sql_compare import fill_value
from tablewright.provision.ports.sql_differences import Differences
from tablewright.provision.ports.sql_values import Retyping, bytes_to_text, convert_in_place
from tablewright.provision.ports.sql_values_postgres import using
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.sql_numbers import number_blank_rows


class Alteration:
    """Brings a database to *metadata*, by what a comparison found. The caller keeps or rolls back the transaction."""

    def __init__(
        self,
        context: MigrationContext,
        metadata: sa.MetaData,
        specs: Sequence[TableSpec],
        found: Differences,
    ) -> None:
        connection = context.connection
        assert connection is not None  # noqa: S101  # the comparison has read through it
        self._connection: Connection = connection
        self._operations = Operations(context)
        self._metadata = metadata
        self._specs = {one.sql_name: one for one in specs}
        self._found = found

    def carry_out(self) -> None:
        """Bring everything about that was found; blank cells are filled before they are forbidden.

        Raises:
            StepFailed: a value cannot be of the type that its column is to have.
        """
        if self._found.misfits:
            raise StepFailed(f"{'; '.join(self._found.misfits)}. Nothing was changed")
        for table, name in self._found.old_indexes:
            self._operations.drop_index(name, table)
        there = set(sa.inspect(self._connection).get_table_names())
        missing = [one for one in self._metadata.sorted_tables if one.name not in there]
        self._metadata.create_all(self._connection, tables=missing)
        for table, column in self._found.new_columns:
            self._add_column(table, column)
        for move in self._found.moves:
            move.carry_out(self._connection)
        if self._connection.dialect.name == "sqlite":
            self._rebuild_all()
        else:
            self._alter()
        for index in self._found.indexes:
            self._connection.execute(sa.schema.CreateIndex(index))

    def _add_column(self, table: str, column: sa.Column[Any]) -> None:
        if column.identity is not None:
            # PostgreSQL numbers the rows that are there.
            counted = sa.Column(column.name, column.type, sa.Identity(), nullable=False)
            self._operations.add_column(table, counted)
            return
        default: Any = column.server_default
        value = default.arg if default is not None else None
        blank = column.nullable or value is None
        plain = sa.Column(column.name, column.type, nullable=blank, server_default=value)
        self._operations.add_column(table, plain)

    def _rebuild_all(self) -> None:
        late = [one for one in self._found.retyped if one.may_empty]
        late_tables = {one.table for one in late}
        rebuilt = [one for one in self._metadata.sorted_tables if one.name in self._found.rebuilt]
        with self._unchecked():
            for one in self._found.retyped:
                if one not in late:
                    convert_in_place(self._connection, one)
            self._fill_required()
            for made in rebuilt:
                if made.name in late_tables:
                    self._rebuild(made)
        for made in rebuilt:
            if made.name not in late_tables:
                self._rebuild(made)
        for one in self._found.retyped:
            if one in late:
                # The old column could not be blank.
                convert_in_place(self._connection, one)
            bytes_to_text(self._connection, one)

    @contextlib.contextmanager
    def _unchecked(self) -> Iterator[None]:
        """Leave checks aside: those of a table that is about to be rebuilt know nothing of new types and values."""
        self._connection.exec_driver_sql("PRAGMA ignore_check_constraints=ON")
        try:
            yield
        finally:
            self._connection.exec_driver_sql("PRAGMA ignore_check_constraints=OFF")

    def _fill_required(self) -> None:
        for table, name, nullable in self._found.nullable:
            if not nullable:
                self._fill_blanks(table, name)

    def _fill_blanks(self, table: str, column: str) -> None:
        wanted = self._metadata.tables[table]
        cell = wanted.c[column]
        value = fill_value(self._specs.get(table), cell)
        if value is not None:
            self._connection.execute(wanted.update().where(cell.is_(None)).values({column: value}))

    def _rebuild(self, table: sa.Table) -> None:
        """Let Alembic's batch mode make the table anew and copy its rows: SQLite alters hardly anything in place."""
        metadata = sa.MetaData(naming_convention=self._metadata.naming_convention)
        for one in self._metadata.sorted_tables:
            one.to_metadata(metadata)
        made = metadata.tables[table.name]
        for column in self._found.left.get(table.name, ()):
            made.append_column(_left_column(column, metadata))
        required = self._found.required_names(table.name)
        there = {one["name"]: one for one in sa.inspect(self._connection).get_columns(table.name)}
        for cell in made.columns:
            if not cell.nullable and cell.name not in required and there[cell.name]["nullable"]:
                # It was to be required, and some rows have no value for it.
                cell.nullable = True
        unmet = {name for where, name in self._found.unmet if where == table.name}
        made.constraints = {one for one in made.constraints if one.name not in unmet}
        # Batch mode would make the indexes of a copied table by the names of the copy.
        made.indexes.clear()
        kept_indexes = self._index_texts(table.name)
        with self._operations.batch_alter_table(table.name, copy_from=made, recreate="always"):
            pass
        for text in kept_indexes:
            self._connection.exec_driver_sql(text)

    def _index_texts(self, table: str) -> list[str]:
        query = "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
        return [str(row[0]) for row in self._connection.exec_driver_sql(query, (table,))]

    def _alter(self) -> None:
        operations, found = self._operations, self._found
        for one in found.old_constraints:
            operations.invoke(ops.DropConstraintOp.from_constraint(one))
        for table, name in found.old_checks:
            operations.drop_constraint(name, table, type_="check")
        for table, name in found.dropped:
            operations.drop_column(table, name)
        for table, name, from_now_on in found.numbered:
            if not from_now_on:
                self._alter_column(table, name, "DROP IDENTITY")
        for one in found.retyped:
            self._retype(one)
        self._fill_required()
        for table, name, nullable in found.nullable:
            operations.alter_column(table, name, nullable=nullable)
        for table, name, from_now_on in found.numbered:
            if from_now_on:
                self._begin_numbering(table, name)
        for one in found.constraints:
            operations.invoke(ops.AddConstraintOp.from_constraint(one))
        for _, check in found.checks:
            operations.invoke(ops.AddConstraintOp.from_constraint(check))

    def _begin_numbering(self, table: str, column: str) -> None:
        """Let PostgreSQL number a column; rows without a number get the next ones, in the order of their age."""
        numbered = self._metadata.tables[table]
        last = number_blank_rows(self._connection, numbered, column)
        self._alter_column(table, column, "SET NOT NULL")
        self._alter_column(table, column, f"ADD GENERATED BY DEFAULT AS IDENTITY (START WITH {last + 1})")  # fmt: skip

    def _alter_column(self, table: str, column: str, how: str) -> None:
        quote = self._connection.dialect.identifier_preparer.quote
        self._connection.exec_driver_sql(f"ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} {how}")  # fmt: skip

    def _retype(self, one: Retyping) -> None:
        quote = self._connection.dialect.identifier_preparer.quote
        if one.nullable:
            self._operations.alter_column(one.table, one.column, nullable=True)
        conversion = using(quote(one.column), one.old, one.kind, self._connection)
        self._operations.alter_column(
            one.table, one.column, type_=one.kind, postgresql_using=conversion
        )


def _left_column(column: sa.Column[Any], metadata: sa.MetaData) -> sa.Column[Any]:
    """Return a column that stays although the schema does not have it: it may be blank, and its links stay links."""
    keys = [
        sa.ForeignKey(one.target_fullname, ondelete=one.ondelete)
        for one in column.foreign_keys
        if one.target_fullname.rpartition(".")[0] in metadata.tables
    ]
    return sa.Column(column.name, column.type, *keys, nullable=True, server_default=column.server_default)  # fmt: skip
