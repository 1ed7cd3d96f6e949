"""What the page on stores says of requests, operation by operation, counted where they arrive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import AirtableModel, Columns, FieldSpec, RecordInvalid, TableSpec
from tablewright.runtime import columns as _
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision

TABLE = "AI_Agent_Tasks"
LIST = f"GET {TABLE}"
Sent = Callable[[], list[str]]
Steps = dict[str, tuple[Callable[[], Any], list[str]]]


def test_records_one_by_one(tasks: Factory[AgentTask], sent: Sent) -> None:
    """Each operation on one record, with every request that it makes."""
    one, other = tasks.create_many(2)
    child = tasks.create(parent_task=one, depends_on=[one])
    steps: Steps = {
        "get": (lambda: AgentTask.get(one.id), [LIST]),
        "refresh": (one.refresh, [LIST]),
        "a save of nothing": (one.save, []),
        "a change": (lambda: one.update(output="1"), [f"PATCH {TABLE}/{one.id}"]),
        "a conditional one": (
            lambda: _conditional(one),
            [LIST, f"PATCH {TABLE}/{one.id}"],
        ),
        "a link that may lead anywhere": (
            lambda: child.update(parent_task=other),
            [f"PATCH {TABLE}/{child.id}"],
        ),
        "a link that may not lead back": (
            lambda: child.update(depends_on=[other]),
            [LIST, f"PATCH {TABLE}/{child.id}"],
        ),
        "a record with links": (
            lambda: tasks.create(parent_task=one, depends_on=[other]),
            [f"POST {TABLE}"],
        ),
        "exists": (AgentTask.exists, [LIST]),
        "first": (AgentTask.first, [LIST]),
        "count": (AgentTask.count, [LIST]),
        "ids": (lambda: AgentTask.where().ids(), [LIST]),
        "by a link, whose name is asked for": (
            lambda: AgentTask.find_by(parent_task=one).all(),
            [LIST, LIST],
        ),
        "the other side of a link: the record's name, and what shows it": (
            lambda: AgentTask.get(one.id).subtasks,
            [LIST, LIST, LIST],
        ),
        "a condition on the other side": (
            AgentTask.where(AgentTask.c.subtasks.any(lambda task: task.output == "2")).all,
            [LIST, LIST, LIST],
        ),
        "what may happen now": (one.open_transitions, []),
        "history": (one.history, [f"{LIST} History"]),
        "comments": (one.comments, [f"{LIST}/{one.id}/comments"]),
        "a comment": (lambda: one.add_comment("x"), [f"POST {TABLE}/{one.id}/comments"]),
        "statistics": (lambda: AgentTask.get_agent_stats("a"), [LIST]),
        "changes by id, which are read first": (
            lambda: AgentTask.bulk_update({one.id: {"output": "3"}, other.id: {"output": "3"}}),
            [LIST, f"PATCH {TABLE}"],
        ),
        "delete": (one.delete, [f"DELETE {TABLE}/{one.id}"]),
        "delete what is gone, with others": (
            lambda: AgentTask.bulk_delete([one, other, child]),
            [f"DELETE {TABLE}", LIST, f"DELETE {TABLE}"],
        ),
    }  # fmt: skip
    sent()

    for name, (step, expected) in steps.items():
        step()
        assert sent() == expected, name


def test_the_other_side_of_a_link_takes_two_requests_for_a_hundred_records(
    tasks: Factory[AgentTask], sent: Sent
) -> None:
    """The names of up to a hundred records and what shows one of them; whoever links to several is one record."""
    parents = tasks.create_many(130)
    children = [tasks.create(parent_task=parents[place]) for place in (0, 1, 129)]
    both = tasks.create(depends_on=[parents[129], parents[0]])
    read = (
        AgentTask.where(AgentTask.c.id.is_in([one.id for one in parents]))
        .order_by("created_time")
        .all()
    )
    sent()

    assert [len(one.subtasks) for one in read] == [1, 1, *[0] * 127, 1]
    assert sent() == [LIST] * 4
    assert read[0].subtasks == children[:1]
    assert [one.dependents for one in (read[0], read[129])] == [[both], [both]]
    assert read[0].dependents[0] is read[129].dependents[0]
    assert sent() == [LIST] * 4


def _conditional(task: AgentTask) -> None:
    task.output = "2"
    task.save(if_unchanged=True)


class NoteColumns(Columns):
    """The fields of Note."""

    code = _.TextColumn()


class Note(AirtableModel):
    """A record that its code names."""

    table: ClassVar[TableSpec] = TableSpec(
        "Note", "Notes", "note",
        (FieldSpec("code", "Code", "text", required=True, unique=True), FieldSpec("text", "Text", "text")),
    )  # fmt: skip
    c: ClassVar[NoteColumns] = NoteColumns()

    code: str
    text: str | None = None


@pytest.fixture
def note(local_airtable: LocalAirtable, clock: Any) -> Iterator[Note]:
    """A stored note."""
    provision(local_airtable, [Note])
    with connected(local_airtable, clock=clock):
        Note.count()
        yield Note._create({"code": "a"})


def test_unique_fields_are_looked_for_once(note: Note, sent: Sent) -> None:
    """One list for every field and hundred values, where they are set; what is taken costs no write."""
    sent()

    Note.bulk_create([{"code": f"c{place}"} for place in range(15)])
    assert sent() == ["GET Notes", "POST Notes", "POST Notes"]
    note.text = "x"
    note.save()
    assert sent() == [f"PATCH Notes/{note.id}"]
    note.code = "b"
    note.save()
    assert sent() == ["GET Notes", f"PATCH Notes/{note.id}"]
    with pytest.raises(RecordInvalid, match="code has to be unique"):
        Note._create({"code": "b"})
    assert sent() == ["GET Notes"]


def test_an_upsert_by_a_unique_field_looks_once(note: Note, sent: Sent) -> None:
    """The look for the record is the look for the key; a new one is Airtable's own upsert."""
    sent()

    assert Note._upsert({"code": "a", "text": "1"}, on=["code"]).id == note.id
    assert sent() == ["GET Notes", f"PATCH Notes/{note.id}"]
    Note._upsert({"code": "z", "text": "1"}, on=["code"])
    assert sent() == ["GET Notes", "PATCH Notes"]
    assert Note._upsert({"code": "z", "text": "1"}, on=["code"]).text == "1"
    assert sent() == ["GET Notes"]
