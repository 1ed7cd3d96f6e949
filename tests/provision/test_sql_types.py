"""A column that gets another type keeps what its values can keep, and is refused where they cannot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.provision.errors import ProvisionError
from tablewright.provision.ports.sql import SqlTarget
from tablewright.provision.specs import table_specs
from tablewright.runtime import connect
from tablewright.runtime.stores.base import Selection
from tablewright.runtime.stores.sql_engine import postgres_engine

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

SCHEMA = """
tablewright: 1
name: notes
enums: {Color: [RED, BLUE]}
tables:
  Note:
    fields:
      title: text
      color: Color
      value: TYPE
"""
Bring = Callable[..., tuple[str, ...]]


def of_type(name: str) -> str:
    return SCHEMA.replace("TYPE", name)


@pytest.mark.parametrize(
    ("before", "stored", "after", "read_back"),
    [
        ("number", "2.7", "integer", 3),
        ("number", "2.5", "integer", 2),
        ("integer", "12", "json", 12),
        ("number", "2.5", "text", "2.5"),
        ("number", "12.0", "text", "12"),
        ("number", "0.30000000000000004", "text", "0.30000000000000004"),
        ("number", "1e300", "text", "1e+300"),
        ("number", "-0.0000012", "text", "-1.2e-06"),
        ("text", "'12'", "integer", 12),
        ("text", "'1.5'", "number", 1.5),
        ("integer", "12", "number", 12.0),
        ("integer", "12", "text", "12"),
        ("date", "'2026-01-31'", "text", "2026-01-31"),
        ("text", "'2026-01-31'", "date", "2026-01-31"),
        ("text", "'2026-01-31T12:30:00Z'", "datetime", "2026-01-31 12:30:00+00:00"),
    ],
)
def test_values_are_converted(
    bring: Bring,
    write: Callable[..., None],
    url: str,
    compiled: Callable[[str], Schema],
    before: str,
    stored: str,
    after: str,
    read_back: Any,
) -> None:
    """What the new type can say is said, the same on both databases; a step by which nothing can be lost needs no leave."""
    bring(compiled(of_type(before)))
    write(f"INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', {stored}), ('rec2', :now, 'b', NULL)")  # fmt: skip
    safeties: list[str] = []

    bring(compiled(of_type(after)), safeties=safeties)

    assert ("lossy" in safeties) == ((before, after) != ("integer", "number"))
    found = _values(url, compiled(of_type(after)))
    assert found["b"] is None
    assert (str(found["a"]) if after.startswith("date") else found["a"]) == read_back


@pytest.mark.parametrize(
    ("before", "stored", "after", "read_back"),
    [
        ("boolean", "true", "number", 1.0),
        ("boolean", "true", "text", "true"),
        ("boolean", "false", "text", "false"),
        ("integer", "0", "boolean", False),
        ("text", "'yes'", "boolean", True),
        ("datetime", "'2026-01-31T12:30:00.000000Z'", "text", "2026-01-31T12:30:00.000000Z"),
    ],
)
def test_yes_and_no_and_moments_read_the_same_on_both_databases(
    bring: Bring,
    write: Callable[..., None],
    url: str,
    compiled: Callable[[str], Schema],
    before: str,
    stored: str,
    after: str,
    read_back: Any,
) -> None:
    """Neither how a database keeps them nor its time zone shows."""
    bring(compiled(of_type(before)))
    write(f"INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', {stored})")

    bring(compiled(of_type(after)))

    assert _values(url, compiled(of_type(after))) == {"a": read_back}


@pytest.mark.parametrize("after", ["integer", "number", "date", "datetime"])
def test_values_that_cannot_be_converted_stop_the_plan(
    bring: Bring,
    write: Callable[..., None],
    read: Callable[[str], Any],
    compiled: Callable[[str], Schema],
    after: str,
) -> None:
    """Nothing is changed, and the message names what is in the way."""
    bring(compiled(of_type("text")))
    write("INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', 'abc')")

    with pytest.raises(ProvisionError, match=r"(?i)nothing was changed"):
        bring(compiled(of_type(after)))

    assert read("SELECT value FROM note") == [("abc",)]


@pytest.mark.parametrize(
    ("before", "after", "good", "wrong", "word"),
    [
        ("text", "{type: integer, min: 1}", "12", ["eleven", "1.5"], "whole number"),
        ("text", "datetime", "2026-01-31T12:30:00Z", ["yesterday", "2026-02-30"], "moment"),
        ("text", "date", "2026-01-31", ["2026-02-30", "12"], "date"),
        ("text", "json", '{"a": 1}', ["abc", "{"], "JSON"),
        ("text", "duration", "90", ["1.5h", "NaN"], "number of seconds"),
        ("text", "boolean", "true", ["perhaps", "2"], "boolean"),
        ("text", "[Color]", "RED", ["ROSE", "[]"], "single value of the enum"),
        ("number", "date", None, [20260131.0, 12.0], "date"),
        ("date", "number", None, [dt.date(2026, 1, 31), dt.date(2026, 2, 1)], "number"),
    ],
)
def test_values_that_cannot_be_converted_are_counted_beforehand(
    shell: Shell,
    url: str,
    compiled: Callable[[str], Schema],
    before: str,
    after: str,
    good: Any,
    wrong: list[Any],
    word: str,
) -> None:
    """The plan tells how many there are, and both plan and apply name the first with its row; nothing is changed."""
    variables = {"TABLEWRIGHT_STORE": url}
    (shell.folder / "tablewright.toml").unlink()
    shell.write(of_type(before))
    shell.run("apply", "--yes", **variables)
    (note,) = table_specs(compiled(of_type(before)))
    with connect(url) as connection:
        rows = [{"title": "a", "value": one} for one in (good, *wrong)]
        _, *made = connection.store.insert(note, rows)
    first = min(made, key=lambda row: str(row["id"]))
    held = str(first["value"])
    said = f"2 rows hold something in 'value' that is no {word}, such as "
    shell.write(of_type(after))

    planned = shell.run("plan", "--allow-destructive", **variables)
    applied = shell.run("apply", "--yes", "--allow-destructive", **variables)

    assert f"! {said}" in planned.stdout
    assert f"{held.removesuffix('.0')}" in planned.stdout
    assert f"in {first['id']}: change it first" in planned.stdout
    assert applied.returncode == 1
    assert applied.stderr.startswith(f"Error: in table 'note' {said}")
    assert applied.stderr.endswith("change it first. Nothing was changed\n")
    with connect(url) as connection:
        assert len(connection.store.select(Selection(note))) == 3


def test_rows_that_a_limit_of_the_new_type_refuses_are_counted_beforehand(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """The type changes, and the limit waits for them, as it does where the type stays."""
    bring(compiled(of_type("text")))
    write("INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', '1'), ('rec2', :now, 'b', '7')")  # fmt: skip

    changes = bring(compiled(of_type("{type: integer, min: 2}")))

    waits = (
        "! note: check value_minimum: 1 row is against it (rec1) and would have to be changed first"
    )
    assert waits in changes
    assert sorted(read("SELECT value FROM note")) == [(1,), (7,)]


@pytest.mark.parametrize(
    ("before", "after"),
    [(one, "[Color]") for one in ("integer", "number", "date", "datetime")]
    + [("integer", "boolean"), ("integer", "json"), ("boolean", "number"), ("auto_number", "text")],
)
def test_an_empty_column_takes_any_other_type(
    bring: Bring, compiled: Callable[[str], Schema], before: str, after: str
) -> None:
    """There is nothing to convert, so nothing stands in the way."""
    bring(compiled(of_type(before)))

    bring(compiled(of_type(after)))


def test_a_choice_becomes_a_list_and_one_again(
    bring: Bring, url: str, compiled: Callable[[str], Schema]
) -> None:
    """Also where a value of the enum is renamed meanwhile; an empty list becomes blank."""
    one, many = compiled(of_type("Color")), compiled(of_type("[Color]"))
    bring(one)
    with connect(url) as connection:
        (note,) = table_specs(one)
        red = note.by_key["value"].choices
        assert red is not None
        connection.store.insert(note, [{"title": "a", "value": red["RED"]}, {"title": "b"}])

    bring(many)
    listed = _values(url, many)
    renamed = of_type("Color").replace("[RED, BLUE]", "{values: {ROSE: {was: RED}, BLUE: {}}}")
    bring(compiled(renamed))

    assert {title: [str(each.name) for each in value] for title, value in listed.items()} == {
        "a": ["RED"],
        "b": [],
    }
    again = _values(url, compiled(renamed))
    assert again["a"].name == "ROSE"
    assert again["b"] is None


def test_lists_of_several_choices_are_not_made_one(
    bring: Bring, url: str, compiled: Callable[[str], Schema]
) -> None:
    """None of them is thrown away without a word."""
    bring(compiled(of_type("[Color]")))
    with connect(url) as connection:
        (note,) = table_specs(compiled(of_type("[Color]")))
        colors = note.by_key["value"].choices
        assert colors is not None
        connection.store.insert(note, [{"title": "a", "value": [colors["RED"], colors["BLUE"]]}])

    with pytest.raises(ProvisionError, match=r"1 row holds .*no single value of the enum"):
        bring(compiled(of_type("Color")))


def test_blank_cells_are_filled_with_a_value_that_is_new_too(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """A field may become required with a default that its enum did not have before."""
    bring(compiled(of_type("Color")))
    write("INSERT INTO note (id, created_time, title) VALUES ('rec1', :now, 'a')")
    after = of_type("{type: Color, required: true, default: GREEN}")

    bring(compiled(after.replace("[RED, BLUE]", "[RED, BLUE, GREEN]")))

    assert read("SELECT value FROM note") == [("GREEN",)]


@pytest.mark.parametrize(
    ("kind", "default", "shown"),
    [
        ("date", "2026-01-31", "2026-01-31"),
        ("datetime", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("duration", "90m", "90m"),
        ("number", "2.0", "2"),
        ("text", "none", "'none'"),
        ("Color", "RED", "RED"),
    ],
)
def test_a_plan_says_what_fills_blank_cells_as_the_schema_does(
    bring: Bring, write: Callable[..., None], compiled: Callable[[str], Schema], kind: str, default: str, shown: str
) -> None:  # fmt: skip
    """A value of Python's stands in no plan."""
    bring(compiled(of_type(kind)))
    write("INSERT INTO note (id, created_time, title) VALUES ('rec1', :now, 'a')")

    changes = bring(compiled(of_type(f"{{type: {kind}, required: true, default: {default}}}")))

    assert f"~ note: column 'value' filled with {shown} where blank" in changes


def test_a_value_that_stands_twice_does_not_hinder_other_changes(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:  # fmt: skip
    """What is to be unique waits for people, and the rest is done."""
    bring(compiled(of_type("text")))
    write("INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', '1'), ('rec2', :now, 'a', '2')")  # fmt: skip
    after = of_type("integer").replace("title: text", "title: {type: text, unique: true}")

    changes = bring(compiled(after))

    waits = (
        "! note: 'title' is unique, and 1 value stands in several rows (rec1, rec2): change them"
    )
    assert waits in changes
    assert sorted(read("SELECT value FROM note")) == [(1,), (2,)]


@pytest.mark.parametrize("made", ["numeric(10,2)", '"Made by People"', "smallint", "varchar(20)"])
def test_types_that_people_gave_a_column_are_converted_too(
    empty_schema: str, compiled: Callable[[str], Schema], made: str
) -> None:
    """Whatever PostgreSQL calls them; the plan looks at their values and names those that do not fit."""
    schema = compiled(of_type("number"))
    engine = postgres_engine(sa.make_url(empty_schema))
    target = SqlTarget(schema, Environment("dev", store=empty_schema))
    with closing(target):
        target.apply(target.plan())
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TYPE \"Made by People\" AS ENUM ('12', 'x')")
            connection.exec_driver_sql("ALTER TABLE note DROP COLUMN value")
            connection.exec_driver_sql(f"ALTER TABLE note ADD COLUMN value {made}")
            connection.exec_driver_sql("INSERT INTO note (id, created_time, value) VALUES ('rec1', now(), '12')")  # fmt: skip
        engine.dispose()

        target.apply(target.plan())

        assert target.plan().is_empty
    assert _values(empty_schema, schema) == {None: 12.0}


@pytest.mark.parametrize("unique", ["", ", unique: true"])
def test_unique_values_that_would_become_equal_are_counted_beforehand(
    bring: Bring, write: Callable[..., None], read: Callable[[str], Any], compiled: Callable[[str], Schema], unique: str
) -> None:  # fmt: skip
    """Also where the field becomes unique at the same time."""
    bring(compiled(of_type(f"{{type: text{unique}}}")))
    write("INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', '1'), ('rec2', :now, 'b', '01')")  # fmt: skip

    with pytest.raises(ProvisionError, match=r"'value' is unique, and 1 value stands in several rows \(rec1, rec2\) once converted.*Nothing was changed"):  # fmt: skip
        bring(compiled(of_type("{type: integer, unique: true}")))

    assert sorted(read("SELECT value FROM note")) == [("01",), ("1",)]


def _values(url: str, schema: Schema) -> dict[str, Any]:
    """Return the values of all rows by their titles."""
    with connect(url) as connection:
        rows = connection.store.select(Selection(table_specs(schema)[0]))
    return {row["title"]: row["value"] for row in rows}


@pytest.mark.parametrize(
    ("before", "stored", "after", "read_back"),
    [
        ("datetime", "2026-01-31T12:30:00+00:00", "date", "2026-01-31"),
        ("date", "2026-01-31", "datetime", "2026-01-31T00:00:00+00:00"),
    ],
)
def test_days_and_moments_become_each_other(
    bring: Bring, url: str, compiled: Callable[[str], Schema], before: str, stored: str, after: str, read_back: str
) -> None:  # fmt: skip
    """A moment keeps its day, and a day becomes its first moment."""
    first, second = compiled(of_type(before)), compiled(of_type(after))
    bring(first)
    kind = dt.datetime if before == "datetime" else dt.date
    with connect(url) as connection:
        connection.store.insert(
            table_specs(first)[0], [{"title": "a", "value": kind.fromisoformat(stored)}]
        )

    bring(second)

    with connect(url) as connection:
        (row,) = connection.store.select(Selection(table_specs(second)[0]))
    assert row["value"].isoformat() == read_back
