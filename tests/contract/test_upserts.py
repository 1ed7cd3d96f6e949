"""Several threads that upsert the same unique key at once make one record of it, on databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ClassVar

import pytest

from tablewright.runtime import AirtableModel, Columns, Connection, FieldSpec, TableSpec
from tablewright.runtime import columns as _
from tablewright.runtime.stores.sql import SqlStore

LABEL: TableSpec = TableSpec(
    key="Label",
    name="Labels",
    sql_name="label",
    fields=(
        FieldSpec("name", "Name", "text", required=True, unique=True),
        FieldSpec("note", "Note", "text"),
    ),
    tables=lambda: (LABEL,),
)


class LabelColumns(Columns):
    """The fields of Label."""

    name = _.TextColumn()
    note = _.TextColumn(nullable=True)


class Label(AirtableModel):
    """A label."""

    table: ClassVar[TableSpec] = LABEL
    c: ClassVar[LabelColumns] = LabelColumns()

    name: str
    note: str | None = None


def test_one_record_comes_of_upserts_of_one_key(connection: Connection) -> None:
    """Whoever comes second updates what the first one stored."""
    if not isinstance(connection.store, SqlStore):
        pytest.skip("Airtable looks for the key itself, within the request")
    Label.count()
    together = threading.Barrier(6)

    def work(place: int) -> list[str]:
        ids = []
        for turn in range(8):
            together.wait(timeout=60)
            ids.append(Label.upsert(name=f"n{turn}", note=str(place), on=["name"]).id)
        return ids

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(copy_context().run, work, place) for place in range(6)]
        found = [one.result() for one in running]

    assert [len(set(ids)) for ids in zip(*found, strict=True)] == [1] * 8
    assert Label.count() == 8
