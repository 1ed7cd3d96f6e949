"""What every store promises about upserts: rules hold, and of one key comes one record, at once too on databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import ModuleType
from typing import Any, ClassVar

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    AirtableModel,
    Columns,
    Connection,
    FieldSpec,
    RecordInvalid,
    TableSpec,
)
from tablewright.runtime import columns as _
from tablewright.runtime.stores.sql import SqlStore
from tests.contract.tasks import counted, task

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


def test_an_upsert_that_changes_nothing_gives_the_record_as_it_is(connection: Connection) -> None:
    """A second time is as good as once, links and their order included."""
    first, second = task(name="1"), task(name="2")
    made = task(name="key", depends_on=[second, first], priority="Low", output="x")

    again = AgentTask.upsert(
        on=["name"], name="key", description=made.description, agent_id="a", depends_on=[second, first]
    )  # fmt: skip

    assert again == AgentTask.get(made.id)
    assert (again.output, [one.name for one in again.depends_on]) == ("x", ["2", "1"])
    turned = AgentTask.upsert(
        on=["name"], name="key", description=made.description, agent_id="a", depends_on=[first, second]
    )  # fmt: skip
    assert [one.name for one in turned.depends_on] == ["1", "2"]
    assert [one.name for one in AgentTask.get(made.id).depends_on] == ["1", "2"]


def test_an_upsert_makes_no_circle(connection: Connection) -> None:
    """Links that would lead back are refused as in any change, and nothing is stored."""
    one = task(name="1")
    other = task(name="2", depends_on=[one])

    with pytest.raises(RecordInvalid, match=f"{one.id} → {other.id} → {one.id}"):
        AgentTask.upsert(on=["name"], name="1", description="new", agent_id="a", depends_on=[other])

    kept = AgentTask.get(one.id)
    assert (kept.depends_on, kept.description) == ([], one.description)


def test_lists_and_json_are_no_keys(library: ModuleType, connection: Connection) -> None:
    """No store compares them whole, so that they are refused before anything is sent."""
    book, mood = library.Book, library.Mood
    keys: dict[str, dict[str, Any]] = {
        "moods": {"moods": [mood.BAD]},
        "notes": {"notes": {"a": 1}},
    }
    book.count()

    with counted(connection) as sent:
        for key, values in keys.items():
            with pytest.raises(
                ValueError, match=f"by single values, and '{key}' holds a list or JSON"
            ):
                book.upsert(title="t", on=[key], **values)

    assert sent == []
