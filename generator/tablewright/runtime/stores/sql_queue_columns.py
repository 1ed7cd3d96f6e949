"""What a queue adds to a SQL table: its columns, the indexes that claims use, and the test that nobody holds a row."""

from __future__ import annotations

from secrets import token_hex
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from tablewright.expressions.sql import Dialect
from tablewright.runtime.codec import Row
from tablewright.runtime.spec import QUEUE_KEYS, TableSpec
from tablewright.sql_names import sql_name

TEXT_FORM: Final = "%Y-%m-%dT%H:%M:%f"
"""SQLite's own clock in the form that moments have there, milliseconds filled up to six digits by `000Z`."""


def queue_columns(
    spec: TableSpec, dialect: Dialect, moment: TypeEngine[Any], text: TypeEngine[Any]
) -> list[Any]:
    """Return the columns and indexes of a table with a queue.

    Rows that wait stand in one partial index, in the queue's order, and held ones in another by the end of their lease:
    a claim passes over neither what others hold nor what has ended. For each field with an index of its own there is one
    more, in the queue's order below each value, for workers that claim the tasks of one agent.
    """
    parts: list[Any] = [
        sa.Column("ready_at", moment),
        sa.Column("attempt", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("lease_until", moment),
        sa.Column("worker_id", text),
        sa.Column("lease_token", text),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("taken_at", moment),
        sa.Column("settled_at", moment),
    ]
    keys = order_keys(spec, dialect)
    if keys is not None:
        where = sa.text(waits(spec, dialect))
        order = [f"{expression}{direction}" for expression, direction in keys]
        for name in ("", *narrowing(spec)):
            listed = [quoted(name), *order] if name else order
            index = sql_name("ix", spec.sql_name, "queue", *([name] if name else ()))
            columns = [sa.text(one) for one in listed]
            parts.append(sa.Index(index, *columns, sqlite_where=where, postgresql_where=where))
    for name in ("ready_at", "lease_until"):
        there = sa.text(f"{quoted(name)} IS NOT NULL")
        index = sql_name("ix", spec.sql_name, name)
        parts.append(sa.Index(index, name, sqlite_where=there, postgresql_where=there))
    return parts


def narrowing(spec: TableSpec) -> list[str]:
    """Return the fields by whose values a claim is narrowed without a look at other rows: those with an index."""
    assert spec.lifecycle is not None  # noqa: S101  # every table with a queue has one
    state = spec.lifecycle.field
    return [
        one.key
        for one in spec.fields
        if one.index and one.has_column and not one.unique and one.key != state
    ]


def history_columns(text: TypeEngine[Any]) -> list[Any]:
    """Return what the history of a table with a queue has besides."""
    return [sa.Column("attempt", sa.Integer()), sa.Column("error", text)]


def quoted(name: str) -> str:
    """Return the name of a column as SQL; keys of a schema hold no quotes."""
    return f'"{name}"'


def waits(spec: TableSpec, dialect: Dialect) -> str:
    """Return the condition, as SQL, that a row waits: only such rows are in the queue's index."""
    return looked_at(f"{quoted(_state(spec))} IN {_states(spec, with_taken=False)}", dialect)


def looked_at(condition: str, dialect: Dialect) -> str:
    """Return a condition on the state, as SQL, that is no way into the table, whatever the database's statistics say.

    Nearly all rows may have passed through the state of those that wait or are held. A database whose statistics are
    older than that would take them for few, walk through them all and sort them. SQLite leaves the state's index aside
    for the plus; PostgreSQL takes a CASE for half of all rows, so that an order that an index has is worth having.
    """
    return (
        f"+{condition}"
        if dialect == "sqlite"
        else f"CASE WHEN {condition} THEN true ELSE false END"
    )


def in_line(spec: TableSpec) -> str:
    """Return the condition, as SQL, that a row waits or is held."""
    return f"{quoted(_state(spec))} IN {_states(spec, with_taken=True)}"


def _state(spec: TableSpec) -> str:
    assert spec.lifecycle is not None  # noqa: S101  # the checks saw to it
    return spec.lifecycle.field


def _states(spec: TableSpec, *, with_taken: bool) -> str:
    lifecycle, queue = spec.lifecycle, spec.queue
    assert lifecycle is not None and queue is not None  # noqa: S101, PT018  # the checks saw to it
    take = lifecycle.by_name[queue.take]
    states = [one.name for one in take.sources]
    states += [take.target.name] if with_taken else []
    return f"({', '.join(map(as_text, dict.fromkeys(states)))})"


def order_keys(spec: TableSpec, dialect: Dialect) -> list[tuple[str, str]] | None:
    """Return the queue's order as SQL, values and directions; nothing where it sorts by what is no column.

    Enums sort by the place of their values, blanks come first where rising. What is alike goes by its creation and id.
    """
    keys: list[tuple[str, str]] = []
    for key in spec.queue.order_by if spec.queue is not None else ():
        name = key.removeprefix("-")
        field = spec.by_key.get(name)
        if field is None and name != "created_time":
            return None
        if field is not None and field.kind == "created_time":
            name = "created_time"
        column = quoted(name)
        if field is not None and field.kind == "enum" and field.choices is not None:
            places = " ".join(
                f"WHEN {as_text(member.name)} THEN {place}"
                for place, member in enumerate(field.choices)
            )
            column = f"(CASE {column} {places} END)"
        falling = key.startswith("-")
        nulls = ""
        if dialect == "postgresql":
            nulls = " NULLS LAST" if falling else " NULLS FIRST"
        keys.append((column, f"{' DESC' if falling else ''}{nulls}"))
    named = {column for column, _ in keys}
    return keys + [(one, "") for one in (quoted("created_time"), quoted("id")) if one not in named]


def as_text(name: str) -> str:
    """Return a name as SQL text."""
    return "'" + name.replace("'", "''") + "'"


def store_now(dialect: Dialect, moment: TypeEngine[Any]) -> Any:
    """Return the store's own clock, one and the same throughout a statement."""
    if dialect == "postgresql":
        return sa.func.statement_timestamp(type_=moment)
    return sa.type_coerce(sa.func.strftime(TEXT_FORM, "now").op("||")("000Z"), moment)


def after(dialect: Dialect, moment: TypeEngine[Any], seconds: Any) -> Any:
    """Return the store's clock, so many seconds from now."""
    if dialect == "postgresql":
        span = sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        return sa.type_coerce(sa.func.statement_timestamp().op("+")(span), moment)
    shifted = sa.func.strftime(TEXT_FORM, "now", sa.func.printf("%+.6f seconds", seconds))
    return sa.type_coerce(shifted.op("||")("000Z"), moment)


def not_held(table: sa.Table, dialect: Dialect) -> Any:
    """Return the condition that no worker holds a row."""
    until = table.c.lease_until
    return sa.or_(until.is_(None), until < store_now(dialect, until.type))


def let_go(spec: TableSpec, changes: Row) -> Row:
    """Return what becomes of the queue's columns in a transition that somebody makes who does not hold the row."""
    lifecycle, queue = spec.lifecycle, spec.queue
    assert lifecycle is not None and queue is not None  # noqa: S101, PT018  # the checks saw to it
    found: Row = {"lease_until": None, "lease_token": None, "worker_id": None}
    if changes[lifecycle.field] in lifecycle.by_name[queue.take].sources:
        found |= {"ready_at": None, "cancel_requested": False}
    return found


def brought_along(row: Row) -> Row:
    """Return the queue's columns of a row that comes from another store. A lease gets a token here, that nobody knows.

    So it holds until it runs out, and then the row is taken again.
    """
    found: Row = {key: row.get(key) for key in QUEUE_KEYS}
    found |= {"attempt": found["attempt"] or 0, "cancel_requested": bool(found["cancel_requested"])}
    return found | {"lease_token": token_hex(16) if found["lease_until"] is not None else None}


def shown(row: Row) -> Row:
    """Return a row without what the queue keeps to itself: records know no lease tokens."""
    return {key: value for key, value in row.items() if key != "lease_token"}
