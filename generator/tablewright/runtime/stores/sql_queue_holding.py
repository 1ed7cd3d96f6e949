"""The statements by which tasks are held and ended, made by SQLAlchemy once."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from tablewright.runtime.queue.store import Settlement
from tablewright.runtime.spec import QUEUE_KEYS
from tablewright.runtime.stores.sql_queue_columns import (
    after,
    as_text,
)
from tablewright.runtime.stores.sql_queue_listen import channel
from tablewright.runtime.stores.sql_queue_prepared import Prepared, given
from tablewright.runtime.stores.sql_queue_table import LOGGED, OVERTIME, QueueTable
from tablewright.runtime.stores.sql_queue_waking import others_wait

_STEP: Final = ("transition", "from_state", "to_state", "by", "why")


def beat(made: QueueTable) -> Prepared:
    """Return the statement that extends leases, given as pairs of id and token."""
    own, moment = made.table, made.known.schema.moment
    until = after(made.dialect, moment, sa.literal_column(repr(made.queue.lease)))
    parts = []
    if made.queue.timeout is not None:
        last = _deadline(made, made.queue.timeout + OVERTIME)
        earliest = sa.func.least if made.dialect == "postgresql" else sa.func.min
        until = sa.type_coerce(earliest(until, last), moment)
        parts.append(_deadline(made, made.queue.timeout) > made.now)
    columns = [own.c.id, until, own.c.cancel_requested, made.now]
    if made.dialect == "postgresql":
        texts: Any = ARRAY(sa.Text())
        pairs = (
            sa.func.unnest(given("ids", texts), given("tokens", texts))
            .table_valued("id", "token", name="held")
            .render_derived()
        )
        statement = sa.update(own).where(own.c.id == pairs.c.id, own.c.lease_token == pairs.c.token)
    else:
        each = sa.func.json_each(given("pairs", sa.JSON())).table_valued("key", "value")
        held = sa.select(each.c.key)
        token = sa.select(each.c.value).where(each.c.key == own.c.id).scalar_subquery()
        statement = sa.update(own).where(own.c.id.in_(held), own.c.lease_token == token)
    statement = statement.where(made.held, own.c.lease_until.is_not(None), *parts)
    written = statement.values(lease_until=until)
    returned = [own.c.id, own.c.lease_until, own.c.cancel_requested, made.now]
    return made.prepared(written.returning(*returned), columns)


def _deadline(made: QueueTable, timeout: float) -> Any:
    own, moment = made.table, made.known.schema.moment
    if made.dialect == "postgresql":
        span = sa.func.make_interval(0, 0, 0, 0, 0, 0, sa.literal_column(repr(timeout)))
        return sa.type_coerce(own.c.taken_at.op("+")(span), moment)
    added = sa.func.tw_add_seconds(own.c.taken_at, sa.literal_column(repr(timeout)))
    return sa.type_coerce(added, moment)


def settle(
    made: QueueTable, settlement: Settlement, columns: tuple[str, ...], *, tells: bool = False
) -> Prepared:
    """Return the statement that writes a settlement; on PostgreSQL its history with it.

    Where it *tells*, it wakes waiting workers if another row may be ready now.
    """
    own = made.table
    returned = [*(own.c[key] for key in QUEUE_KEYS), made.now.label("now")]
    statement = (
        sa.update(own)
        .where(
            own.c.id == given("id", own.c.id.type),
            made.stands(settlement.was.name),
            own.c.lease_token == given("held_token", own.c.lease_token.type),
            own.c.lease_until.is_not(None),
            *([own.c.lease_until < made.now] if settlement.only_lapsed else ()),
            *([sa.not_(own.c.cancel_requested)] if settlement.unless_cancelled else ()),
        )
        .values(_settled(made, settlement, columns))
        .returning(*returned)
    )
    is_logged = (
        made.dialect == "postgresql"
        and made.history is not None
        and (settlement.steps or settlement.forgets)
    )
    if not is_logged and not tells:
        return made.prepared(statement, returned)
    tried = own.c.attempt if settlement.counts else own.c.attempt + 1
    told = [_told(made, settlement)] if tells else []
    moved = statement.returning(own.c.id, tried.label("tried"), *told).cte("moved")
    final = sa.select(*(moved.c[key] for key in (*QUEUE_KEYS, "now")))
    if made.history is not None and settlement.steps:
        log = sa.insert(made.history).from_select(
            list(LOGGED), _steps(moved, len(settlement.steps))
        )
        final = final.add_cte(log.cte("logged"))
    if made.history is not None and settlement.forgets:
        gone = _claim_in(made, made.history).where(sa.exists(sa.select(moved.c.id)))
        final = final.add_cte(gone.cte("forgotten"))
    return made.prepared(final, returned)


def _steps(moved: Any, number: int) -> Any:
    """Return the rows of history of a settlement."""
    rows = [
        sa.select(
            moved.c.id,
            moved.c.now,
            *(given(f"{name}_{place}", sa.Text()) for name in _STEP),
            moved.c.tried,
            given(f"error_{place}", sa.Text()),
        )
        for place in range(number)
    ]
    return rows[0] if len(rows) == 1 else sa.union_all(*rows)


def _told(made: QueueTable, settlement: Settlement) -> Any:
    """Return the call that wakes waiting workers, where there is reason to."""
    condition = others_wait(made.known.spec, made.known.schema, settlement)
    notify = sa.func.pg_notify(sa.literal_column(as_text(channel(made.known.spec))), "")
    return sa.case((condition, sa.cast(notify, sa.Text()))).label("told")


def _settled(made: QueueTable, settlement: Settlement, columns: tuple[str, ...]) -> dict[str, Any]:
    own, moment = made.table, made.known.schema.moment
    values: dict[str, Any] = {key: given(f"new_{key}", own.c[key].type) for key in columns}
    if settlement.keeps_lease:
        return values
    values["lease_until"] = sa.null()
    if settlement.only_lapsed:
        # Its worker may come to the same end later, and has to hear that it was not the one.
        values["lease_token"] = sa.null()
    if settlement.waits:
        values["worker_id"] = sa.null()
        if settlement.pause is not None:
            values["ready_at"] = after(made.dialect, moment, given("pause", sa.Double()))
    else:
        values["settled_at"] = made.now
    if not settlement.counts:
        values["attempt"] = own.c.attempt - 1
    return values


def add_history(made: QueueTable) -> Prepared | None:
    """Return the statement that adds rows to the history."""
    if made.history is None:
        return None
    values = {name: given(name, made.history.c[name].type) for name in LOGGED}
    return made.prepared(sa.insert(made.history).values(values))


def forget_claim(made: QueueTable) -> Prepared | None:
    """Return the statement that takes the last claim of one row out of the history."""
    return None if made.history is None else made.prepared(_claim_in(made, made.history))


def _claim_in(made: QueueTable, history: sa.Table) -> Any:
    own = made.table
    row_id = given("id", own.c.id.type)
    claimed = sa.select(own.c.taken_at).where(own.c.id == row_id).scalar_subquery()
    return sa.delete(history).where(
        history.c.record_id == row_id,
        history.c.transition == sa.literal_column(as_text(made.queue.take)),
        history.c.at == claimed,
    )


def seen(made: QueueTable) -> Prepared:
    """Return state, token and end of the lease of one row."""
    own = made.table
    columns = [
        made.state,
        own.c.lease_token,
        own.c.lease_until,
        *(own.c[key] for key in QUEUE_KEYS),
    ]
    return made.prepared(sa.select(*columns).where(own.c.id == given("id", own.c.id.type)), columns)
