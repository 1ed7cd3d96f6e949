"""Writes to the tables of a database: what each does inside its transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.engine import Connection

from tablewright.runtime.codec import Row
from tablewright.runtime.errors import RecordInvalid, RecordNotFound, held_by_several
from tablewright.runtime.spec import QUEUE_KEYS, TableSpec
from tablewright.runtime.stores.base import Check, Move
from tablewright.runtime.stores.sql_links import LinkWriter
from tablewright.runtime.stores.sql_numbers import AUTO_NUMBER, give_numbers
from tablewright.runtime.stores.sql_queue_columns import brought_along
from tablewright.runtime.stores.sql_rows import is_many, new_values, own_columns, stamped
from tablewright.runtime.stores.sql_schema import CREATED, ID, link_column
from tablewright.runtime.stores.sql_statements import KnownTable, among


def insert(connection: Connection, known: KnownTable, rows: list[Row]) -> None:
    """Store new rows, and fill in what the database gives them. What rows bring of a queue they keep, with a lease of their own."""
    table, counted = known.spec, known.schema.counters
    give_numbers(connection, table, counted, rows)
    singles = [relation for relation in table.relations if not relation.many]
    columns = [ID, CREATED]
    for field in table.fields:
        is_given = field.kind != AUTO_NUMBER or (table.key, field.key) in counted
        if field.has_column and is_given:
            columns.append(field.key)
    values = []
    for row in rows:
        found = {key: row.get(key) for key in columns}
        for relation in singles:
            found[link_column(relation)] = row.get(relation.key)
        values.append(found)
    if table.queue is not None and all(key in rows[0] for key in QUEUE_KEYS):
        for row, found in zip(rows, values, strict=True):
            found |= brought_along(row)
    connection.execute(known.statements.insert, values)
    links = LinkWriter(connection, known.schema, table, known.statements.dialect)
    for row in rows:
        for relation in table.relations:
            if relation.many and row.get(relation.key):
                links.add(relation, row[ID], row[relation.key])
    links.flush()
    given = worked_out(connection, known, [row[ID] for row in rows])
    for row in rows if given else ():
        row.update(given[row[ID]])


def update(
    connection: Connection,
    known: KnownTable,
    changes: Sequence[tuple[str, Row]],
    store: str,
    check: Check | None = None,
) -> list[Row]:
    """Write changes and return them with what the database makes of them.

    Raises:
        RecordNotFound: a row is not there; *store* says where.
    """
    table, statements = known.spec, known.statements
    ids = [record_id for record_id, _ in changes]
    if check is not None or len(changes) > 1 or not own_columns(table, changes[0][1]):
        there = set(connection.execute(statements.lock(ids, statements.dialect)).scalars())
        _require(table, [one for one in ids if one not in there], store)
    if check is not None:
        for row in statements.rows(connection.execute(statements.fetch(ids)).all()):
            check(row)
    groups: dict[tuple[str, ...], list[Row]] = {}
    for record_id, row in changes:
        columns = own_columns(table, row)
        if columns:
            groups.setdefault(tuple(columns), []).append({"_id": record_id, **new_values(columns)})
    for keys, values in groups.items():
        done = connection.execute(statements.update(keys), values)
        if len(changes) == 1 and done.rowcount == 0:
            _require(table, ids, store)
    links = LinkWriter(connection, known.schema, table, statements.dialect)
    for record_id, row in changes:
        for relation in table.relations:
            if relation.key in row:
                links.replace(relation, record_id, row[relation.key])
    links.flush()
    given = worked_out(connection, known, ids)
    return [{**row, **given.get(record_id, {})} for record_id, row in changes]


def _require(table: TableSpec, missing: Sequence[str], store: str) -> None:
    if missing:
        raise RecordNotFound(table.key, missing, store)


def upsert(
    connection: Connection, known: KnownTable, row: Row, on: Sequence[str], new: Row, store: str
) -> tuple[Row, bool]:
    """Update the row whose fields *on* are those of *row*, or store *new*; True tells of a new one."""
    table, statements = known.spec, known.statements
    own = statements.table
    wanted = [own.c[key].is_not_distinct_from(sa.literal(row[key], own.c[key].type)) for key in on]
    query = sa.select(own.c.id).where(*wanted).limit(2)
    if statements.dialect == "postgresql":
        query = query.with_for_update()
    found = connection.execute(query).scalars().all()
    if not found:
        try:
            with connection.begin_nested():
                insert(connection, known, [new])
        except exc.IntegrityError:
            # Somebody may have stored it since; then it is there now.
            found = connection.execute(query).scalars().all()
            if not found:
                raise
        else:
            return new, True
    if len(found) > 1:
        raise RecordInvalid(table.key, [held_by_several(on[0], row[on[0]])])
    update(connection, known, [(found[0], stamped(table, row))], store)
    fresh = connection.execute(statements.fetch([found[0]])).all()
    return statements.rows(fresh)[0], False


def delete(connection: Connection, known: KnownTable, ids: Sequence[str]) -> set[str]:
    """Delete rows and return the ids of those that were there. What links them with each other keeps none of them."""
    own, dialect = known.statements.table, known.statements.dialect
    for relation in known.spec.relations:
        if relation.to != known.spec.key or relation.on_delete != "restrict":
            continue
        if relation.many:
            holder = known.schema.links[known.spec.key, relation.key]
            connection.execute(sa.delete(holder).where(among(holder.c.record_id, ids, dialect)))
        else:
            link = link_column(relation)
            both = among(own.c.id, ids, dialect), among(own.c[link], ids, dialect)
            connection.execute(sa.update(own).where(*both).values({link: None}))
    return set(connection.execute(known.statements.delete(ids)).scalars())


def move(connection: Connection, known: KnownTable, move: Move, changes: Row) -> Row | None:
    """Write *changes* of a transition and its history, if the row is still the expected one; nothing where it is not."""
    table, statements, schema = known.spec, known.statements, known.schema
    lifecycle = table.lifecycle
    assert lifecycle is not None  # noqa: S101  # only tables with a lifecycle have transitions
    columns = own_columns(table, changes)
    many = [key for key in move.expected if is_many(table, key)]
    expected = {key: value for key, value in move.expected.items() if key not in many}
    values: dict[str, Any] = {
        "_id": move.record_id,
        **new_values(columns),
        **{f"was_{key}": one for key, one in expected.items()},
    }
    for key in many:
        values |= {f"was_{key}": move.expected[key], f"number_{key}": len(move.expected[key])}
    statement = statements.move(tuple(columns), tuple(expected), tuple(many), schema)
    if connection.execute(statement, values).rowcount == 0:
        return None
    links = LinkWriter(connection, schema, table, statements.dialect)
    for relation in table.relations:
        if relation.key in changes:
            links.replace(relation, move.record_id, changes[relation.key])
    links.flush()
    if lifecycle.history:
        connection.execute(
            statements.add_history(schema),
            {
                "record_id": move.record_id,
                "at": move.at,
                "transition": move.transition,
                "from_state": move.expected[lifecycle.field].name,
                "to_state": changes[lifecycle.field].name,
                "by": move.by,
                "why": move.why,
            },
        )
    return {**changes, **worked_out(connection, known, [move.record_id]).get(move.record_id, {})}


def worked_out(connection: Connection, known: KnownTable, ids: Sequence[str]) -> dict[str, Row]:
    """Return by id what the database makes of rows: auto numbers, and what is calculated from other fields."""
    keys = known.statements.worked_out
    if not keys:
        return {}
    found = connection.execute(known.statements.fetch(ids, keys)).all()
    return {row[0]: dict(zip(keys, row, strict=True)) for row in found}
