"""Rows that another program wrote into SQLite, whose columns hold anything: one that does not fit sinks no read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from tablewright.runtime import RecordInvalid, connect


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("due", "soon"),
        ("lent", "yesterday"),
        ("took", "long"),
        ("took", 1e300),
        ("moods", "{"),
    ],
)
def test_a_value_that_cannot_be_read_is_left_out_with_its_record(
    library: ModuleType, tmp_path: Path, column: str, value: object
) -> None:
    """The others are read, and the error names the field."""
    file, unfit = tmp_path / "store.db", list[RecordInvalid]()
    with connect(f"sqlite:///{file}", on_unfit=unfit.append):
        for title in ("good", "bad"):
            library.Book.create(
                title=title,
                due=date(2026, 1, 31),
                lent=datetime(2026, 1, 31, tzinfo=UTC),
                took=timedelta(minutes=1),
                notes={"a": 1},
            )
        with closing(sqlite3.connect(file)) as other:
            other.execute(f"UPDATE book SET {column} = ? WHERE title = 'bad'", (value,))
            other.commit()

        found = library.Book.all()

    assert [(one.title, one.due, one.took, one.notes) for one in found] == [
        ("good", date(2026, 1, 31), timedelta(minutes=1), {"a": 1})
    ]
    assert [misfit.field for error in unfit for misfit in error.misfits] == [column]


def test_json_that_is_none_is_read_as_the_text_that_stands_there(
    library: ModuleType, tmp_path: Path
) -> None:
    """A text is JSON as well."""
    file = tmp_path / "store.db"
    with connect(f"sqlite:///{file}"):
        library.Book.create(title="notes", notes={"a": 1})
        with closing(sqlite3.connect(file)) as other:
            other.execute("UPDATE book SET notes = '{'")
            other.commit()

        assert [one.notes for one in library.Book.all()] == ["{"]
