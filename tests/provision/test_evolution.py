"""Any schema applied, then changed in any way, applies again without loss."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.names import snake
from tablewright.provision.ports.sql import SqlTarget
from tablewright.provision.specs import table_specs
from tablewright.provision.yaml_text import Flow, yaml_text
from tablewright.runtime.stores.sql_engine import sqlite_engine
from tablewright.runtime.stores.sql_schema import schema_tables
from tablewright.server.serve import LocalAirtable

if TYPE_CHECKING:
    from tests.provision.conftest import Project

TYPES = ("text", "long_text", "integer", "number", "date", "datetime", "boolean", "rating", "email", "json", "duration", "currency", "attachments", "collaborator", "Mood", "[Mood]")  # fmt: skip
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta")

Model = dict[str, Any]


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
        match draw(st.sampled_from(["add", "rename", "swap", "remove", "describe", "value", "link", "relink", "retable", "table", "formula", "lookup"])):  # fmt: skip
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


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_evolution_of_a_database_keeps_the_rows(
    compiled: Callable[[str], Schema], data: st.DataObject
) -> None:
    """The same on SQLite: nothing is left to do, and every row is there."""
    before = data.draw(models())
    after = data.draw(evolutions(before))
    first, second = compiled(text_of(before)), compiled(text_of(after))
    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{folder}/evolving.db"
        bring(store, first)
        fill(store, first)

        bring(store, second)

        engine = sa.create_engine(store)
        with engine.connect() as connection:
            for table in second.tables:
                names = {snake(name) for name in (table.key, *table.was)}
                if names & {snake(one.key) for one in first.tables}:
                    rows = sa.select(sa.func.count()).select_from(sa.table(snake(table.key)))
                    assert connection.execute(rows).scalar_one() == 2
        engine.dispose()


def bring(store: str, schema: Schema) -> None:
    """Bring a database to a schema, and check that nothing is left to do."""
    target = SqlTarget(schema, Environment("dev", store=store))
    try:
        target.apply(target.plan())
        assert target.plan().is_empty
    finally:
        target.close()


def fill(store: str, schema: Schema) -> None:
    """Store two rows in every table."""
    made = schema_tables(table_specs(schema), "sqlite")
    engine = sqlite_engine(sa.make_url(store))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with engine.begin() as connection:
        for table in made.tables.values():
            blanks: Model = {
                column.name: (
                    []
                    if "JSON" in str(column.type) or "Names" in type(column.type).__name__
                    else False
                )
                for column in table.columns
                if not column.nullable and column.name not in ("id", "created_time")
            }
            rows = [{"id": f"rec{n}", "created_time": now, "title": "t", **blanks} for n in (1, 2)]
            connection.execute(table.insert(), rows)
    engine.dispose()


@settings(
    max_examples=int(os.environ.get("EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_any_evolution_applies_and_keeps_the_rows(
    compiled: Callable[[str], Schema], project_on: Callable[..., Project], data: st.DataObject
) -> None:
    """Apply A, write rows, apply B: drift is empty but for what left the schema, and the rows are still there."""
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

            assert applied.manual == ()
            drift = project.drift(second)
            assert [one for one in drift.differences if one.apply != "leaves it alone"] == []
            assert project.plan(second).is_empty
            assert {one.id for one in project.live().tables} >= set(ids.values())
            for identity in ids.values():
                assert len(project.rows(identity)) == 2
            assert applied.calls <= max(plan.calls, 1)
        finally:
            project.port.close()
