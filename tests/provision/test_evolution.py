"""Any schema applied, then changed in any way, applies again without loss."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.config import Environment
from tablewright.expressions.sql import Dialect
from tablewright.model.schema import Relation, Schema, Table
from tablewright.names import snake
from tablewright.provision.changes import RetypeField
from tablewright.provision.drift import drift
from tablewright.provision.ports.sql import SqlTarget
from tablewright.provision.specs import table_specs
from tablewright.provision.yaml_text import Flow, yaml_text
from tablewright.runtime.stores.sql_engine import postgres_engine, sqlite_engine
from tablewright.runtime.stores.sql_schema import schema_tables
from tablewright.server.serve import LocalAirtable

if TYPE_CHECKING:
    from tests.provision.conftest import Project

TYPES = ("text", "long_text", "integer", "number", "date", "datetime", "boolean", "rating", "email", "json", "duration", "currency", "attachments", "collaborator", "Mood", "[Mood]")  # fmt: skip
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")

Model = dict[str, Any]
_numbers = itertools.count(1)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Return a schema as plain values: tables with fields and links."""
    tables = draw(
        st.lists(st.sampled_from(["Ant", "Bee", "Cat"]), min_size=1, max_size=3, unique=True)
    )
    model: Model = {"mood": ["GLAD", "SAD"], "tables": {}}
    for table in tables:
        words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))
        fields = {"title": {"type": "text"}}
        fields |= {word: {"type": draw(st.sampled_from(TYPES))} for word in words}
        model["tables"][table] = {"fields": fields, "relations": {}}
    for number in range(draw(st.integers(0, 3))):
        source, target = draw(st.sampled_from(tables)), draw(st.sampled_from(tables))
        relation: Model = {"to": target, "many": draw(st.booleans())}
        if draw(st.booleans()):
            relation["inverse"] = f"back_{number}"
        model["tables"][source]["relations"][f"link_{number}"] = relation
    return model


@st.composite
def evolutions(draw: st.DrawFn, model: Model) -> Model:
    """Return the schema after a few changes, each of a kind that people make."""
    changed = deepcopy(model)
    for number in range(draw(st.integers(1, 6))):
        key = draw(st.sampled_from(list(changed["tables"])))
        table = changed["tables"][key]
        fields, relations = table["fields"], table["relations"]
        match draw(st.sampled_from(["add", "rename", "swap", "remove", "describe", "value", "link", "relink", "recount", "retable", "table", "formula", "lookup"])):  # fmt: skip
            case "add":
                fields[f"new_{number}"] = {"type": draw(st.sampled_from(TYPES))}
            case "rename":
                old = draw(st.sampled_from(list(fields)))
                was = [old, *fields[old].get("was", ())]
                if fields[old]["type"] != "formula":
                    table["fields"] = {
                        (f"renamed_{number}" if name == old else name): (
                            {**one, "was": was} if name == old else one
                        )
                        for name, one in fields.items()
                    }
            case "swap" if len(fields) > 2 and not any("name" in one for one in fields.values()):
                first, second = list(fields)[:2]
                fields[first]["name"], fields[second]["name"] = _title(second), _title(first)
            case "remove" if len(fields) > 2:
                fields.pop(list(fields)[-1])
            case "describe":
                draw(st.sampled_from([table, *fields.values()]))["description"] = f"Note {number}."
            case "value":
                changed["mood"].append(f"MOOD_{number}")
            case "link":
                target = draw(st.sampled_from(list(changed["tables"])))
                relations[f"more_{number}"] = {"to": target, "inverse": f"more_back_{number}"}
            case "relink" if relations:
                old = draw(st.sampled_from(list(relations)))
                moved = relations.pop(old)
                relations[f"moved_{number}"] = {**moved, "was": [old, *moved.get("was", ())]}
            case "recount" if relations:
                counted = relations[draw(st.sampled_from(list(relations)))]
                counted["many"] = not counted.get("many", False)
            case "retable" if "was" not in table:
                new = f"Renamed{number}"
                table["was"] = [key]
                changed["tables"] = {(new if name == key else name): one for name, one in changed["tables"].items()}  # fmt: skip
                for other in changed["tables"].values():
                    for relation in other["relations"].values():
                        relation["to"] = new if relation["to"] == key else relation["to"]
            case "table":
                changed["tables"][f"Extra{number}"] = {"fields": {"title": {"type": "text"}}, "relations": {}}  # fmt: skip
            case "formula":
                fields[f"sum_{number}"] = {
                    "type": "formula",
                    "formula": "1 + 1",
                    "result": "number",
                }
            case "lookup" if relations:
                fields[f"count_{number}"] = {"type": "count", "relation": draw(st.sampled_from(list(relations)))}  # fmt: skip
    # A count is of no use without the link that it follows.
    for table in changed["tables"].values():
        table["fields"] = {
            name: one
            for name, one in table["fields"].items()
            if one.get("relation", "") in ("", *table["relations"])
        }
    return changed


def _title(key: str) -> str:
    return " ".join(word.capitalize() for word in key.split("_"))


def text_of(model: Model) -> str:
    """Return the YAML of a schema."""
    tables: Model = {}
    for key, table in model["tables"].items():
        entry = {name: table[name] for name in ("was", "description") if name in table}
        entry["fields"] = {
            name: Flow({**one, "type": ["Mood"] if one["type"] == "[Mood]" else one["type"]})
            for name, one in table["fields"].items()
        }
        if table["relations"]:
            entry["relations"] = {name: Flow(one) for name, one in table["relations"].items()}
        tables[key] = entry
    return yaml_text(
        {"tablewright": 1, "name": "evolving", "enums": {"Mood": model["mood"]}, "tables": tables}
    )


SETTINGS = settings(
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@SETTINGS
@given(st.data())
def test_any_evolution_of_a_sqlite_file_keeps_rows_and_links(
    compiled: Callable[[str], Schema], data: st.DataObject
) -> None:
    """Apply A, store rows, apply B: nothing is left to do, and every row and every link is there."""
    with tempfile.TemporaryDirectory() as folder:
        evolve(f"sqlite:///{folder}/evolving.db", compiled, data)


@pytest.mark.slow
@SETTINGS
@given(st.data())
def test_any_evolution_of_a_postgresql_database_keeps_rows_and_links(
    postgres: str, compiled: Callable[[str], Schema], data: st.DataObject
) -> None:
    """The same on PostgreSQL."""
    name = f"evolving_{next(_numbers)}"
    admin = sa.create_engine(postgres.replace("postgresql:", "postgresql+psycopg:", 1))
    with admin.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    try:
        evolve(f"{postgres}&options={quote(f'-csearch_path={name}')}", compiled, data)
    finally:
        with admin.begin() as connection:
            connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
        admin.dispose()


def evolve(store: str, compiled: Callable[[str], Schema], data: st.DataObject) -> None:
    """Bring a database to one schema, fill it, and bring it to another."""
    before = data.draw(models())
    first, second = compiled(text_of(before)), compiled(text_of(data.draw(evolutions(before))))
    made = sa.make_url(store)
    dialect: Dialect = "sqlite" if store.startswith("sqlite") else "postgresql"
    engine = sqlite_engine(made) if dialect == "sqlite" else postgres_engine(made)
    try:
        bring(store, first)
        with engine.begin() as connection:
            fill(connection, first, dialect)

        bring(store, second)

        with engine.connect() as connection:
            check_rows(connection, first, second)
            check_links(connection, first, second, dialect)
    finally:
        engine.dispose()


def check_rows(connection: sa.Connection, first: Schema, second: Schema) -> None:
    """Check that every table that was there holds its two rows."""
    for table in second.tables:
        if origin(table, first.tables) is not None:
            rows = sa.select(sa.func.count()).select_from(sa.table(snake(table.key)))
            assert connection.execute(rows).scalar_one() == 2


def check_links(connection: sa.Connection, first: Schema, second: Schema, dialect: Dialect) -> None:
    """Check that every relation that was there leads from the first row to the first row."""
    made = schema_tables(table_specs(second), dialect)
    by_key = {one.key: one for one in second.tables}
    for table in second.tables:
        old_table = origin(table, first.tables)
        for relation in table.relations if old_table is not None else ():
            assert old_table is not None
            old = origin(relation, old_table.relations)
            target = origin(by_key[relation.target], first.tables)
            if old is None or target is None or old.target != target.key:
                continue
            if relation.many:
                holder = made.links[table.key, relation.key]
                query = sa.select(holder.c.record_id, holder.c.linked_id)
            else:
                link: sa.ColumnClause[str] = sa.column(f"{relation.key}_id")
                query = sa.select(sa.column("id"), link).select_from(sa.table(snake(table.key))).where(link.is_not(None))  # fmt: skip
            assert [tuple(row) for row in connection.execute(query)] == [("rec1", "rec1")]


_Kept = TypeVar("_Kept", Table, Relation)


def origin(one: _Kept, earlier: Sequence[_Kept]) -> _Kept | None:
    """Return what a table or relation was in the earlier schema, which knows it by its key or an earlier one."""
    keys = {one.key, *one.was}
    return next((old for old in earlier if old.key in keys), None)


def bring(store: str, schema: Schema) -> None:
    """Bring a database to a schema, and check that nothing is left to do."""
    target = SqlTarget(schema, Environment("dev", store=store))
    try:
        target.apply(target.plan())
        assert target.plan().is_empty
        differences = drift(target.plan(), None, ()).differences
        assert [one for one in differences if not one.apply.startswith("leaves it alone")] == []
    finally:
        target.close()


def fill(connection: sa.Connection, schema: Schema, dialect: Dialect) -> None:
    """Store two rows in every table, and a link from first row to first row in every relation."""
    made = schema_tables(table_specs(schema), dialect)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for table in made.tables.values():
        blanks: Model = {
            column.name: (
                [] if "JSON" in str(column.type) or "Names" in type(column.type).__name__ else False
            )
            for column in table.columns
            if not column.nullable and column.name not in ("id", "created_time")
        }
        rows = [{"id": f"rec{n}", "created_time": now, "title": "t", **blanks} for n in (1, 2)]
        connection.execute(table.insert(), rows)
    for one in schema.tables:
        table = made.tables[one.key]
        for relation in one.relations:
            if relation.many:
                link = {"record_id": "rec1", "linked_id": "rec1", "position": 0}
                connection.execute(made.links[one.key, relation.key].insert(), [link])
            else:
                first = table.update().where(table.c.id == "rec1")
                connection.execute(first.values({f"{relation.key}_id": "rec1"}))


@SETTINGS
@given(st.data())
def test_any_evolution_applies_and_keeps_the_rows(
    compiled: Callable[[str], Schema], project_on: Callable[..., Project], data: st.DataObject
) -> None:
    """Apply A, write rows, apply B: drift is empty but for what left the schema, and the rows are still there.

    Only links that shall lead to one record now are left to people.
    """
    before = data.draw(models())
    after = data.draw(evolutions(before))
    first, second = compiled(text_of(before)), compiled(text_of(after))
    with tempfile.TemporaryDirectory() as folder, LocalAirtable() as server:
        project = project_on(server, Path(folder))
        try:
            project.apply(first)
            for table in first.tables:
                project.write(table.name, {"Title": "one"}, {"Title": "two"})
            ids = {table.key: project.lock(first).table_id(table.key) for table in first.tables}
            plan = project.plan(second)

            applied = project.apply(second)

            recounted = [one for one in plan.manual if isinstance(one, RetypeField)]
            assert applied.manual == tuple(one.how for one in recounted)
            for one in recounted:
                assert "linking to multiple records" in one.how
                project.switch(one.field_id, single=one.new == "one")
            drift = project.drift(second)
            assert [one for one in drift.differences if one.apply != "leaves it alone"] == []
            assert project.plan(second).is_empty
            assert {one.id for one in project.live().tables} >= set(ids.values())
            for identity in ids.values():
                assert len(project.rows(identity)) == 2
            assert applied.calls <= max(plan.calls, 1)
        finally:
            project.port.close()
