"""Databases follow their schema without losing rows, by the same commands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.provision.drift import Drift, drift
from tablewright.provision.errors import PlanOutdated, ProvisionError
from tablewright.provision.ports.sql import SqlTarget
from tablewright.provision.specs import table_specs
from tablewright.provision.text import line
from tablewright.runtime.stores.sql_engine import postgres_engine, sqlite_engine
from tablewright.runtime.stores.sql_schema import schema_tables

BEFORE = """
tablewright: 1
name: shop
enums:
  Status: [OPEN, DONE]
tables:
  Customer:
    fields:
      name: {type: text, required: true}
      notes: long_text
  Order:
    fields:
      number: integer
      status: {type: Status, default: OPEN}
      tags: [Status]
      amount: {type: currency, required: true}
      old: {type: text, required: true}
    relations:
      customer: {to: Customer, inverse: orders}
      related: {to: Order, many: true}
"""
AFTER = """
tablewright: 1
name: shop
enums:
  Status: {values: {NEW: {was: OPEN}, DONE: {}, LOST: {}}}
tables:
  Client:
    was: Customer
    fields:
      name: {type: text, required: true, unique: true, max_length: 50}
      notes: long_text
  Order:
    fields:
      number: {type: integer, index: true}
      status: {type: Status, default: NEW}
      tags: [Status]
      price: {type: currency, was: amount, required: true, min: 0}
      paid: boolean
      pieces: {type: integer, default: 1}
    relations:
      client: {to: Client, was: customer, inverse: orders, on_delete: restrict}
      like: {to: Order, many: true, was: related}
  Parcel:
    fields: {code: text}
    relations:
      order: {to: Order, required: true, on_delete: cascade}
"""

QUEUE = (Path(__file__).parents[2] / "schemas" / "agent_tasks.yaml").read_text("utf-8")


def engine_of(url: str) -> sa.Engine:
    made = sa.make_url(url)
    return sqlite_engine(made) if url.startswith("sqlite") else postgres_engine(made)


def bring(url: str, schema: Schema, **options: Any) -> tuple[str, ...]:
    """Bring the database to a schema, and return the lines of the plan."""
    target = SqlTarget(schema, Environment("dev", store=url))
    try:
        plan = target.plan(**options)
        target.apply(plan)
        again = target.plan(**options)
        assert again.steps == ()
    finally:
        target.close()
    return tuple(f"{one.sign} {one.table_name}: {one.text}" for one in plan.changes)  # type: ignore[union-attr]


def found(url: str, schema: Schema) -> Drift:
    """Return in what the database differs from a schema."""
    target = SqlTarget(schema, Environment("dev", store=url))
    try:
        return drift(target.plan(), None, ())
    finally:
        target.close()


def fill(url: str, schema: Schema) -> None:
    dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
    tables = schema_tables(table_specs(schema), dialect)  # type: ignore[arg-type]
    status = schema_status(schema)
    engine = engine_of(url)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with engine.begin() as connection:
        connection.execute(tables.tables["Customer"].insert(), [{"id": "rec1", "created_time": now, "name": "Ann", "notes": "x"}])  # fmt: skip
        connection.execute(
            tables.tables["Order"].insert(),
            [{"id": f"rec{n}", "created_time": now, "number": n, "status": status["OPEN"], "tags": [status["OPEN"], status["DONE"]], "amount": 2.5, "old": "o", "customer_id": "rec1"} for n in (2, 3)],
        )  # fmt: skip
        connection.execute(tables.links["Order", "related"].insert(), [{"record_id": "rec2", "linked_id": "rec3", "position": 0}])  # fmt: skip
    engine.dispose()


def schema_status(schema: Schema) -> Any:
    return next(
        one.choices
        for table in table_specs(schema)
        for one in table.fields
        if one.choices is not None
    )


def read(url: str, query: str) -> list[tuple[Any, ...]]:
    engine = engine_of(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(sa.text(query))]
    engine.dispose()
    return rows


def test_a_database_follows_its_schema(url: str, compiled: Callable[[str], Schema]) -> None:
    """Renames, new columns, checks, links and values arrive; every row keeps its values and links."""
    bring(url, compiled(BEFORE))
    fill(url, compiled(BEFORE))

    lines = bring(url, compiled(AFTER))

    assert "~ client: table renamed from 'customer'" in lines
    assert "~ order: column 'price' renamed from 'amount'" in lines
    assert read(url, 'SELECT number, status, price, paid, pieces, client_id, old FROM "order" ORDER BY number') == [
        (2, "NEW", 2.5, False, 1, "rec1", "o"),
        (3, "NEW", 2.5, False, 1, "rec1", "o"),
    ]  # fmt: skip
    assert read(url, "SELECT record_id, linked_id FROM order_like") == [("rec2", "rec3")]
    assert read(url, "SELECT name, notes FROM client") == [("Ann", "x")]


def test_what_left_the_schema_is_kept_until_it_is_allowed_to_go(
    url: str, compiled: Callable[[str], Schema]
) -> None:
    """A column that the schema no longer has stays, and goes with its values only by its own line and leave."""
    bring(url, compiled(BEFORE))
    fill(url, compiled(BEFORE))

    kept = bring(url, compiled(AFTER))
    gone = bring(url, compiled(AFTER), allow_destructive=True)

    assert "  order: column 'old' not in the schema: left alone" in kept
    assert "~ order: column 'old' may be blank, since nothing fills it any more" in kept
    assert gone == ("- order: column 'old' with its values",)
    assert len(read(url, 'SELECT id FROM "order"')) == 2


def test_a_column_that_stays_is_drift_until_somebody_decides(
    url: str, compiled: Callable[[str], Schema]
) -> None:
    """What is not in the schema is told with its ways out, unless the schema leaves it to people."""
    bring(url, compiled(BEFORE))
    without = BEFORE.replace("      old: {type: text, required: true}\n", "")
    bring(url, compiled(without))
    unmanaged = without.replace("  Order:\n", '  Order:\n    unmanaged: ["ol*"]\n')

    told, silent = found(url, compiled(without)), found(url, compiled(unmanaged))

    assert [(one.subject, one.detail, one.ignore) for one in told.differences] == [
        ("column 'old'", "not in the schema", "unmanaged: [old]   (at the table)")
    ]
    assert silent.is_empty
    assert bring(url, compiled(unmanaged), allow_destructive=True) == ()


def test_a_column_that_is_not_there_is_drift_that_says_so(
    url: str, compiled: Callable[[str], Schema]
) -> None:
    """Somebody dropped or renamed it: apply makes it, and 'was' would have renamed it."""
    bring(url, compiled(BEFORE))
    more = BEFORE.replace("      old: {type: text, required: true}\n", "      fresh: text\n")

    told = found(url, compiled(more)).differences

    assert ("column 'fresh' TEXT", "is not there", "makes it", "remove it from the schema") in [
        (one.subject, one.detail, one.apply, one.adopt) for one in told
    ]
    assert any("'was' of one that is not there renames it" in one.adopt for one in told)


def test_rows_that_stand_against_a_change_are_told(
    url: str, compiled: Callable[[str], Schema]
) -> None:
    """What rows do not meet is left to people, and the rest is done."""
    bring(url, compiled(BEFORE))
    fill(url, compiled(BEFORE))
    harder = BEFORE.replace("number: integer", "number: {type: integer, min: 3}").replace(
        "notes: long_text", "notes: long_text\n      vat: {type: text, required: true}"
    )

    lines = bring(url, compiled(harder))

    assert (
        "! order: check number_minimum: 1 row is against it (rec2) and would have to be changed first"
        in lines
    )
    assert any(
        line.startswith("! customer: column 'vat' is required and 1 row has no value")
        for line in lines
    )


@pytest.mark.parametrize("text", [AFTER, QUEUE], ids=["links", "queue"])
def test_a_store_finds_nothing_to_do(
    url: str, compiled: Callable[[str], Schema], text: str
) -> None:
    """A database that the store made by itself is what the schema says."""
    schema = compiled(text)
    dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
    engine = engine_of(url)
    schema_tables(table_specs(schema), dialect).metadata.create_all(engine)  # type: ignore[arg-type]
    engine.dispose()

    assert bring(url, schema) == ()


def test_a_failed_step_changes_nothing(url: str, compiled: Callable[[str], Schema]) -> None:
    """All steps are one transaction: when one is refused, none was done."""
    bring(url, compiled(BEFORE))
    fill(url, compiled(BEFORE))
    target = SqlTarget(compiled(AFTER), Environment("dev", store=url))
    engine = engine_of(url)
    try:
        plan = target.plan()
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE parcel (id INTEGER)"))
        with pytest.raises(ProvisionError):
            target.apply(plan)
    finally:
        target.close()
        engine.dispose()

    assert read(url, "SELECT name FROM customer") == [("Ann",)]


def test_of_two_applies_at_once_one_changes_the_database(
    url: str, compiled: Callable[[str], Schema]
) -> None:
    """From whichever machines they come: the second one waits, and then finds its plan outdated."""
    bring(url, compiled(BEFORE))
    fill(url, compiled(BEFORE))
    targets = [SqlTarget(compiled(AFTER), Environment("dev", store=url)) for _ in range(4)]
    plans = [target.plan() for target in targets]

    def carry_out(number: int) -> str:
        try:
            targets[number].apply(plans[number])
        except PlanOutdated:
            return "outdated"
        return "applied"

    with ThreadPoolExecutor(len(targets)) as pool:
        ended = list(pool.map(carry_out, range(len(targets))))
    for target in targets:
        target.close()

    assert sorted(ended) == ["applied", "outdated", "outdated", "outdated"]
    assert bring(url, compiled(AFTER))[-1].endswith("left alone")


def test_an_earlier_name_that_no_column_has_is_told(
    compiled: Callable[[str], Schema], url: str, bring: Callable[..., tuple[str, ...]]
) -> None:
    """A slip in `was:` makes a column anew: the plan says so where one left the schema, and names it."""
    text = "tablewright: 1\nname: shop\ntables:\n  Task:\n    fields: {title: text, FIELD}\n"
    bring(compiled(text.replace("FIELD", "hours_est: number")))
    slip = compiled(text.replace("FIELD", "hours_real: {type: number, was: hours_est_fild}"))
    target = SqlTarget(slip, Environment("dev", store=url))

    plan = target.plan()

    target.close()
    told = [line(one).detail for one in plan.reports]
    assert "'hours_real' is made anew, since nothing is known as hours_est_fild, which it 'was': did you mean 'hours_est'? left the schema: hours_est" in told  # fmt: skip
