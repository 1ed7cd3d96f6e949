"""The statements by which tasks are claimed, made by SQLAlchemy once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from tablewright.expressions import tree
from tablewright.expressions.sql import SqlScope
from tablewright.runtime.queue.steps import lapsed_steps
from tablewright.runtime.queue.store import LAPSED, Step, Taking
from tablewright.runtime.stores.sql_queue_columns import (
    as_text,
    narrowing,
    order_keys,
    waits,
)
from tablewright.runtime.stores.sql_queue_prepared import Prepared, given
from tablewright.runtime.stores.sql_queue_table import LOGGED, QueueTable

NAMED: Final = "named"
"""The value that holds the id of the one row that a claim may take."""
_BEFORE: Final = "before."
"""What stands before the names of columns that tell of a row before its claim; a schema's columns have no dots."""
_KNOWN_BEFORE: Final = ("was", "held_by", "last_attempt", "place")


def candidates(
    made: QueueTable, taking: Taking, where: Sequence[tree.Node], n: int, *, named: bool
) -> tuple[list[sa.Select[Any]], list[Any]]:
    """Return the rows that can be taken, waiting ones and lapsed ones apart, and the order of both together.

    Each has its id, its state, holder and attempt as they are, and the values to sort by. Where one is *named*, the
    statement is given its id.
    """
    own, scope, spec = made.table, made.scope(), made.known.spec
    wanted = sa.not_(own.c.cancel_requested)
    keys, order, together = _order(made, taking, scope)
    found = sa.select(
        own.c.id,
        made.state.label("was"),
        own.c.worker_id.label("held_by"),
        own.c.attempt.label("last_attempt"),
        *(key.label(f"k{place}") for place, key in enumerate(keys)),
    )
    due = sa.or_(own.c.ready_at.is_(None), own.c.ready_at <= made.now)
    line = sa.text(waits(spec, made.dialect))
    ways, others = _parted(made, (taking.guard, *where))
    branches = [
        found.where(line, *_compiled(scope, ways), _aside(due, wanted, *_compiled(scope, others)))
    ]
    if taking.again != tree.FALSE:
        again = _aside(wanted, *_compiled(scope, (taking.again, *where)))
        branches.append(found.where(*ran_out(made), made.held, again))
    if named:
        branches = [one.where(own.c.id == given(NAMED, own.c.id.type)) for one in branches]
    limit: Any = sa.literal_column(str(n))
    return [one.order_by(*order).limit(limit) for one in branches], together


def _parted(
    made: QueueTable, nodes: Sequence[tree.Node]
) -> tuple[list[tree.Node], list[tree.Node]]:
    """Return which conditions are a way to waiting rows, in their order, and the others.

    That is the value of a field that narrows a claim.
    """
    fields = narrowing(made.known.spec)
    parts = [part for node in nodes for part in _parts(node)]
    ways = [one for one in parts if _is_value_of(one, fields)]
    return ways, [one for one in parts if not _is_value_of(one, fields)]


def _parts(node: tree.Node) -> Iterator[tree.Node]:
    if isinstance(node, tree.Logic) and node.operator == "and":
        for one in node.operands:
            yield from _parts(one)
    else:
        yield node


def _compiled(scope: SqlScope, nodes: Sequence[tree.Node]) -> list[Any]:
    return [scope.condition(one) for one in nodes]


def _aside(*conditions: Any) -> Any:
    """Return conditions that are looked at in rows found by others.

    As one: PostgreSQL takes a CASE for half of all rows, and several for so few that it sorts them, where it has no
    statistics yet.
    """
    return sa.case((sa.and_(*conditions), sa.true()), else_=sa.false())


def _is_value_of(node: tree.Node, fields: Sequence[str]) -> bool:
    return (
        isinstance(node, tree.Compare)
        and node.operator == "=="
        and isinstance(node.left, tree.Field)
        and node.left.owner is None
        and node.left.name in fields
        and isinstance(node.right, tree.Constant | tree.EnumMember)
    )


def ran_out(made: QueueTable) -> list[Any]:
    """Return the conditions that a lease ran out, so that the index of leases is the way to such rows."""
    until = made.table.c.lease_until
    found = [until.is_not(None), until < made.now]
    if made.dialect == "postgresql":
        # A range with both ends is taken for narrow where there are no statistics yet, half a range for a third of all.
        found.append(until > sa.literal_column("'-infinity'"))
    return found


def _order(
    made: QueueTable, taking: Taking, scope: SqlScope
) -> tuple[list[Any], list[Any], list[Any]]:
    """Return the values to sort by, the order by them, and the order of rows in which they are k0, k1, …"""
    plain = order_keys(made.known.spec, made.dialect)
    if plain is not None:
        return (
            [sa.literal_column(value) for value, _ in plain],
            [sa.text(f"{value}{direction}") for value, direction in plain],
            [sa.text(f"k{place}{direction}") for place, (_, direction) in enumerate(plain)],
        )
    own = made.table
    values = [*(scope.ordering(one.by) for one in taking.order), own.c.created_time, own.c.id]
    falling = [*(one.descending for one in taking.order), False, False]
    return (
        values,
        [one.desc() if down else one.asc() for one, down in zip(values, falling, strict=True)],
        [sa.text(f"k{place} {'DESC' if down else 'ASC'}") for place, down in enumerate(falling)],
    )


def taking_values(made: QueueTable, taking: Taking, was: Any) -> dict[str, Any]:
    """Return what a claim writes, where *was* is the state before."""
    scope, own = made.scope(), made.table
    values: dict[str, Any] = {
        made.lifecycle.field: made.taken,
        "attempt": own.c.attempt + 1,
        "lease_until": made.until(),
        "worker_id": given("worker", own.c.worker_id.type),
        "lease_token": given("token", own.c.lease_token.type),
        "taken_at": made.now,
        "settled_at": sa.null(),
    }
    never = taking.again == tree.FALSE
    for key in {**taking.sets, **({} if never else taking.sets_again)}:
        plain = _value(made, scope, key, taking.sets[key]) if key in taking.sets else own.c[key]
        again = (
            _value(made, scope, key, taking.sets_again[key])
            if key in taking.sets_again
            else own.c[key]
        )
        same = taking.sets.get(key, 0) == taking.sets_again.get(key, 1)
        values[key] = plain if never or same else sa.case((was == made.taken, again), else_=plain)
    return values


def _value(made: QueueTable, scope: SqlScope, key: str, value: Any) -> Any:
    kind = made.table.c[key].type
    if not isinstance(value, tree.Node):
        return sa.literal(value, kind) if value is not None else sa.null()
    if value == tree.Call("now", (), value.type):
        return made.now
    return sa.type_coerce(scope.value(value), kind)


def claim(
    made: QueueTable, taking: Taking, where: Sequence[tree.Node], n: int, *, named: bool = False
) -> Prepared:
    """Return the claim as PostgreSQL's one statement: what is taken, and with it its history."""
    own = made.table
    branches, order = candidates(made, taking, where, n, named=named)
    locked = [
        one.with_for_update(skip_locked=True, of=own).cte(f"ready_{place}")
        for place, one in enumerate(branches)
    ]
    # Rows of both kinds that are locked and not taken are free again with the end of this statement.
    ready = sa.union_all(*(sa.select(*one.c) for one in locked)).subquery("ready")
    place = sa.func.row_number().over(order_by=order).label("place")
    picked = (
        sa.select(ready.c.id, ready.c.was, ready.c.held_by, ready.c.last_attempt, place)
        .order_by(*order)
        .limit(sa.literal_column(str(n)))
        .cte("picked")
    )
    returned = [*made.known.statements.columns, own.c.taken_at.label("taken_at")]
    before = [picked.c[name].label(f"{_BEFORE}{name}") for name in _KNOWN_BEFORE]
    moved = (
        sa.update(own)
        .where(own.c.id == picked.c.id)
        .values(taking_values(made, taking, picked.c.was))
        .returning(*returned, *before)
        .cte("moved")
    )
    names = [*made.known.statements.keys, "taken_at"]
    columns = [*(moved.c[name] for name in names), moved.c[f"{_BEFORE}was"]]
    statement = sa.select(*columns).order_by(moved.c[f"{_BEFORE}place"])
    if made.history is not None:
        written = _written(made, moved, taking)
        log = sa.insert(made.history).from_select(list(LOGGED), written).cte("logged")
        statement = statement.add_cte(log)
    return made.prepared(statement, [*returned, made.state])


def _written(made: QueueTable, moved: Any, taking: Taking) -> Any:
    """Return the rows of history of a claim; a lapsed row is failed, put back and taken."""
    take = made.lifecycle.by_name[made.queue.take]
    nothing = sa.cast(sa.null(), sa.Text())
    was, held_by, last_attempt = (moved.c[f"{_BEFORE}{name}"] for name in _KNOWN_BEFORE[:3])
    lapsed = was == made.taken

    def row(step: Step, left: Any, by: Any, error: Any, attempt: Any) -> Any:
        return sa.select(
            moved.c.id,
            moved.c.taken_at,
            sa.literal_column(as_text(step.transition)),
            left,
            sa.literal_column(as_text(step.to_state)),
            by,
            nothing,
            attempt,
            error,
        )

    plain = Step(take.name, "", take.target.name)
    steps = lapsed_steps(made.lifecycle, made.queue)
    if taking.again == tree.FALSE or not steps:
        return row(plain, was, moved.c.worker_id, nothing, moved.c.attempt)
    rows = [row(plain, was, moved.c.worker_id, nothing, moved.c.attempt).where(~lapsed)]
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        error = sa.literal_column(as_text(LAPSED)) if place == 0 else nothing
        by = moved.c.worker_id if last else held_by
        attempt = moved.c.attempt if last else last_attempt
        source: Any = sa.literal_column(as_text(step.from_state))
        rows.append(row(step, source, by, error, attempt).where(lapsed))
    return sa.union_all(*rows)


def pick(
    made: QueueTable, taking: Taking, where: Sequence[tree.Node], n: int, *, named: bool = False
) -> Prepared:
    """Return the first half of SQLite's claim: which rows, and how they are now."""
    branches, order = candidates(made, taking, where, n, named=named)
    if len(branches) == 1:
        found: Any = branches[0]
    else:
        apart = [sa.select(*one.subquery(f"ready_{place}").c) for place, one in enumerate(branches)]
        both = sa.union_all(*apart).subquery("ready")
        found = sa.select(*both.c).order_by(*order).limit(sa.literal_column(str(n)))
    return made.prepared(found, [*branches[0].selected_columns])


def takes(made: QueueTable, taking: Taking) -> tuple[Prepared, Prepared]:
    """Return the second half of SQLite's claim, inside the same transaction: for one row, and for several."""
    own = made.table
    ids = sa.func.json_each(given("ids", sa.Text())).table_valued("value")
    returned = [*made.known.statements.columns, own.c.taken_at]

    def of(condition: Any) -> Prepared:
        values = taking_values(made, taking, made.state)
        statement = sa.update(own).where(condition).values(values).returning(*returned)
        return made.prepared(statement, returned)

    return of(own.c.id == given("id", own.c.id.type)), of(own.c.id.in_(sa.select(ids.c.value)))


def lapsed(made: QueueTable, taking: Taking, limit: int) -> Prepared:
    """Return rows whose lease ran out and that are not to be taken again, the oldest first, with token and clock."""
    own, scope = made.table, made.scope()
    again = sa.func.coalesce(scope.condition(taking.again), sa.false())
    columns = [*made.known.statements.columns, own.c.taken_at, own.c.lease_token, made.now]
    statement = (
        sa.select(*columns)
        .where(
            made.held,
            *ran_out(made),
            sa.or_(sa.not_(again), own.c.cancel_requested),
        )
        .order_by(own.c.lease_until)
        .limit(limit)
    )
    return made.prepared(statement, columns)


def timeless(taking: Taking, where: Sequence[tree.Node]) -> bool:
    """Tell whether a claim looks at no clock but the store's, so that it can be kept compiled."""
    values: Mapping[str, Any] = {**taking.sets, **taking.sets_again}
    plain_now = [
        one for one in values.values() if isinstance(one, tree.Call) and one.function == "now"
    ]
    nodes = [taking.guard, taking.again, *where]
    nodes += [one for one in values.values() if isinstance(one, tree.Node) and one not in plain_now]
    return not look_at_a_clock(nodes)


def look_at_a_clock(nodes: Sequence[tree.Node]) -> bool:
    """Tell whether any of these conditions and values means another thing at another time."""
    return any(
        isinstance(part, tree.Call) and part.function in ("now", "today")
        for node in nodes
        for part in tree.walk(node)
    )
