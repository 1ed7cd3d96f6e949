"""The statements of a queue on one table, built by SQLAlchemy once and then kept as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect as EngineDialect

from tablewright.expressions import tree
from tablewright.expressions.evaluate import Evaluator
from tablewright.expressions.sql import Dialect, SqlCompiler, SqlScope
from tablewright.runtime.queue.store import LAPSED, Settlement, Step, Taking
from tablewright.runtime.spec import QUEUE_KEYS, LifecycleSpec, QueueSpec
from tablewright.runtime.stores.sql_queue_columns import (
    after,
    in_line,
    order_keys,
    quoted,
    store_now,
    waits,
)
from tablewright.runtime.stores.sql_queue_listen import channel
from tablewright.runtime.stores.sql_queue_prepared import Prepared, given
from tablewright.runtime.stores.sql_queue_waking import others_wait
from tablewright.runtime.stores.sql_statements import KnownTable

OVERTIME: Final = 1.0
"""Seconds that a lease runs beyond the time of an attempt, for its worker to say that time is up."""
KEPT: Final = 64
"""How many claims with conditions of their own are kept compiled."""


@dataclass(slots=True)
class QueueStatements:
    """The statements of one table's queue."""

    known: KnownTable
    dialect: Dialect
    engine: EngineDialect
    made: dict[Any, Any] = field(default_factory=dict)

    # -- what everything is made of -------------------------------------------------------------------------------

    @property
    def table(self) -> sa.Table:
        """Return the table."""
        return self.known.statements.table

    @property
    def lifecycle(self) -> LifecycleSpec:
        """Return the lifecycle, which every table with a queue has."""
        found = self.known.spec.lifecycle
        assert found is not None  # noqa: S101  # the checks saw to it
        return found

    @property
    def queue(self) -> QueueSpec:
        """Return the queue's specification."""
        found = self.known.spec.queue
        assert found is not None  # noqa: S101  # the store asks for tables with a queue only
        return found

    @property
    def state(self) -> Any:
        """Return the column of the state."""
        return self.table.c[self.lifecycle.field]

    @property
    def taken(self) -> Any:
        """Return the name of the state of a row that is held, as SQL."""
        return sa.literal_column(_text(self.lifecycle.by_name[self.queue.take].target.name))

    @property
    def now(self) -> Any:
        """Return the store's own clock."""
        return store_now(self.dialect, self.known.schema.moment)

    @property
    def history(self) -> sa.Table | None:
        """Return the table of transitions that were made."""
        return self.known.schema.history.get(self.known.spec.key)

    def until(self) -> Any:
        """Return the end of a lease that begins now."""
        seconds = self.queue.lease
        if self.queue.timeout is not None:
            seconds = min(seconds, self.queue.timeout + OVERTIME)
        return after(self.dialect, self.known.schema.moment, sa.literal_column(repr(seconds)))

    def scope(self) -> SqlScope:
        """Return the place from which conditions are compiled; `now()` inside them is this process's clock."""
        evaluator = Evaluator({}, datetime.now(UTC), self.known.spec.enums())
        schema = self.known.schema
        compiler = SqlCompiler(
            self.dialect, schema.seen, schema.moment, evaluator, self.known.collation
        )
        return compiler.over(self.known.spec.key)

    def prepared(self, statement: Any, columns: Sequence[Any] = ()) -> Prepared:
        """Return a statement as text."""
        return Prepared(statement, self.engine, columns)

    def kept(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what was made under this key, or make it; without a key it is not kept."""
        if key is None:
            return make()
        found = self.made.get(key)
        if found is None:
            if len(self.made) >= KEPT:
                self.made.clear()
            found = self.made[key] = make()
        return found

    # -- claiming -------------------------------------------------------------------------------------------------

    def candidates(
        self, taking: Taking, where: Sequence[tree.Node], n: int
    ) -> tuple[list[sa.Select[Any]], list[Any]]:
        """Return the rows that can be taken, waiting ones and lapsed ones apart, and the order of both together.

        Each has its id, its state, holder and attempt as they are, and the values to sort by.
        """
        own, scope, spec = self.table, self.scope(), self.known.spec
        shared = [sa.not_(own.c.cancel_requested), *(scope.condition(one) for one in where)]
        keys, order, together = self._order(taking, scope)
        found = sa.select(
            own.c.id,
            self.state.label("was"),
            own.c.worker_id.label("held_by"),
            own.c.attempt.label("last_attempt"),
            *(key.label(f"k{place}") for place, key in enumerate(keys)),
            own.c.created_time.label("since"),
        )
        due = sa.or_(own.c.ready_at.is_(None), own.c.ready_at <= self.now)
        line = sa.text(waits(spec, self.dialect))
        branches = [found.where(line, due, scope.condition(taking.guard), *shared)]
        if taking.again != tree.FALSE:
            lapsed = own.c.lease_until < self.now
            plus = "+" if self.dialect == "sqlite" else ""
            held = sa.text(f"{plus}{quoted(self.lifecycle.field)} = {self.taken}")
            again = scope.condition(taking.again)
            branches.append(
                found.where(own.c.lease_until.is_not(None), lapsed, held, again, *shared)
            )
        limit: Any = sa.literal_column(str(n))
        ordered = [
            one.order_by(*order, own.c.created_time, own.c.id).limit(limit) for one in branches
        ]
        return ordered, [*together, sa.text("since"), sa.text("id")]

    def _order(self, taking: Taking, scope: SqlScope) -> tuple[list[Any], list[Any], list[Any]]:
        """Return the values to sort by, the order by them, and the order of rows in which they are k0, k1, …"""
        plain = order_keys(self.known.spec, self.dialect)
        if plain is not None:
            return (
                [sa.literal_column(value) for value, _ in plain],
                [sa.text(f"{value}{direction}") for value, direction in plain],
                [sa.text(f"k{place}{direction}") for place, (_, direction) in enumerate(plain)],
            )
        values = [scope.ordering(one.by) for one in taking.order]
        falling = [one.descending for one in taking.order]
        return (
            values,
            [one.desc() if down else one.asc() for one, down in zip(values, falling, strict=True)],
            [
                sa.text(f"k{place} {'DESC' if down else 'ASC'}")
                for place, down in enumerate(falling)
            ],
        )

    def taking_values(self, taking: Taking, was: Any) -> dict[str, Any]:
        """Return what a claim writes, where *was* is the state before."""
        scope, own = self.scope(), self.table
        values: dict[str, Any] = {
            self.lifecycle.field: self.taken,
            "attempt": own.c.attempt + 1,
            "lease_until": self.until(),
            "worker_id": given("worker", own.c.worker_id.type),
            "lease_token": given("token", own.c.lease_token.type),
            "taken_at": self.now,
            "settled_at": sa.null(),
        }
        never = taking.again == tree.FALSE
        for key in {**taking.sets, **({} if never else taking.sets_again)}:
            plain = self._value(scope, key, taking.sets[key]) if key in taking.sets else own.c[key]
            again = (
                self._value(scope, key, taking.sets_again[key])
                if key in taking.sets_again
                else own.c[key]
            )
            same = taking.sets.get(key, 0) == taking.sets_again.get(key, 1)
            values[key] = (
                plain if never or same else sa.case((was == self.taken, again), else_=plain)
            )
        return values

    def _value(self, scope: SqlScope, key: str, value: Any) -> Any:
        kind = self.table.c[key].type
        if not isinstance(value, tree.Node):
            return sa.literal(value, kind) if value is not None else sa.null()
        if value == tree.Call("now", (), value.type):
            return self.now
        return sa.type_coerce(scope.value(value), kind)

    def claim(self, taking: Taking, where: Sequence[tree.Node], n: int) -> Prepared:
        """Return the claim as PostgreSQL's one statement: what is taken, and with it its history."""
        own = self.table
        branches, order = self.candidates(taking, where, n)
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
        returned = [*self.known.statements.columns, own.c.taken_at.label("taken_at")]
        before = [
            picked.c.was.label("was"),
            picked.c.held_by,
            picked.c.last_attempt,
            picked.c.place,
        ]
        moved = (
            sa.update(own)
            .where(own.c.id == picked.c.id)
            .values(self.taking_values(taking, picked.c.was))
            .returning(*returned, *before)
            .cte("moved")
        )
        names = [*self.known.statements.keys, "taken_at"]
        columns = [moved.c[name] for name in names]
        statement = sa.select(*columns).order_by(moved.c.place)
        if self.history is not None:
            written = self._written(moved, taking)
            log = sa.insert(self.history).from_select(list(_LOGGED), written).cte("logged")
            statement = statement.add_cte(log)
        return self.prepared(statement, returned)

    def _written(self, moved: Any, taking: Taking) -> Any:
        """Return the rows of history of a claim; a lapsed row is failed, put back and taken."""
        take = self.lifecycle.by_name[self.queue.take]
        nothing = sa.cast(sa.null(), sa.Text())
        lapsed = moved.c.was == self.taken

        def row(step: Step, was: Any, by: Any, error: Any, attempt: Any) -> Any:
            return sa.select(
                moved.c.id,
                moved.c.taken_at,
                sa.literal_column(_text(step.transition)),
                was,
                sa.literal_column(_text(step.to_state)),
                by,
                nothing,
                attempt,
                error,
            )

        plain = Step(take.name, "", take.target.name)
        steps = lapsed_steps(self.lifecycle, self.queue)
        if taking.again == tree.FALSE or not steps:
            return row(plain, moved.c.was, moved.c.worker_id, nothing, moved.c.attempt)
        rows = [row(plain, moved.c.was, moved.c.worker_id, nothing, moved.c.attempt).where(~lapsed)]
        for place, step in enumerate(steps):
            last = place == len(steps) - 1
            error = sa.literal_column(_text(LAPSED)) if place == 0 else nothing
            by = moved.c.worker_id if last else moved.c.held_by
            attempt = moved.c.attempt if last else moved.c.last_attempt
            left: Any = sa.literal_column(_text(step.from_state))
            rows.append(row(step, left, by, error, attempt).where(lapsed))
        return sa.union_all(*rows)

    def pick(self, taking: Taking, where: Sequence[tree.Node], n: int) -> Prepared:
        """Return the first half of SQLite's claim: which rows, and how they are now."""
        branches, order = self.candidates(taking, where, n)
        if len(branches) == 1:
            found: Any = branches[0]
        else:
            apart = [
                sa.select(*one.subquery(f"ready_{place}").c) for place, one in enumerate(branches)
            ]
            both = sa.union_all(*apart).subquery("ready")
            found = sa.select(*both.c).order_by(*order).limit(sa.literal_column(str(n)))
        return self.prepared(found, [*branches[0].selected_columns])

    def take(self, taking: Taking) -> Prepared:
        """Return the second half of SQLite's claim, inside the same transaction."""
        own = self.table
        ids = sa.func.json_each(given("ids", sa.Text())).table_valued("value")
        returned = [*self.known.statements.columns, own.c.taken_at]
        statement = (
            sa.update(own)
            .where(own.c.id.in_(sa.select(ids.c.value)))
            .values(self.taking_values(taking, self.state))
            .returning(*returned)
        )
        return self.prepared(statement, returned)

    def lapsed(self, taking: Taking, limit: int) -> Prepared:
        """Return rows whose lease ran out and that are not to be taken again, with token and clock."""
        own, scope = self.table, self.scope()
        again = sa.func.coalesce(scope.condition(taking.again), sa.false())
        columns = [*self.known.statements.columns, own.c.taken_at, own.c.lease_token, self.now]
        statement = (
            sa.select(*columns)
            .where(
                self.state == self.taken,
                own.c.lease_until < self.now,
                sa.or_(sa.not_(again), own.c.cancel_requested),
            )
            .limit(limit)
        )
        return self.prepared(statement, columns)

    # -- holding --------------------------------------------------------------------------------------------------

    def beat(self) -> Prepared:
        """Return the statement that extends leases, given as pairs of id and token."""
        own, moment = self.table, self.known.schema.moment
        until = after(self.dialect, moment, sa.literal_column(repr(self.queue.lease)))
        parts = []
        if self.queue.timeout is not None:
            last = self._deadline(self.queue.timeout + OVERTIME)
            earliest = sa.func.least if self.dialect == "postgresql" else sa.func.min
            until = sa.type_coerce(earliest(until, last), moment)
            parts.append(self._deadline(self.queue.timeout) > self.now)
        columns = [own.c.id, until, own.c.cancel_requested, self.now]
        if self.dialect == "postgresql":
            texts: Any = ARRAY(sa.Text())
            pairs = (
                sa.func.unnest(given("ids", texts), given("tokens", texts))
                .table_valued("id", "token", name="held")
                .render_derived()
            )
            statement = sa.update(own).where(
                own.c.id == pairs.c.id, own.c.lease_token == pairs.c.token
            )
        else:
            each = sa.func.json_each(given("pairs", sa.JSON())).table_valued("key", "value")
            # The plus keeps SQLite from walking all rows of the state, and has it look the ids up.
            held = sa.select(each.c.key)
            token = sa.select(each.c.value).where(each.c.key == own.c.id).scalar_subquery()
            statement = sa.update(own).where(own.c.id.in_(held), own.c.lease_token == token)
        statement = statement.where(own.c.lease_until.is_not(None), *parts)
        written = statement.values(lease_until=until)
        returned = [own.c.id, own.c.lease_until, own.c.cancel_requested, self.now]
        return self.prepared(written.returning(*returned), columns)

    def _deadline(self, timeout: float) -> Any:
        own, moment = self.table, self.known.schema.moment
        if self.dialect == "postgresql":
            span = sa.func.make_interval(0, 0, 0, 0, 0, 0, sa.literal_column(repr(timeout)))
            return sa.type_coerce(own.c.taken_at.op("+")(span), moment)
        added = sa.func.tw_add_seconds(own.c.taken_at, sa.literal_column(repr(timeout)))
        return sa.type_coerce(added, moment)

    def settle(
        self, settlement: Settlement, columns: tuple[str, ...], *, tells: bool = False
    ) -> Prepared:
        """Return the statement that writes a settlement; on PostgreSQL its history with it.

        Where it *tells*, it wakes waiting workers if another row may be ready now.
        """
        own = self.table
        returned = [*(own.c[key] for key in QUEUE_KEYS), self.now.label("now")]
        statement = (
            sa.update(own)
            .where(
                own.c.id == given("id", own.c.id.type),
                self.state == sa.literal_column(_text(settlement.was.name)),
                own.c.lease_token == given("held_token", own.c.lease_token.type),
                own.c.lease_until.is_not(None),
                *([own.c.lease_until < self.now] if settlement.only_lapsed else ()),
            )
            .values(self._settled(settlement, columns))
            .returning(*returned)
        )
        is_logged = self.dialect == "postgresql" and self.history is not None and settlement.steps
        if not is_logged and not tells:
            return self.prepared(statement, returned)
        tried = own.c.attempt if settlement.counts else own.c.attempt + 1
        told = [self._told(settlement)] if tells else []
        moved = statement.returning(own.c.id, tried.label("tried"), *told).cte("moved")
        final = sa.select(*(moved.c[key] for key in (*QUEUE_KEYS, "now")))
        if self.history is not None and settlement.steps:
            log = sa.insert(self.history).from_select(
                list(_LOGGED), self._steps(moved, len(settlement.steps))
            )
            final = final.add_cte(log.cte("logged"))
        return self.prepared(final, returned)

    @staticmethod
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

    def _told(self, settlement: Settlement) -> Any:
        """Return the call that wakes waiting workers, where there is reason to."""
        condition = others_wait(self.known.spec, self.known.schema, settlement)
        notify = sa.func.pg_notify(sa.literal_column(_text(channel(self.known.spec))), "")
        return sa.case((condition, sa.cast(notify, sa.Text()))).label("told")

    def _settled(self, settlement: Settlement, columns: tuple[str, ...]) -> dict[str, Any]:
        own, moment = self.table, self.known.schema.moment
        values: dict[str, Any] = {key: given(f"new_{key}", own.c[key].type) for key in columns}
        if settlement.keeps_lease:
            return values
        values["lease_until"] = sa.null()
        if settlement.waits:
            values |= {"worker_id": sa.null(), "cancel_requested": sa.false()}
            if settlement.pause is not None:
                values["ready_at"] = after(self.dialect, moment, given("pause", sa.Double()))
        else:
            values["settled_at"] = self.now
        if not settlement.counts:
            values["attempt"] = own.c.attempt - 1
        return values

    def add_history(self) -> Prepared | None:
        """Return the statement that adds rows to the history."""
        if self.history is None:
            return None
        values = {name: given(name, self.history.c[name].type) for name in _LOGGED}
        return self.prepared(sa.insert(self.history).values(values))

    def seen(self) -> Prepared:
        """Return state, token and end of the lease of one row."""
        own = self.table
        columns = [
            self.state,
            own.c.lease_token,
            own.c.lease_until,
            *(own.c[key] for key in QUEUE_KEYS),
        ]
        return self.prepared(
            sa.select(*columns).where(own.c.id == given("id", own.c.id.type)), columns
        )

    # -- waiting --------------------------------------------------------------------------------------------------

    def request_cancel(self) -> Prepared:
        """Return the statement that asks for a row to be left alone."""
        own = self.table
        returned = [own.c[key] for key in QUEUE_KEYS]
        statement = sa.update(own).where(
            own.c.id == given("id", own.c.id.type), sa.text(in_line(self.known.spec))
        )
        return self.prepared(
            statement.values(cancel_requested=sa.true()).returning(*returned), returned
        )

    def postpone(self) -> Prepared:
        """Return the statement that sets the moment before which a waiting row is not taken."""
        own = self.table
        returned = [own.c[key] for key in QUEUE_KEYS]
        statement = sa.update(own).where(
            own.c.id == given("id", own.c.id.type),
            sa.text(in_line(self.known.spec)),
            self.state != self.taken,
        )
        written = statement.values(ready_at=given("moment", own.c.ready_at.type))
        return self.prepared(written.returning(*returned), returned)

    def next_due(self) -> Prepared:
        """Return the moment when the next row becomes due, the first end of a lease, and the store's clock."""
        own = self.table
        line = sa.text(in_line(self.known.spec))
        due = sa.select(sa.func.min(own.c.ready_at)).where(
            sa.text(f"{quoted('ready_at')} IS NOT NULL"), own.c.ready_at > self.now, line
        )
        end = sa.select(sa.func.min(own.c.lease_until)).where(self.state == self.taken)
        moment = self.known.schema.moment
        columns = [
            sa.type_coerce(due.scalar_subquery(), moment),
            sa.type_coerce(end.scalar_subquery(), moment),
            self.now,
        ]
        return self.prepared(sa.select(*columns), columns)


_STEP: Final = ("transition", "from_state", "to_state", "by", "why")
_LOGGED: Final = (
    "record_id", "at", "transition", "from_state", "to_state", "by", "why", "attempt", "error",
)  # fmt: skip


def lapsed_steps(lifecycle: LifecycleSpec, queue: QueueSpec) -> list[Step]:
    """Return the transitions that a row makes whose lease ran out and that is taken again."""
    if queue.retry is None:
        return []
    take, fail = lifecycle.by_name[queue.take], lifecycle.by_name[queue.fail]
    retry = lifecycle.by_name[queue.retry.transition]
    return [
        Step(fail.name, take.target.name, fail.target.name),
        Step(retry.name, fail.target.name, retry.target.name),
        Step(take.name, retry.target.name, take.target.name),
    ]


def timeless(taking: Taking, where: Sequence[tree.Node]) -> bool:
    """Tell whether a claim looks at no clock but the store's, so that it can be kept compiled."""
    values: Mapping[str, Any] = {**taking.sets, **taking.sets_again}
    plain_now = [
        one for one in values.values() if isinstance(one, tree.Call) and one.function == "now"
    ]
    nodes = [taking.guard, taking.again, *where]
    nodes += [one for one in values.values() if isinstance(one, tree.Node) and one not in plain_now]
    return not any(
        isinstance(part, tree.Call) and part.function in ("now", "today")
        for node in nodes
        for part in tree.walk(node)
    )


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
