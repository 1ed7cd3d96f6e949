"""Names in Airtable that would meet in Python, in SQL or in the language: pull gives keys that the compiler takes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tablewright.check.compile import compile_schema
from tablewright.model.schema import Schema
from tablewright.provision.errors import LiveUnreadable, NothingToPull
from tablewright.provision.live import live_base
from tablewright.provision.lock import Lock
from tablewright.provision.planning import airtable_plan
from tablewright.provision.pull import Pulled, pulled
from tablewright.provision.wanted import wanted_base
from tablewright.syntax.source import Source

TEXT = "singleLineText"


def base_of(tables: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return a base schema: field types by name, by table. A link is written `many Table` or `one Table`."""
    numbers = itertools.count(1)
    ids = {name: f"tbl{next(numbers):014d}" for name in tables}
    found = []
    for table, fields in tables.items():
        made = []
        for name, kind in fields.items():
            count, _, target = kind.partition(" ")
            one: dict[str, Any] = {"id": f"fld{next(numbers):014d}", "name": name, "type": kind}
            if target:
                one["type"] = "multipleRecordLinks"
                one["options"] = {
                    "linkedTableId": ids[target],
                    "isReversed": False,
                    "prefersSingleRecordLink": count == "one",
                }
            if kind == "singleSelect":
                one["options"] = {"choices": [{"id": "selA", "name": "A", "color": "redBright"}]}
            made.append(one)
        first = made[0]["id"]
        found.append({"id": ids[table], "name": table, "primaryFieldId": first, "fields": made})
    return {"tables": found}


def pull(tables: dict[str, dict[str, str]]) -> Pulled:
    live = live_base("appEverythingEver", base_of(tables))
    return pulled(live, name="base", origin="Pulled.")


@pytest.mark.parametrize(
    "tables",
    [
        {"Task": {"Name": TEXT, "Number": "autoNumber"}, "Task Number": {"Name": TEXT}},
        {"Task Number": {"Name": TEXT}, "Task": {"Name": TEXT, "Number": "autoNumber"}},
        {"Task": {"Name": TEXT, "Watchers": "many Task"}, "Task Watchers": {"Name": TEXT}},
        {"Task": {"Name": TEXT, "A": "many Task", "B": "one Task"}, "Ix Task A Linked ID": {"Name": TEXT}},
        {"Task": {"Name": TEXT, "B": "one Task"}, "Ix Task B ID": {"Name": TEXT}},
        {"Task": {"Name": TEXT, "N": "autoNumber"}, "Uq Task N": {"Name": TEXT}},
        {"Task": {"Name": TEXT}, "Pk Task": {"Name": TEXT}, "Ix Task Created Time": {"Name": TEXT}},
        {"Task": {"Name": TEXT}, "Task Aio": {"Name": TEXT}},
        {"X": {"Name": TEXT, "Aio": "singleSelect"}},
        {"Task": {"Name": TEXT, "Number": "autoNumber", "Number field": "autoNumber"}, "Task Number": {"Name": TEXT}},
    ],
)  # fmt: skip
def test_names_that_would_meet_get_keys_apart(
    compiled: Callable[[str], Schema], tables: dict[str, dict[str, str]]
) -> None:
    """The schema compiles, leaves nothing out, and has nothing to change in the base."""
    found = pull(tables)

    schema = compiled(found.text)
    live = live_base("appEverythingEver", base_of(tables))
    plan = airtable_plan(wanted_base(schema), live, Lock(Path("none.json"), "base", "dev"))
    assert found.remarks == ()
    assert plan.changes == ()


def test_an_enum_of_a_field_that_is_left_out_is_left_out_too(
    compiled: Callable[[str], Schema],
) -> None:
    """Nothing would use it."""
    found = pull({"Task": {"Name": TEXT, "State": "singleLineText", "Ｓtate": "singleSelect"}})

    schema = compiled(found.text)
    assert schema.enums == ()
    assert found.remarks == (
        "field 'Ｓtate' of 'Task' is left out: the language holds its name for that of another field",
    )


def test_of_two_tables_that_are_one_for_the_language_one_is_left_out(
    compiled: Callable[[str], Schema],
) -> None:
    """It is named under 'unmanaged:', so that nothing speaks of it."""
    found = pull({"Task": {"Name": TEXT}, "Ｔask": {"Name": TEXT}})

    schema = compiled(found.text)
    assert [table.name for table in schema.tables] == ["Task"]
    assert schema.unmanaged == ("Ｔask",)
    assert found.tables == 1


@pytest.mark.parametrize(
    ("tables", "reason"),
    [
        ({}, "it has no tables"),
        (
            {"Sums": {"Sum": "formula"}},
            "table 'Sums' is left out: none of its fields can stand first in a schema",
        ),
    ],
)
def test_a_base_that_no_schema_can_hold_gives_no_schema(
    tables: dict[str, dict[str, str]], reason: str
) -> None:
    """It is told what stands in the way, instead of a file that does not compile."""
    with pytest.raises(NothingToPull) as refused:
        pull(tables)

    assert str(refused.value) == (
        f"nothing of this base can be pulled: {reason}. Add a table with a text, number or date field to it"
    )


@pytest.mark.parametrize(
    "field",
    [
        {"id": "fld2", "name": "B", "type": TEXT, "options": 3},
        {"id": "fld2", "name": "B", "type": "singleSelect", "options": {"choices": [3]}},
        3,
    ],
)
def test_a_saved_base_of_another_form_is_told_so(field: Any) -> None:
    """A file that somebody wrote or cut by hand is no reason for a traceback."""
    document = base_of({"Task": {"Name": TEXT}})
    document["tables"][0]["fields"].append(field)

    with pytest.raises(LiveUnreadable, match="not of the form that the service answers with"):
        live_base("appEverythingEver", document)


def test_an_option_that_is_no_number_leaves_its_field_out(
    compiled: Callable[[str], Schema],
) -> None:
    """The others are pulled."""
    document = base_of({"Task": {"Name": TEXT, "Stars": "rating"}})
    document["tables"][0]["fields"][1]["options"] = {"max": "many"}

    found = pulled(live_base("appEverythingEver", document), name="base", origin="Pulled.")

    assert [one.key for one in compiled(found.text).tables[0].fields] == ["name"]
    assert found.remarks == ("field 'Stars' of 'Task' is left out: the language has no max 'many'",)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Σ hours", "hours"),
        ("hours Σ", "hours"),
        ("Δt", "t"),
        ("Size (µm)", "size_m"),
        ("Итого A", "итого"),
        ("Σ", "σ"),
        ("2σ", "n_2"),
    ],
)
def test_a_key_is_of_one_alphabet(name: str, key: str) -> None:
    """Pull writes no key that the compiler warns about for letters that look alike; the name stays as it is."""
    found = pull({"Task": {"Title": TEXT, name: TEXT}})

    compiled = compile_schema(Source("base.yaml", found.text))

    assert compiled.findings == ()
    assert compiled.schema is not None
    assert {one.key: one.name for one in compiled.schema.tables[0].fields}[key] == name


def test_names_that_differ_in_another_alphabet_alone_get_keys_of_their_own() -> None:
    """What is left of two names may be one word: the second gets a key that tells them apart."""
    found = pull({"Task": {"Title": TEXT, "Σ hours": TEXT, "Hours": TEXT, "Δ hours": TEXT}})

    compiled = compile_schema(Source("base.yaml", found.text))

    assert compiled.schema is not None
    assert [one.key for one in compiled.schema.tables[0].fields][1:] == ["hours", "hours_field", "hours_3"]  # fmt: skip
