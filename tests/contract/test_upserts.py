"""What every store promises about upserts: rules hold, and of one key comes one record, at once too on databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import ModuleType
from typing import Any, ClassVar

import pytest
from pydantic import Field

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    AirtableModel,
    Columns,
    Connection,
    FieldSpec,
    RecordInvalid,
    RelationSpec,
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
    relations=(RelationSpec("after", "After", "Label", many=True, acyclic=True),),
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
    after_ids: list[str] = Field(default_factory=list)


def at_once(store: Connection, work: Callable[[int, int], str]) -> list[tuple[str, ...]]:
    """Do *work*, given the thread and the turn, in six threads at once, and return what came of each turn."""
    if not isinstance(store.store, SqlStore):
        pytest.skip("Airtable looks for the key itself, within the request")
    together = threading.Barrier(6)

    def turns(place: int) -> list[str]:
        found = []
        for turn in range(8):
            together.wait(timeout=60)
            found.append(work(place, turn))
        return found

    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(copy_context().run, turns, place) for place in range(6)]
        return list(zip(*(one.result() for one in running), strict=True))


def test_one_record_comes_of_upserts_of_one_key(connection: Connection) -> None:
    """Whoever comes second updates what the first one stored."""
    Label.count()

    found = at_once(
        connection,
        lambda place, turn: Label.upsert(name=f"n{turn}", note=str(place), on=["name"]).id,
    )

    assert [len(set(ids)) for ids in found] == [1] * 8
    assert Label.count() == 8


def test_one_record_comes_of_upserts_by_a_field_that_is_not_unique(connection: Connection) -> None:
    """No index keeps two records of one key apart there; the store does."""
    Label.count()

    found = at_once(connection, lambda place, turn: Label.upsert(
        name=f"{place} {turn}", note=f"n{turn}", on=["note"]
    ).id)  # fmt: skip

    assert [len(set(ids)) for ids in found] == [1] * 8
    assert Label.count() == 8


def test_one_record_comes_of_upserts_with_and_without_links(connection: Connection) -> None:
    """A transaction that looks for circles does not see who took the key meanwhile, and is done again."""
    first = Label.create(name="first")

    found = at_once(connection, lambda place, turn: Label.upsert(
        name=f"n{turn}", on=["name"], **({"after": [first]} if place % 2 else {})
    ).id)  # fmt: skip

    assert [len(set(ids)) for ids in found] == [1] * 8
    assert Label.count() == 9


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
