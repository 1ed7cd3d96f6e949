"""The statements about tasks that nobody has to hold: requests to stop, pauses, and when the next is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from tablewright.expressions import tree
from tablewright.runtime.spec import QUEUE_KEYS
from tablewright.runtime.stores.sql_queue_columns import (
    after,
    in_line,
    quoted,
)
from tablewright.runtime.stores.sql_queue_prepared import Prepared, given
from tablewright.runtime.stores.sql_queue_table import QueueTable


def request_cancel(made: QueueTable) -> Prepared:
    """Return the statement that asks for a row to be left alone."""
    own = made.table
    returned = [*(own.c[key] for key in QUEUE_KEYS), made.state]
    statement = sa.update(own).where(
        own.c.id == given("id", own.c.id.type), sa.text(in_line(made.known.spec))
    )
    return made.prepared(
        statement.values(cancel_requested=sa.true()).returning(*returned), returned
    )


def postpone(made: QueueTable) -> Prepared:
    """Return the statement that sets the moment before which a waiting row is not taken."""
    return _postponed(made, given("moment", made.table.c.ready_at.type))


def postpone_for(made: QueueTable) -> Prepared:
    """Return the statement that keeps a waiting row from being taken for so many seconds, by the store's clock."""
    seconds = given("seconds", sa.Double())
    return _postponed(made, after(made.dialect, made.known.schema.moment, seconds))


def _postponed(made: QueueTable, moment: Any) -> Prepared:
    own = made.table
    returned = [own.c[key] for key in QUEUE_KEYS]
    statement = sa.update(own).where(
        own.c.id == given("id", own.c.id.type),
        sa.text(in_line(made.known.spec)),
        made.state != made.taken,
    )
    return made.prepared(statement.values(ready_at=moment).returning(*returned), returned)


def next_due(made: QueueTable, where: Sequence[tree.Node]) -> Prepared:
    """Return the moment when the next row becomes due, the first end of a lease, and the store's clock.

    What was due before, and leases that ran out, are left out: nobody has to wait for these.
    """
    own, scope = made.table, made.scope()
    wanted = [scope.condition(one) for one in where]
    line = sa.text(in_line(made.known.spec))
    due = sa.select(sa.func.min(own.c.ready_at)).where(
        sa.text(f"{quoted('ready_at')} IS NOT NULL"), own.c.ready_at > made.now, line, *wanted
    )
    end = sa.select(sa.func.min(own.c.lease_until)).where(
        sa.text(f"{quoted('lease_until')} IS NOT NULL"),
        own.c.lease_until > made.now,
        made.held,
        *wanted,
    )
    moment = made.known.schema.moment
    columns = [
        sa.type_coerce(due.scalar_subquery(), moment),
        sa.type_coerce(end.scalar_subquery(), moment),
        made.now,
    ]
    return made.prepared(sa.select(*columns), columns)
