"""Database × schema's tables → what differs, and what brings it about, by Alembic's comparison and operations."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations, ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection

from tablewright.expressions.sql import Dialect
from tablewright.model.schema import Schema
from tablewright.provision.changes import Safety, Sign, SqlChange
from tablewright.provision.ports.sql_renames import carry_out_renames
from tablewright.provision.ports.sql_shapes import live_shape, wanted_shapes
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.sql_schema import SchemaTables, schema_tables

_SIGNS: Final = "+~-! "


@dataclass(slots=True)
class SqlWork:
    """The changes in order, and the calls that bring them about. The renames are done already."""

    changes: tuple[SqlChange, ...] = ()
    fingerprint: str = ""
    actions: list[Callable[[], None]] = field(default_factory=list)

    def carry_out(self) -> None:
        """Bring the changes about."""
        for action in self.actions:
            action()


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
    work = _Work(connection, specs, dialect, allow_destructive=allow_destructive)
    work.compare()
    # Alembic compares by sets, whose order differs from run to run.
    ordered = sorted(work.changes, key=lambda one: (one.table, _SIGNS.index(one.sign), one.text))
    return SqlWork((*renames, *ordered), fingerprint, [work.carry_out])


class _Work:
    def __init__(
        self,
        connection: Connection,
        specs: Sequence[TableSpec],
        dialect: Dialect,
        *,
        allow_destructive: bool,
    ) -> None:
        self._connection = connection
        self._dialect = dialect
        self._allow_destructive = allow_destructive
        self._wanted: SchemaTables = schema_tables(specs, dialect)
        self._specs = {one.sql_name: one for one in specs}
        self._context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": self._types_differ,
                "include_object": self._is_ours,
                "include_name": self._is_our_name,
            },
        )
        self._operations = Operations(self._context)
        self.changes: list[SqlChange] = []
        self._new_columns: list[tuple[str, sa.Column[Any]]] = []
        self._retyped: list[tuple[str, str, Any]] = []
        self._nullable: list[tuple[str, str, bool]] = []
        self._dropped: list[tuple[str, str]] = []
        self._left: dict[str, list[sa.Column[Any]]] = {}
        self._constraints: list[Any] = []
        self._old_constraints: list[Any] = []
        self._checks: list[tuple[str, sa.CheckConstraint]] = []
        self._old_checks: list[tuple[str, str]] = []
        self._indexes: list[sa.Index] = []
        self._old_indexes: list[tuple[str, str]] = []
        self._rebuilt: set[str] = set()

    # -- comparison -----------------------------------------------------------------------------------------------

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
        return _type_text(there_type, self._connection) != _type_text(wanted_type, self._connection)

    def compare(self) -> None:
        """Find what differs."""
        found: list[Any] = []
        with warnings.catch_warnings():
            # Indexes over expressions are not reflected, and are compared by their text below.
            warnings.filterwarnings("ignore", "(?i).*expression-based index")
            for one in compare_metadata(self._context, self._wanted.metadata):
                found += one if isinstance(one, list) else [one]
        # Columns that stay behind are known before anything is said of their indexes and constraints.
        for one in sorted(found, key=lambda diff: diff[0] != "remove_column"):
            self._note(one)
        self._compare_shapes({one[1].name for one in found if one[0] == "add_table"})

    def _say(self, sign: Sign, safety: Safety, table: str, text: str) -> None:
        self.changes.append(SqlChange(table, table, sign, safety, text))

    def _note(self, diff: Any) -> None:
        match diff:
            case ("add_table", table):
                columns = ", ".join(column.name for column in table.columns)
                self._say("+", "safe", table.name, f"table with {columns}")
            case ("add_column", _, table, column):
                self._add_column(table, column)
            case ("remove_column", _, table, column):
                self._remove_column(table, column)
            case ("modify_type", _, table, column, _, old, new):
                before, after = _type_text(old, self._connection), _type_text(new, self._connection)
                self._say("~", "lossy", table, f"column '{column}' from {before} to {after}")
                self._retyped.append((table, column, new))
                self._rebuilt.add(table)
            case ("modify_nullable", _, table, column, _, _, nullable):
                self._change_nullable(table, column, nullable=nullable)
            case ("add_constraint" | "add_fk" as kind, made):
                self._constraint("+", kind, made)
            case ("remove_constraint" | "remove_fk" as kind, gone):
                self._constraint("-", kind, gone)
            case _:
                # Defaults and comments: the schema's tables have neither.
                return

    def _add_column(self, table: str, column: sa.Column[Any]) -> None:
        self._say("+", "safe", table, f"column '{column.name}' {_type_text(column.type, self._connection)}")  # fmt: skip
        self._new_columns.append((table, column))
        self._rebuilt.add(table)
        if not column.nullable and column.server_default is None:
            self._require_value(table, column.name, self._count(table))

    def _remove_column(self, table: str, column: sa.Column[Any]) -> None:
        if self._allow_destructive:
            self._say("-", "lossy", table, f"column '{column.name}' with its values")
            self._dropped.append((table, column.name))
            self._rebuilt.add(table)
            return
        self._left.setdefault(table, []).append(column)
        self._say(" ", "report", table, f"column '{column.name}' not in the schema: left alone")
        if not column.nullable:
            self._say("~", "safe", table, f"column '{column.name}' may be blank, since nothing fills it any more")  # fmt: skip
            self._nullable.append((table, column.name, True))
            self._rebuilt.add(table)

    def _change_nullable(self, table: str, column: str, *, nullable: bool) -> None:
        if nullable:
            self._say("~", "safe", table, f"column '{column}' may be blank")
            self._nullable.append((table, column, True))
            self._rebuilt.add(table)
            return
        blank = sa.column(column).is_(None)
        self._require_value(table, column, self._count(table, blank), existing=True)

    def _require_value(
        self, table: str, column: str, blanks: int, *, existing: bool = False
    ) -> None:
        if blanks and _fill(self._spec_field(table, column)) is None:
            rows = "1 row has" if blanks == 1 else f"{blanks} rows have"
            self._say("!", "manual", table, f"column '{column}' is required and {rows} no value for it: give it a default in the schema, or fill it")  # fmt: skip
            return
        if blanks:
            value = _fill(self._spec_field(table, column))
            self._say("~", "safe", table, f"column '{column}' filled with {value!r} where blank")
        if existing:
            self._say("~", "safe", table, f"column '{column}' is required")
        self._nullable.append((table, column, False))
        self._rebuilt.add(table)

    def _constraint(self, sign: Sign, kind: str, one: Any) -> None:
        table = one.table.name
        columns = [column.name for column in one.columns]
        staying = {column.name for column in self._left.get(table, ())}
        if sign == "-" and staying & set(columns):
            return
        if (table, columns[0]) in self._dropped:
            return
        what = "link" if kind.endswith("fk") else "uniqueness"
        if what == "uniqueness" and sign == "+":
            doubled = self._doubled(table, columns)
            if doubled:
                self._say("!", "manual", table, f"'{', '.join(columns)}' is unique, and {doubled} value{' stands' if doubled == 1 else 's stand'} in several rows: change them")  # fmt: skip
                return
        self._say("~", "safe", table, f"{'new' if sign == '+' else 'no'} {what} on {', '.join(columns)}")  # fmt: skip
        (self._constraints if sign == "+" else self._old_constraints).append(one)
        self._rebuilt.add(table)

    def _compare_shapes(self, new_tables: set[str]) -> None:
        wanted = wanted_shapes(self._connection, self._wanted.metadata, self._dialect)
        for table in self._wanted.metadata.sorted_tables:
            if table.name in new_tables:
                continue
            there = live_shape(self._connection, table.name)
            self._compare_checks(table, there.checks, wanted[table.name].checks)
            self._compare_indexes(table, there.indexes, wanted[table.name].indexes)

    def _compare_checks(
        self, table: sa.Table, there: Mapping[str, str], wanted: Mapping[str, str]
    ) -> None:
        prefix = f"ck_{table.name}_"
        new_columns = {column.name for name, column in self._new_columns if name == table.name}
        named = {
            str(one.name): one for one in table.constraints if isinstance(one, sa.CheckConstraint)
        }
        for name, text in there.items():
            if not name.startswith("ck_") or text == wanted.get(name):
                continue
            if self._is_of_left(table.name, name):
                continue
            self._old_checks.append((table.name, name))
            self._rebuilt.add(table.name)
            if name not in named:
                self._say("~", "safe", table.name, f"no check {name.removeprefix(prefix)}")
        for name, check in named.items():
            if there.get(name) == wanted.get(name):
                continue
            if any(name.startswith(f"{prefix}{one}_") for one in new_columns):
                self._checks.append((table.name, check))
                self._rebuilt.add(table.name)
            else:
                self._say_check(table, name, check)

    def _compare_indexes(
        self, table: sa.Table, there: Mapping[str, str], wanted: Mapping[str, str]
    ) -> None:
        made = {str(one.name): one for one in table.indexes}
        for name, text in there.items():
            if text == wanted.get(name) or self._is_of_left(table.name, name):
                continue
            if name.startswith("ix_"):
                self._old_indexes.append((table.name, name))
                if name not in made:
                    self._say("~", "safe", table.name, f"no index {name}")
        for name, index in made.items():
            if there.get(name) != wanted.get(name):
                self._say("~", "safe", table.name, f"index {name}")
                self._indexes.append(index)

    def _say_check(self, table: sa.Table, name: str, check: sa.CheckConstraint) -> None:
        short = name.removeprefix(f"ck_{table.name}_")
        against = self._count(table.name, sa.not_(sa.literal_column(f"({check.sqltext.compile(dialect=self._connection.dialect, compile_kwargs={'literal_binds': True})})")))  # fmt: skip
        if against:
            rows = "1 row is" if against == 1 else f"{against} rows are"
            self._say("!", "manual", table.name, f"check {short}: {rows} against it and would have to be changed first")  # fmt: skip
            # The old form of the check stays until then.
            self._old_checks = [one for one in self._old_checks if one != (table.name, name)]
            return
        self._say("~", "safe", table.name, f"check {short}")
        self._checks.append((table.name, check))
        self._rebuilt.add(table.name)

    def _is_of_left(self, table: str, name: str) -> bool:
        """Tell whether a check or index, by its name, is about a column that stays behind, or goes and takes it along."""
        columns = [column.name for column in self._left.get(table, ())]
        columns += [column for where, column in self._dropped if where == table]
        return any(f"_{column}_" in f"{name}_" for column in columns)

    def _spec_field(self, table: str, column: str) -> FieldSpec | None:
        spec = self._specs.get(table)
        return spec.by_key.get(column) if spec is not None else None

    def _count(self, table: str, condition: Any = None) -> int:
        query = sa.select(sa.func.count()).select_from(sa.table(table))
        if condition is not None:
            query = query.where(condition)
        return int(self._connection.execute(query).scalar_one())

    def _doubled(self, table: str, columns: list[str]) -> int:
        if any(name == table and column.name in columns for name, column in self._new_columns):
            return 0
        listed: list[Any] = [sa.column(name) for name in columns]
        grouped = sa.select(*listed).select_from(sa.table(table)).where(*(one.is_not(None) for one in listed)).group_by(*listed).having(sa.func.count() > 1)  # fmt: skip
        return int(self._connection.execute(sa.select(sa.func.count()).select_from(grouped.subquery())).scalar_one())  # fmt: skip

    # -- carrying out ---------------------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """Bring everything about that was found; blank cells are filled before they are forbidden."""
        for table, name in self._old_indexes:
            self._operations.drop_index(name, table)
        there = set(sa.inspect(self._connection).get_table_names())
        missing = [one for one in self._wanted.metadata.sorted_tables if one.name not in there]
        self._wanted.metadata.create_all(self._connection, tables=missing)
        for table, column in self._new_columns:
            default: Any = column.server_default
            value = default.arg if default is not None else None
            blank = column.nullable or value is None
            plain = sa.Column(column.name, column.type, nullable=blank, server_default=value)
            self._operations.add_column(table, plain)
        for table, name, nullable in self._nullable:
            if not nullable:
                self._fill_blanks(table, name)
        if self._dialect == "sqlite":
            for made in self._wanted.metadata.sorted_tables:
                if made.name in self._rebuilt:
                    self._rebuild(made)
        else:
            self._alter()
        for index in self._indexes:
            self._operations.invoke(ops.CreateIndexOp.from_index(index))

    def _fill_blanks(self, table: str, column: str) -> None:
        value = _fill(self._spec_field(table, column))
        if value is not None:
            wanted = self._wanted.metadata.tables[table]
            cell = wanted.c[column]
            self._connection.execute(wanted.update().where(cell.is_(None)).values({column: value}))

    def _rebuild(self, table: sa.Table) -> None:
        """Let Alembic's batch mode make the table anew and copy its rows: SQLite alters hardly anything in place."""
        metadata = sa.MetaData(naming_convention=self._wanted.metadata.naming_convention)
        for one in self._wanted.metadata.sorted_tables:
            one.to_metadata(metadata)
        made = metadata.tables[table.name]
        for column in self._left.get(table.name, ()):
            made.append_column(sa.Column(column.name, column.type, nullable=True))
        required = {name for where, name, nullable in self._nullable if where == table.name and not nullable}  # fmt: skip
        there = {one["name"]: one for one in sa.inspect(self._connection).get_columns(table.name)}
        for cell in made.columns:
            if not cell.nullable and cell.name not in required and there[cell.name]["nullable"]:
                # It was to be required, and some rows have no value for it.
                cell.nullable = True
        kept = {name for where, name in self._unmet_checks() if where == table.name}
        made.constraints = {one for one in made.constraints if str(one.name) not in kept}
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

    def _unmet_checks(self) -> list[tuple[str, str]]:
        """Return checks that rows are against, which are not made now."""
        planned = {(table, str(check.name)) for table, check in self._checks}
        unmet: list[tuple[str, str]] = []
        for change in self.changes:
            if change.safety == "manual" and change.text.startswith("check "):
                name = f"ck_{change.table}_{change.text.removeprefix('check ').partition(':')[0]}"
                if (change.table, name) not in planned:
                    unmet.append((change.table, name))
        return unmet

    def _alter(self) -> None:
        operations = self._operations
        for one in self._old_constraints:
            operations.invoke(ops.DropConstraintOp.from_constraint(one))
        for table, name in self._old_checks:
            operations.drop_constraint(name, table, type_="check")
        for table, name in self._dropped:
            operations.drop_column(table, name)
        for table, name, kind in self._retyped:
            using = f'"{name}"::{_type_text(kind, self._connection)}'
            operations.alter_column(table, name, type_=kind, postgresql_using=using)
        for table, name, nullable in self._nullable:
            operations.alter_column(table, name, nullable=nullable)
        for one in self._constraints:
            operations.invoke(ops.AddConstraintOp.from_constraint(one))
        for _, check in self._checks:
            operations.invoke(ops.AddConstraintOp.from_constraint(check))


def _fill(field_spec: FieldSpec | None) -> Any:
    """Return what blank cells of a required column get; nothing where the schema does not say."""
    if field_spec is None:
        return None
    if field_spec.default is not None:
        return field_spec.default
    if field_spec.is_listed:
        return []
    return False if field_spec.kind == "boolean" else None


def _type_text(kind: Any, connection: Connection) -> str:
    # The collation belongs to the column, and reflection tells it or not by dialect.
    text = str(kind.compile(dialect=connection.dialect)).upper().partition(" COLLATE ")[0]
    if connection.dialect.name == "sqlite":
        # SQLite keeps five kinds of values, and reflection shows what it makes of a declared type.
        return _SQLITE_TYPES.get(text, text)
    return _SAME_TYPES.get(text, text)


_SQLITE_TYPES: Final = {
    "DOUBLE": "REAL",
    "DOUBLE PRECISION": "REAL",
    "FLOAT": "REAL",
    "VARCHAR": "TEXT",
}
_SAME_TYPES: Final = {"DOUBLE": "DOUBLE PRECISION", "VARCHAR": "TEXT", "FLOAT": "DOUBLE PRECISION"}


def _fingerprint(connection: Connection) -> str:
    inspector = sa.inspect(connection)
    found = [
        (name, [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)])
        for name in sorted(inspector.get_table_names())
    ]  # fmt: skip
    return hashlib.sha256(repr(found).encode()).hexdigest()
