"""Database × schema's tables → what differs in tables, columns and keys, by Alembic's comparison."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from tablewright.kinds import as_written
from tablewright.provision.changes import Safety
from tablewright.provision.diff_reports import is_ignored
from tablewright.provision.ports.sql_compare_shapes import ShapeComparison
from tablewright.provision.ports.sql_contents import unfit_rows, what_it_takes
from tablewright.provision.ports.sql_differences import Differences
from tablewright.provision.ports.sql_links import MovedLinks
from tablewright.provision.ports.sql_rows import (
    NO_ROWS,
    FoundRows,
    found_rows,
    repeated_values,
    rows_of,
)
from tablewright.provision.ports.sql_type_names import type_name
from tablewright.provision.ports.sql_values import Retyping, converted_rows, misfits, twins
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.sql_schema import ID, SchemaTables


class Comparison:
    """One comparison. The renames are done already, and *moves* are links that the schema keeps elsewhere.

    *unmanaged* holds patterns of names that the schema leaves to people, by table.
    """

    def __init__(
        self,
        connection: Connection,
        specs: Sequence[TableSpec],
        wanted: SchemaTables,
        moves: tuple[MovedLinks, ...],
        *,
        allow_destructive: bool,
        unmanaged: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._connection = connection
        self._unmanaged = unmanaged
        self._allow_destructive = allow_destructive
        self._wanted = wanted
        self._specs = {one.sql_name: one for one in specs}
        self._emptied = {(one.table, one.column) for one in moves if one.to_many}
        self._filled = {(one.table, one.column): one for one in moves if not one.to_many}
        self.context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": self._types_differ,
                "include_object": self._is_ours,
                "include_name": self._is_our_name,
            },
        )
        self._found = Differences(moves=moves)

    def differences(self) -> Differences:
        """Return what differs."""
        for move in self._found.moves:
            self._found.say("~", "lossy" if move.several else "safe", move.table, move.text)
        diffs: list[Any] = []
        with warnings.catch_warnings():
            # Indexes over expressions are not reflected, and are compared by their text below.
            warnings.filterwarnings("ignore", "(?i).*expression-based index")
            for one in compare_metadata(self.context, self._wanted.metadata):
                diffs += one if isinstance(one, list) else [one]
        # Columns that stay behind are known before anything is said of their indexes and constraints.
        for one in sorted(diffs, key=lambda diff: diff[0] != "remove_column"):
            self._note(one)
        new_tables = {one[1].name for one in diffs if one[0] == "add_table"}
        ShapeComparison(self._connection, self._wanted.metadata, self._found).compare(new_tables)
        self._note_misfits()
        if self._connection.dialect.name == "postgresql":
            for name in self._wanted.metadata.tables.keys() - new_tables:
                self._compare_numbering(name)
        for spec in self._specs.values():
            if spec.sql_name not in new_tables:
                self._note_contents(spec)
        return self._found

    def _compare_numbering(self, table: str) -> None:
        """Compare which columns PostgreSQL numbers by itself; those that left the schema it goes on with."""
        found = self._found
        wanted = self._wanted.metadata.tables[table].columns
        for live in sa.inspect(self._connection).get_columns(table):
            name, is_numbered = live["name"], "identity" in live
            if name not in wanted or (wanted[name].identity is not None) == is_numbered:
                continue
            said = f"column '{name}' gets no numbers by itself any more"
            if not is_numbered:
                said = f"column '{name}' gets numbers by itself, after those that are there"
            found.say("~", "safe", table, said)
            found.numbered.append((table, name, not is_numbered))
            if is_numbered and wanted[name].nullable:
                # Alembic passes over this of a column that is numbered.
                found.nullable.append((table, name, True))

    def _note_misfits(self) -> None:
        """Note values that a new type does not take, and those that it would make equal although they are unique."""
        for one in self._found.retyped:
            text = misfits(self._connection, one)
            if text:
                self._stop(one.table, text)
            if self._stays_unique(one):
                count, rows = twins(self._connection, one)
                if count:
                    self._stop(one.table, f"'{one.column}' is unique, and {_stand(count)} in several rows {rows.named} once converted: change them")  # fmt: skip

    def _note_contents(self, spec: TableSpec) -> None:
        """Note values that stay in a JSON column although its field is of a type that does not take them."""
        changing = {one.column: one for one in self._found.retyped if one.table == spec.sql_name}
        there = {one.key for one in spec.fields if one.has_column} - self._found.new_names(spec.sql_name)  # fmt: skip
        for field in spec.fields:
            if field.key not in there or field.is_computed:
                continue
            with contextlib.ExitStack() as stack:
                one = changing.get(field.key)
                rows = (
                    self._rows(spec.sql_name, field.key)
                    if one is None
                    else stack.enter_context(converted_rows(self._connection, one))
                )
                unfit = unfit_rows(self._connection, field, rows)
            if unfit.count:
                hold = unfit.said("holds something else", "hold something else")
                self._found.say("!", "manual", spec.sql_name, f"'{field.key}' takes {what_it_takes(field)}, and {hold}: change it, since what reads these rows leaves them out")  # fmt: skip

    def _stays_unique(self, one: Retyping) -> bool:
        return any(
            isinstance(rule, sa.UniqueConstraint)
            and rule.columns.keys() == [one.column]
            and (one.table, str(rule.name)) not in self._found.unmet
            for rule in self._wanted.metadata.tables[one.table].constraints
        )

    def _stop(self, table: str, text: str) -> None:
        """Note what has to be changed before anything can be carried out."""
        self._found.say("!", "manual", table, text)
        self._found.misfits.append(f"in table '{table}' {text}")

    def _is_our_name(self, name: str | None, kind: str, parents: Any) -> bool:
        del parents
        return kind != "table" or name in self._wanted.metadata.tables

    def _is_ours(
        self, one: Any, name: str | None, kind: str, reflected: bool, other: Any
    ) -> bool:  # Alembic's signature
        del one, reflected, other
        return kind != "table" or name in self._wanted.metadata.tables

    def _types_differ(
        self, context: Any, there: Any, column: Any, there_type: Any, wanted_type: Any
    ) -> bool:
        del context, there, column
        return type_name(there_type, self._connection) != type_name(wanted_type, self._connection)

    def _note(self, diff: Any) -> None:
        match diff:
            case ("add_table", table):
                columns = ", ".join(column.name for column in table.columns)
                self._found.say("+", "safe", table.name, f"table with {columns}")
            case ("add_column", _, table, column):
                self._add_column(table, column)
            case ("remove_column", _, table, column):
                self._remove_column(table, column)
            case ("modify_type", _, table, column, _, old, new):
                before, after = type_name(old, self._connection), type_name(new, self._connection)
                nullable = bool(self._wanted.metadata.tables[table].c[column].nullable)
                one = Retyping(table, column, before, new, nullable)
                safety: Safety = "safe" if one.keeps_all else "lossy"
                self._found.say("~", safety, table, f"column '{column}' from {before} to {after}")
                self._found.retyped.append(one)
                self._found.rebuilt.add(table)
            case ("modify_nullable", _, table, column, _, _, nullable):
                self._change_nullable(table, column, nullable=nullable)
            case ("add_constraint" | "add_fk" as kind, made):
                self._constraint(kind, made, is_new=True)
            case ("remove_constraint" | "remove_fk" as kind, gone):
                self._constraint(kind, gone, is_new=False)
            case _:
                # Defaults and comments: the schema's tables have neither.
                return

    def _add_column(self, table: str, column: sa.Column[Any]) -> None:
        found = self._found
        found.say("+", "safe", table, f"column '{column.name}' {type_name(column.type, self._connection)}")  # fmt: skip
        found.new_columns.append((table, column))
        found.rebuilt.add(table)
        if not column.nullable and column.server_default is None:
            blank = self._rows(table)
            move = self._filled.get((table, column.name))
            if move is not None:
                linked: Any = sa.select(sa.column("record_id")).select_from(sa.table(move.holder))
                blank = blank.where(sa.column(ID).not_in(linked))
            self._require_value(table, column.name, blank)

    def _remove_column(self, table: str, column: sa.Column[Any]) -> None:
        found = self._found
        if (table, column.name) in self._emptied:
            found.dropped.append((table, column.name))
            found.rebuilt.add(table)
            return
        is_unmanaged = is_ignored(column.name, self._unmanaged.get(table, ()))
        if self._allow_destructive and not is_unmanaged:
            found.say("-", "lossy", table, f"column '{column.name}' with its values")
            found.dropped.append((table, column.name))
            found.rebuilt.add(table)
            return
        found.left.setdefault(table, []).append(column)
        if not is_unmanaged:
            found.say(" ", "report", table, f"column '{column.name}' not in the schema: left alone", left_column=column.name)  # fmt: skip
        if not column.nullable and column.identity is None:
            found.say("~", "safe", table, f"column '{column.name}' may be blank, since nothing fills it any more")  # fmt: skip
            found.nullable.append((table, column.name, True))
            found.rebuilt.add(table)

    def _change_nullable(self, table: str, column: str, *, nullable: bool) -> None:
        if nullable:
            self._found.say("~", "safe", table, f"column '{column}' may be blank")
            self._found.nullable.append((table, column, True))
            self._found.rebuilt.add(table)
            return
        if self._wanted.metadata.tables[table].c[column].identity is not None:
            # Rows without a number get one.
            return
        blank = self._rows(table).where(sa.column(column).is_(None))
        self._require_value(table, column, blank, existing=True)

    def _require_value(
        self, table: str, column: str, blank: sa.Select[Any], *, existing: bool = False
    ) -> None:
        found = self._found
        rows = found_rows(self._connection, blank)
        value = fill_value(self._specs.get(table), self._wanted.metadata.tables[table].c[column])
        if rows.count and value is None:
            spec = self._specs.get(table)
            is_field = spec is not None and column in spec.by_key
            way_out = "give it a default in the schema, or fill it" if is_field else "fill it"
            found.say("!", "manual", table, f"column '{column}' is required and {rows.said('has no value for it', 'have no value for it')}: {way_out}")  # fmt: skip
            return
        if rows.count:
            found.say(
                "~", "safe", table, f"column '{column}' filled with {_shown(value)} where blank"
            )
        if existing:
            found.say("~", "safe", table, f"column '{column}' is required")
        found.nullable.append((table, column, False))
        found.rebuilt.add(table)

    def _constraint(self, kind: str, one: Any, *, is_new: bool) -> None:
        found = self._found
        table = one.table.name
        columns = [column.name for column in one.columns]
        if not is_new and set(columns) & (found.left_names(table) | found.dropped_names(table)):
            return
        what = "link" if kind.endswith("fk") else "uniqueness"
        if what == "uniqueness" and is_new:
            count, rows = self._repeated(table, columns)
            if count:
                found.say("!", "manual", table, f"'{', '.join(columns)}' is unique, and {_stand(count)} in several rows {rows.named}: change them")  # fmt: skip
                found.unmet.add((table, str(one.name)))
                return
        if what == "link" and is_new:
            self._note_strays(one, columns[0])
        found.say("~", "safe", table, f"{'new' if is_new else 'no'} {what} on {', '.join(columns)}")
        (found.constraints if is_new else found.old_constraints).append(one)
        found.rebuilt.add(table)

    def _note_strays(self, key: sa.ForeignKeyConstraint, column: str) -> None:
        """Note links that lead to another table than they are to."""
        table, target = key.table.name, key.referred_table.name
        if column in self._found.new_names(table):
            return
        cell: Any = sa.column(column)
        stray = cell.is_not(None)
        if sa.inspect(self._connection).has_table(target):
            there: Any = sa.select(sa.column("id")).select_from(sa.table(target))
            stray &= cell.not_in(there)
        strays = found_rows(self._connection, self._rows(table).where(stray))
        if strays.count:
            links = "1 link leads" if strays.count == 1 else f"{strays.count} links lead"
            text = (
                f"'{column}' links to '{target}', and {links} elsewhere {strays.named}: give the relation another key, which leaves the "
                "old links alone, or empty them"
            )
            self._stop(table, text)

    def _repeated(self, table: str, columns: list[str]) -> tuple[int, FoundRows]:
        """Return how many values stand in several rows, and these rows."""
        if self._found.new_names(table) & set(columns):
            return 0, NO_ROWS
        return repeated_values(self._connection, self._rows(table, *columns))

    def _rows(self, table: str, *columns: str) -> sa.Select[Any]:
        """Return the query of a table's rows: their ids, and some columns."""
        key = next(iter(self._wanted.metadata.tables[table].primary_key)).name
        return rows_of(table, *columns, key=key)


def _stand(count: int) -> str:
    return "1 value stands" if count == 1 else f"{count} values stand"


def _shown(value: Any) -> str:
    """Return what blank cells get as a schema writes it."""
    match value:
        case Enum():
            return value.name
        case str():
            return repr(value)
        case bool():
            return "true" if value else "false"
        case date() | timedelta() | int() | float():
            return as_written(value)
        case _:
            return str(value)


def fill_value(spec: TableSpec | None, column: sa.Column[Any]) -> Any:
    """Return what blank cells of a required column get; nothing where the schema does not say."""
    default: Any = column.server_default
    if default is not None:
        return default.arg
    field: FieldSpec | None = spec.by_key.get(column.name) if spec is not None else None
    if field is None:
        return None
    if field.default is not None:
        return field.default
    if field.is_listed:
        return None if field.required else []
    return False if field.kind == "boolean" else None
