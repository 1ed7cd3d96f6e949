"""Checks and indexes: what differs between a database and a schema's tables, name by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tablewright.provision.ports.sql_differences import Differences, mentions
from tablewright.provision.ports.sql_rows import found_rows, rows_of
from tablewright.provision.ports.sql_shapes import live_shape, wanted_shapes
from tablewright.provision.ports.sql_values import Retyping, rows_against
from tablewright.runtime.stores.sql_schema import check_name
from tablewright.runtime.stores.sql_types import MomentText


class ShapeComparison:
    """Adds to *found* what differs in checks and indexes. The columns are compared already."""

    def __init__(self, connection: Connection, metadata: sa.MetaData, found: Differences) -> None:
        self._connection = connection
        self._metadata = metadata
        self._found = found

    def compare(self, new_tables: set[str]) -> None:
        """Compare all tables but the new ones, which are made as they are wanted."""
        wanted = wanted_shapes(self._connection, self._metadata)
        for table in self._metadata.sorted_tables:
            if table.name in new_tables:
                continue
            there = live_shape(self._connection, table.name)
            self._compare_checks(table, there.checks, wanted[table.name].checks)
            self._compare_indexes(table, there.indexes, wanted[table.name].indexes)

    def _compare_checks(
        self, table: sa.Table, there: Mapping[str, str], wanted: Mapping[str, str]
    ) -> None:
        found = self._found
        made = {
            str(one.name): one for one in table.constraints if isinstance(one, sa.CheckConstraint)
        }
        self._note_moments(table, there)
        beside = found.left_names(table.name) | found.dropped_names(table.name)
        for name, text in there.items():
            if not name.startswith("ck_") or text == wanted.get(name):
                continue
            if name not in wanted and mentions(text, beside):
                # It stays with its column, or goes with it.
                continue
            found.old_checks.append((table.name, name))
            found.rebuilt.add(table.name)
            if name not in made:
                found.say("~", "safe", table.name, f"no check {_short(table, name)}")
        retyped = {one.column: one for one in found.retyped if one.table == table.name}
        new = found.new_names(table.name)
        for name, check in made.items():
            if there.get(name) == wanted.get(name):
                continue
            columns = {column.name for column in check.columns}
            changing = [one for column, one in retyped.items() if column in columns]
            # Of a new column the cells are blank, or the default.
            if columns & new:
                found.checks.append((table.name, check))
                found.rebuilt.add(table.name)
            else:
                self._note_check(table, name, check, changing)

    def _note_moments(self, table: sa.Table, there: Mapping[str, str]) -> None:
        """Note texts that are to be moments: SQLite keeps both as text, and only the checks of a text tell."""
        for column in table.columns:
            checks = {check_name(table.name, column.name, rule) for rule in ("length", "value")}
            is_text = bool(checks & there.keys())
            if is_text and isinstance(column.type, MomentText):
                self._found.say("~", "lossy", table.name, f"column '{column.name}' from text to moments")  # fmt: skip
                one = Retyping(table.name, column.name, "TEXT", column.type, bool(column.nullable))
                self._found.retyped.append(one)
                self._found.rebuilt.add(table.name)

    def _note_check(
        self, table: sa.Table, name: str, check: sa.CheckConstraint, changing: Sequence[Retyping]
    ) -> None:
        found = self._found
        compiled = check.sqltext.compile(
            dialect=self._connection.dialect, compile_kwargs={"literal_binds": True}
        )
        test = str(compiled)
        if changing:
            against = rows_against(self._connection, changing[0], test)
        else:
            rows = rows_of(table.name).where(sa.not_(sa.literal_column(f"({test})")))
            against = found_rows(self._connection, rows)
        if against.count:
            said = against.said("is against it", "are against it")
            found.say("!", "manual", table.name, f"check {_short(table, name)}: {said} and would have to be changed first")  # fmt: skip
            found.unmet.add((table.name, name))
            if not changing:
                # The old form of the check stays until then; of another type it would make no sense.
                found.old_checks = [one for one in found.old_checks if one != (table.name, name)]
            return
        if not changing:
            found.say("~", "safe", table.name, f"check {_short(table, name)}")
        found.checks.append((table.name, check))
        found.rebuilt.add(table.name)

    def _compare_indexes(
        self, table: sa.Table, there: Mapping[str, str], wanted: Mapping[str, str]
    ) -> None:
        found = self._found
        made = {str(one.name): one for one in table.indexes}
        left, dropped = found.left_names(table.name), found.dropped_names(table.name)
        for name, text in there.items():
            if not name.startswith("ix_") or text == wanted.get(name):
                continue
            if name not in wanted and mentions(text, left):
                continue
            found.old_indexes.append((table.name, name))
            if name not in wanted and not mentions(text, dropped):
                found.say("~", "safe", table.name, f"no index {name}")
        for name, index in made.items():
            if there.get(name) != wanted.get(name):
                found.say("~", "safe", table.name, f"index {name}")
                found.indexes.append(index)


def _short(table: sa.Table, name: str) -> str:
    return name.removeprefix(f"ck_{table.name}_")
