"""A column that gets another type keeps what its values can keep, and is refused where they cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tablewright.model.schema import Schema
from tablewright.provision.errors import ProvisionError
from tablewright.provision.specs import table_specs
from tablewright.runtime import connect

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

SCHEMA = """
tablewright: 1
name: notes
tables:
  Note:
    fields:
      title: text
      value: TYPE
"""
Bring = Callable[..., tuple[str, ...]]


def of_type(name: str) -> str:
    return SCHEMA.replace("TYPE", name)


@pytest.mark.parametrize(
    ("before", "stored", "after", "read_back"),
    [
        ("number", "2.7", "integer", 3),
        ("number", "2.5", "text", "2.5"),
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
    """What the new type can say is said, the same on both databases; the step is lossy all the same."""
    from tablewright.runtime.stores.base import Selection

    bring(compiled(of_type(before)))
    write(f"INSERT INTO note (id, created_time, title, value) VALUES ('rec1', :now, 'a', {stored}), ('rec2', :now, 'b', NULL)")  # fmt: skip
    safeties: list[str] = []

    bring(compiled(of_type(after)), safeties=safeties)

    assert "lossy" in safeties
    with connect(url) as connection:
        rows = connection.store.select(Selection(table_specs(compiled(of_type(after)))[0]))
    found = {row["title"]: row["value"] for row in rows}
    assert found["b"] is None
    assert (str(found["a"]) if after.startswith("date") else found["a"]) == read_back


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
    ("after", "good", "word"),
    [
        ("{type: integer, min: 1}", "12", "whole number"),
        ("datetime", "2026-01-31T12:30:00Z", "moment"),
    ],
)
def test_values_that_cannot_be_converted_are_counted_beforehand(
    shell: Shell, compiled: Callable[[str], Schema], after: str, good: str, word: str
) -> None:
    """On SQLite the plan tells how many there are, and both plan and apply name the first with its row."""
    (shell.folder / "tablewright.toml").write_text('[environments]\ndev = "sqlite:///notes.db"\n')
    shell.write(of_type("text"))
    shell.type("apply", "--yes")
    with connect(f"sqlite:///{shell.folder / 'notes.db'}") as connection:
        (note,) = table_specs(compiled(of_type("text")))
        rows = [{"title": "a", "value": one} for one in (good, "eleven", "twelve")]
        _, *wrong = connection.store.insert(note, rows)
    first = min(wrong, key=lambda row: str(row["id"]))
    said = f"2 rows hold something in 'value' that is no {word}, such as '{first['value']}' in {first['id']}: change it first"
    shell.write(of_type(after))

    planned = shell.run("plan", "--allow-destructive")
    applied = shell.run("apply", "--yes", "--allow-destructive")

    assert f"! {said}  [manual]" in planned.stdout
    assert f"In table 'note': {said}." in planned.stdout
    assert applied.returncode == 1
    assert applied.stderr == f"Error: in table 'note' {said}. Nothing was changed\n"


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
    import datetime as dt

    from tablewright.runtime.stores.base import Selection

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
