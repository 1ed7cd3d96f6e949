"""Rows that a changed field does not take are named, also where the database's type and checks do not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.specs import table_specs
from tablewright.runtime import connect
from tablewright.runtime.stores.base import Selection

SCHEMA = """
tablewright: 1
name: notes
enums: {Color: [RED, BLUE]}
tables:
  Note:
    fields:
      title: text
      value: TYPE
"""
Bring = Callable[..., tuple[str, ...]]
Write = Callable[..., None]


def of_type(name: str) -> str:
    return SCHEMA.replace("TYPE", name)


def store(write: Write, *values: str) -> None:
    """Store rows with these values, as SQL writes them, and the ids rec1, rec2, …"""
    for number, value in enumerate(values, 1):
        write(
            f"INSERT INTO note (id, created_time, title, value) VALUES ('rec{number}', :now, 'a', {value})"
        )


@pytest.mark.parametrize(
    ("after", "values", "told"),
    [
        ("[Color]", ('["RED"]', "5", '{"RED": 1}', '"RED"', '["ROSE", "RED"]', "[1]", "[]"), "a list of Color, and 5 rows hold something else (rec2, rec3, rec4 and 2 more)"),
        ("attachments", ("[]", '{"url": "https://x.org"}'), "a list, and 1 row holds something else (rec2)"),
        ("barcode", ('{"text": "1"}', '["1"]', '"1"'), "an object, and 2 rows hold something else (rec2, rec3)"),
    ],
)  # fmt: skip
def test_json_that_a_field_does_not_take_is_told(
    bring: Bring, write: Write, url: str, compiled: Callable[[str], Schema], after: str, values: tuple[str, ...], told: str
) -> None:  # fmt: skip
    """One SQL type holds both, so nothing is converted; the rows are named until they are changed, and are readable."""
    bring(compiled(of_type("json")))
    store(write, *(f"'{value}'" for value in values))
    schema = compiled(of_type(after))

    first = bring(schema)
    again = bring(schema)

    line = f"! note: 'value' takes {told}: change it, since what reads these rows leaves them out"
    assert line in first
    assert again == (line,)
    with connect(url) as connection:
        assert len(connection.store.select(Selection(table_specs(schema)[0]))) == len(values)


@pytest.mark.parametrize(
    ("before", "after"),
    [("integer", "number"), ("date", "datetime"), ("datetime", "text"), ("Color", "[Color]")],
)
def test_a_type_that_holds_every_value_of_the_old_one_needs_no_leave(
    bring: Bring, compiled: Callable[[str], Schema], before: str, after: str
) -> None:
    """Nothing can be lost by it, on neither database; the way back may lose something."""
    there, back = list[str](), list[str]()
    bring(compiled(of_type(before)))

    bring(compiled(of_type(after)), safeties=there)
    bring(compiled(of_type(before)), safeties=back)

    assert "lossy" not in there
    assert "lossy" in back


def test_lists_that_hold_a_value_which_left_their_enum_are_told(
    bring: Bring, write: Write, compiled: Callable[[str], Schema]
) -> None:
    """No check of the database knows the values inside lists."""
    bring(compiled(of_type("[Color]")))
    store(write, """'["RED", "BLUE"]'""", """'["RED"]'""")

    lines = bring(compiled(of_type("[Color]").replace("[RED, BLUE]", "[RED]")))

    assert lines == ("! note: 'value' takes a list of Color, and 1 row holds something else (rec1): change it, since what reads these rows leaves them out",)  # fmt: skip


def test_texts_that_become_json_of_another_shape_are_told_beforehand(
    bring: Bring, write: Write, compiled: Callable[[str], Schema]
) -> None:
    """The text is JSON and can be converted; what it is then, the field does not take."""
    bring(compiled(of_type("text")))
    store(write, "'[]'", "'5'")

    lines = bring(compiled(of_type("attachments")))

    assert any("'value' takes a list, and 1 row holds something else (rec2)" in one for one in lines)  # fmt: skip


@pytest.mark.parametrize(
    ("after", "told"),
    [
        ("{type: text, max_length: 2}", "check value_length: 5 rows are against it (rec1, rec2, rec3 and 2 more)"),
        ("{type: text, unique: true}", "'value' is unique, and 2 values stand in several rows (rec2, rec4, rec1 and 2 more)"),
        ("{type: text, required: true}", "column 'value' is required and 1 row has no value for it (rec6)"),
    ],
)  # fmt: skip
def test_rows_against_a_new_rule_are_named(
    bring: Bring, write: Write, compiled: Callable[[str], Schema], after: str, told: str
) -> None:
    """By their ids, three of many; rows that share a value stand together. Values may be long or private, and are not shown."""
    bring(compiled(of_type("text")))
    store(write, "'zzz'", "'aaa'", "'zzz'", "'aaa'", "'zzz'", "NULL")

    assert any(told in line for line in bring(compiled(of_type(after))))


@pytest.mark.parametrize("before", ["integer", "text"])
def test_a_field_that_becomes_an_auto_number_keeps_its_numbers(
    bring: Bring, write: Write, url: str, compiled: Callable[[str], Schema], before: str
) -> None:
    """Rows without one get the next ones, as new rows do, and so it is when the field has been an integer in between."""
    bring(compiled(of_type(before)))
    store(write, "'5'" if before == "text" else "5", "NULL")
    counted, plain = compiled(of_type("auto_number")), compiled(of_type("integer"))

    bring(counted)
    numbers = add(url, counted)
    bring(plain)
    write("INSERT INTO note (id, created_time, title, value) VALUES ('rec8', :now, 'a', 40), ('rec9', :now, 'a', NULL)")  # fmt: skip
    bring(counted)

    assert numbers == [5, 6, 7]
    assert add(url, counted) == [5, 6, 7, 40, 41, 42]


def add(url: str, schema: Schema) -> list[Any]:
    """Add a row, and return the numbers of all."""
    (note,) = table_specs(schema)
    with connect(url) as connection:
        connection.store.insert(note, [{"title": "new"}])
        return sorted(row["value"] for row in connection.store.select(Selection(note)))


def test_an_auto_number_that_left_the_schema_goes_on_counting(
    bring: Bring, write: Write, read: Callable[[str], Any], compiled: Callable[[str], Schema]
) -> None:
    """Its column stays, and programs of the new schema can add rows."""
    schema = of_type("auto_number")
    bring(compiled(schema))
    without = compiled(schema.replace("value: auto_number", "other: text"))

    bring(without)
    write("INSERT INTO note (id, created_time, title) VALUES ('rec1', :now, 'a')")

    assert read("SELECT count(*) FROM note") == [(1,)]
