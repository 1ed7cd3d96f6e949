"""What a database refuses, in the words of the schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from tablewright.kinds import as_written
from tablewright.runtime.codec import Row
from tablewright.runtime.encoders import MAX_INTEGER
from tablewright.runtime.errors import (
    Misfit,
    RecordInUse,
    RecordInvalid,
    StoreError,
    StoreOutdated,
    StoreUnavailable,
    TablewrightError,
    taken_by,
    taken_twice,
)
from tablewright.runtime.spec import FieldSpec, TableSpec
from tablewright.runtime.stores.sql_retries import READ_ONLY
from tablewright.runtime.stores.sql_schema import ID, SchemaTables, check_name

_MISSING: Final = ("42P01", "42703")
"""What PostgreSQL says of a table or column that is not there."""
_SAYS_MISSING: Final = ("no such table", "no such column", "has no column named")
"""The same of SQLite. Whatever is asked for was there when the program first used the table."""
TOO_LARGE: Final = "a calculation gives an integer of more than 64 bits"
SAYS_TOO_LARGE: Final = (
    "user-defined function raised exception",
    "integer overflow",
    "bigint out of range",
)
"""What SQLite says of functions and sums, and PostgreSQL of everything. Of our functions only `tw_exact` and `tw_floor` raise."""


@contextmanager
def translated(description: str) -> Iterator[None]:
    """Turn errors of the database into ours; broken rules pass, for `integrity_error` to explain."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except exc.TimeoutError as error:
        raise StoreUnavailable(all_in_use(description)) from error
    except UnicodeEncodeError as error:
        raise StoreError(f"{description} refused: a text with a lone surrogate") from error
    except OverflowError as error:
        raise StoreError(f"{description} refused: an integer of more than 64 bits") from error
    except exc.OperationalError as error:
        if _reason(error) in SAYS_TOO_LARGE or is_refusal(error.orig):
            raise refusal(description, error.orig) from error
        raise StoreUnavailable(f"{description} cannot be used: {_reason(error)}") from error
    except exc.DBAPIError as error:
        if type(error) is exc.DatabaseError or getattr(error.orig, "sqlstate", None) == READ_ONLY:
            # The first is what SQLite says of a file that is none of its own, or that is damaged.
            raise StoreUnavailable(f"{description} cannot be used: {_reason(error)}") from error
        raise refusal(description, error.orig) from error


def refusal(description: str, error: BaseException | None) -> StoreError:
    """Return the error for a statement that a database or its driver refuses."""
    reason = reason_of(error) if error is not None else "no reason given"
    if reason in SAYS_TOO_LARGE:
        return StoreError(f"{description} refused: {TOO_LARGE}")
    is_missing = any(words in reason for words in _SAYS_MISSING)
    if is_missing or getattr(error, "sqlstate", None) in _MISSING:
        return StoreOutdated(
            f"{description} refused: {reason}, which was there before. The schema was changed below this program: start it "
            "again with the code of the present schema"
        )
    return StoreError(f"{description} refused: {reason}")


def all_in_use(description: str) -> str:
    """Return what is to be said where no connection of the pool came free in time."""
    return (
        f"{description} cannot be used: all connections that this program opens are in use, and none came free in time. "
        "Let fewer threads ask it at once"
    )


def is_refusal(error: object) -> bool:
    """Tell whether a statement was refused for what it asks, though the driver speaks of the database's operation.

    Tried again it would be refused again: too many values, too many conditions, a value that an index cannot hold.
    """
    code, state = getattr(error, "sqlite_errorcode", None), getattr(error, "sqlstate", None)
    return (
        code == sqlite3.SQLITE_ERROR
        or str(state).startswith(_PROGRAM_LIMIT)
        or (state is None and "number of parameters must be" in str(error))
    )


_PROGRAM_LIMIT: Final = "54"
"""The class of SQLSTATEs of statements that go beyond what PostgreSQL can do."""
_WAYS_OUT: Final = (
    # SQLite says no more, and makes files, but no folders.
    ("unable to open database file", "see that its folder is there and may be written to"),
    ("file is not a database", "name another file"),
    ("attempt to write a readonly database", "see that the file and its folder may be written to"),
    ("Connection refused", "see that the server runs, and listens there"),
    ("No such file or directory", "see that the server runs, and listens there"),
    ("failed to resolve host", "see how the host is written"),
    ("password authentication failed", "see user and password in the store's URL"),
    ("no password supplied", "put it into the store's URL, or into PGPASSWORD"),
    ("invalid port number", "a port is 1 to 65535"),
    ("too many SQL variables", "ask with fewer values at a time"),
    ("number of parameters must be", "ask with fewer values at a time"),
    ("Expression tree is too large", "join fewer conditions, or write is_in([…])"),
    (
        "index row ",
        "PostgreSQL's indexes hold 2,700 bytes: give the field a max_length, or take its index or unique off",
    ),
    (
        'prepared statement "',
        "behind a pooler add prepare=off to the URL, since its sessions change",
    ),
)
"""What to do about what a database or its driver says, by words in it."""


def _reason(error: exc.DBAPIError) -> str:
    return reason_of(error.orig) if error.orig is not None else "no reason given"


def reason_of(error: BaseException) -> str:
    """Return what a database or its driver says first, and what to do about it where that is known."""
    reason = next(iter(str(error).strip().splitlines()), "") or type(error).__name__
    way_out = next((way for words, way in _WAYS_OUT if words in reason), "")
    return f"{reason}: {way_out}" if way_out else reason


def integrity_error(
    error: exc.IntegrityError,
    connection: Connection,
    schema: SchemaTables,
    table: TableSpec,
    rows: Sequence[Row],
    deleting: Sequence[str],
) -> TablewrightError:
    """Return the error that says which rule of the schema a write broke."""
    if deleting:
        return RecordInUse(table.key, deleting)
    rule, broken = _broken(error)
    if rule == "link":
        return _missing_link(connection, schema, table, rows) or StoreError(_reason(error))
    field = _field_of(broken, schema.tables[table.key], table)
    if field is None:
        return StoreError(_reason(error))
    given = next((row.get(field) for row in rows if row.get(field) is not None), None)
    if rule == "unique":
        return _taken(connection, schema, table, field, rows)
    outdated = _unknown_choice(rule, field, table, table.key)
    if outdated is not None:
        return outdated
    valid = "is required" if rule == "required" else "is outside of what its field allows"
    return RecordInvalid(table.key, [Misfit(field, valid, given, has_given=rule != "required")])


def refused_change(
    error: exc.IntegrityError, stored: sa.Table, table: TableSpec, record: str
) -> TablewrightError:
    """Return the error that says which field a queue's own change of a record does not fit.

    A value of an enum that the stored table does not know is told as `StoreOutdated`, as everywhere.
    """
    rule, broken = _broken(error)
    name = _field_of(broken, stored, table)
    if name is None:
        return StoreError(f"{record} cannot be written: {_reason(error)}")
    outdated = _unknown_choice(rule, name, table, record)
    if outdated is not None:
        return outdated
    valid = {
        "required": "is required",
        "unique": "has to be unique, and another record has the value",
        "link": "has to be a record that is there",
    }.get(rule) or _allowed(table, table.by_key.get(name), broken)
    return RecordInvalid(record, [Misfit(name, valid, has_given=False)])


def _unknown_choice(rule: str, name: str, table: TableSpec, record: str) -> StoreOutdated | None:
    """Return the error for a value of an enum that the program knows and the stored table does not: it was renamed since."""
    field = table.by_key.get(name)
    if rule != "check" or field is None or field.kind != "enum":
        return None
    return StoreOutdated(
        f"{record} cannot be written: a value of '{name}' that this program knows is none of the stored table's. "
        "The schema has changed since the program was generated: start it with the code of the present schema"
    )


def _allowed(table: TableSpec, field: FieldSpec | None, check: str) -> str:
    """Return what a field's check asks for."""
    rules: dict[str, str] = {}
    if field is not None:
        rules = {
            "filled": "is required",
            "safe": f"has to be between {-MAX_INTEGER} and {MAX_INTEGER}",
        }
        if field.minimum is not None:
            rules["minimum"] = f"has to be at least {as_written(field.minimum)}"
        if field.maximum is not None:
            rules["maximum"] = f"has to be at most {as_written(field.maximum)}"
        rules = {check_name(table.sql_name, field.key, rule): text for rule, text in rules.items()}
    return rules.get(check, "is outside of what its field allows")


def _broken(error: exc.IntegrityError) -> tuple[str, str]:
    """Return which kind of rule was broken, and the column or constraint that the database names."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        rules = {"23505": "unique", "23514": "check", "23502": "required", "23503": "link"}
        rule = rules.get(str(getattr(error.orig, "sqlstate", "")), "")
        return rule, diagnosis.column_name or diagnosis.constraint_name or ""
    text = str(error.orig)
    for words, rule in (
        ("UNIQUE", "unique"),
        ("CHECK", "check"),
        ("NOT NULL", "required"),
        ("FOREIGN KEY", "link"),
    ):
        if text.startswith(f"{words} constraint failed"):
            named = text.partition(": ")[2].split(",")[0].strip()
            return rule, named.rpartition(".")[2]
    return "", ""


def _field_of(broken: str, stored: sa.Table, table: TableSpec) -> str | None:
    """Return the field or relation that a column stands for, or the only column of a constraint."""
    column = broken
    for one in stored.constraints:
        if one.name == broken and isinstance(one, sa.schema.ColumnCollectionConstraint):
            column = one.columns[0].name
    if column in table.by_key:
        return column
    return next((one.key for one in table.relations if one.attribute == column), None)


def _taken(
    connection: Connection, schema: SchemaTables, table: TableSpec, field: str, rows: Sequence[Row]
) -> RecordInvalid:
    column = schema.tables[table.key].c[field]
    seen: set[Any] = set()
    for row in rows:
        value = row.get(field)
        if value is None:
            continue
        holder = connection.execute(
            sa.select(schema.tables[table.key].c.id).where(column == value)
        ).scalar()
        if holder is not None and holder != row.get(ID):
            return RecordInvalid(table.key, [taken_by(field, holder, value)])
        if value in seen:
            return RecordInvalid(
                table.key,
                [taken_twice(field, value)],
            )
        seen.add(value)
    return RecordInvalid(table.key, [Misfit(field, "has to be unique", has_given=False)])


def _missing_link(
    connection: Connection, schema: SchemaTables, table: TableSpec, rows: Sequence[Row]
) -> RecordInvalid | None:
    for relation in table.relations:
        target = schema.tables[relation.to]
        for row in rows:
            value = row.get(relation.key)
            for one in value if isinstance(value, list) else [value]:
                if (
                    one
                    and connection.execute(sa.select(target.c.id).where(target.c.id == one)).first()
                    is None
                ):
                    valid = f"has to be a record of {relation.to} that is there"
                    return RecordInvalid(table.key, [Misfit(relation.key, valid, one)])
    return None
