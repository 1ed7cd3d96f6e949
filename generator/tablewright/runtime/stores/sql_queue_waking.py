"""When the end of one row may make others ready, so that waiting workers are to look at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from tablewright.runtime.queue.store import Settlement
from tablewright.runtime.spec import TableSpec
from tablewright.runtime.stores.sql_schema import ID, SchemaTables, link_column


def may_wake(spec: TableSpec, settlement: Settlement) -> bool:
    """Tell whether a settlement can make a row ready: its own that waits again, or one that waited for it."""
    return settlement.waits or (not settlement.keeps_lease and any(_read(spec)))


def others_wait(spec: TableSpec, schema: SchemaTables, settlement: Settlement) -> Any:
    """Return the condition, over the settled row, under which there is a row that may be ready now."""
    if settlement.waits:
        return sa.true()
    return sa.or_(sa.false(), *_waiting(spec, schema))


def _read(spec: TableSpec) -> Iterator[str]:
    """Yield the relations within the table, by either of their names, that decide when a row is ready."""
    if spec.queue is None or spec.lifecycle is None:
        return
    names = {one.key for one in spec.relations if one.to == spec.key}
    names |= {one.inverse for one in spec.relations if one.to == spec.key and one.inverse}
    for key in spec.lifecycle.by_name[spec.queue.take].reads:
        if key in names:
            yield key


def _waiting(spec: TableSpec, schema: SchemaTables) -> Iterator[Any]:
    own = schema.tables[spec.key]
    read = set(_read(spec))
    for relation in spec.relations:
        if relation.to != spec.key:
            continue
        # A guard over the relation waits for linked rows; one over its inverse waits for rows that link.
        linking, linked = relation.key in read, relation.inverse in read
        if relation.many:
            table = schema.links[spec.key, relation.key]
            if linking:
                yield sa.exists().where(table.c.linked_id == own.c[ID])
            if linked:
                yield sa.exists().where(table.c.record_id == own.c[ID])
            continue
        column = own.c[link_column(relation)]
        if linked:
            yield column.is_not(None)
        if linking:
            other = own.alias("waiting")
            yield sa.exists().where(other.c[link_column(relation)] == own.c[ID])
