"""What every store promises about links: read together, kept in order, without a way back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, RecordInvalid, measures
from tablewright.runtime.stores.sql import SqlStore
from tests.contract.tasks import counted, task


def test_linked_records_are_loaded_for_all_records_of_a_query_at_once(
    connection: Connection,
) -> None:
    """Walking over many records and their links takes a fixed number of statements."""
    parents = [task(name=f"p{place}") for place in range(10)]
    for parent in parents:
        task(name="child", parent_task=parent, depends_on=[parents[0], parent])

    with counted(connection) as sent:
        children = AgentTask.find_by(name="child").all()
        names = [child.parent_task.name for child in children if child.parent_task]
        needed = [[one.name for one in child.depends_on] for child in children]
        blocked = [child.is_blocked for child in children]
        back = [
            len(parent.subtasks) for parent in AgentTask.where(AgentTask.c.name.startswith("p"))
        ]

    assert names == [f"p{place}" for place in range(10)]
    assert needed == [["p0"] if place == 0 else ["p0", f"p{place}"] for place in range(10)]
    assert (all(blocked), back) == (True, [1] * 10)
    # On Airtable the other side of a link is found by the names of its records, which is one request more.
    assert len(sent) == (5 if isinstance(connection.store, SqlStore) else 6), sent


def test_a_chain_that_leads_back_is_refused_with_its_path(connection: Connection) -> None:
    """An acyclic relation names the way round; nothing is stored."""
    one, two, three = task(), task(), task()
    two.update(depends_on=[one])
    three.update(depends_on=[two])

    with pytest.raises(RecordInvalid, match=f"{one.id} → {three.id} → {two.id} → {one.id}"):
        one.update(depends_on=[three])
    with pytest.raises(RecordInvalid, match=f"{one.id} → {one.id}"):
        one.update(depends_on=[one])

    assert AgentTask.get(one.id).depends_on == []


def test_links_keep_their_order(connection: Connection) -> None:
    """Linked records come in the order they were given, each once."""
    others = [task(name=str(place)) for place in range(5)]
    made = task(depends_on=[others[3], others[0], others[3], others[4]])

    read = AgentTask.get(made.id)
    assert [one.name for one in read.depends_on] == ["3", "0", "4"]
    read.depends_on = [others[4], others[1]]
    read.save()
    assert [one.name for one in AgentTask.get(made.id).depends_on] == ["4", "1"]


def test_changing_the_list_of_linked_records_changes_the_links(connection: Connection) -> None:
    """Appending, removing and replacing are changes of the record; a record that is not stored is refused."""
    one, two, three = task(name="1"), task(name="2"), task(name="3")
    made = task(depends_on=[one])

    made.depends_on.append(two)
    made.depends_on += [three]
    made.depends_on.remove(one)
    made.depends_on.reverse()
    made.save()

    assert [linked.name for linked in AgentTask.get(made.id).depends_on] == ["3", "2"]
    with pytest.raises(RecordInvalid, match="call save"):
        made.depends_on.append(AgentTask(name="n", description="d", agent_id="a"))


NO_ID = "has to be a record of AgentTask or its id ('rec' and 14 letters or digits), not 'Report': "


def test_a_name_in_the_place_of_a_record_is_refused_wherever_it_stands(
    connection: Connection,
) -> None:
    """It would find nothing. What is said names the field to ask for, or how to get the record."""
    report = task(name="Report")
    stored: Any = task(parent_task=report)
    c = AgentTask.c
    asked: list[tuple[Callable[[], object], str]] = [
        (lambda: AgentTask.find_by(parent_task="Report"), "where(AgentTask.c.parent_task.name == 'Report')"),
        (lambda: AgentTask.where(c.parent_task == "Report"), "write c.parent_task.name == 'Report'"),
        (lambda: AgentTask.where(c.parent_task.id == "Report"), "the id of a record is 'rec'"),
        (lambda: AgentTask.where(c.parent_task.id.is_in(["Report"])), "the id of a record is 'rec'"),
        (lambda: AgentTask.where(c.depends_on.contains("Report")), "c.depends_on.any(lambda one: one.name == 'Report')"),
    ]  # fmt: skip
    given: list[Callable[[], object]] = [
        lambda: setattr(stored, "parent_task", "Report"),
        lambda: setattr(stored, "parent_task_id", "Report"),
        lambda: setattr(stored, "depends_on", ["Report"]),
        lambda: setattr(stored, "depends_on_ids", ["Report"]),
        lambda: stored.update(parent_task="Report"),
        lambda: task(parent_task="Report"),
    ]

    for ask, way in asked:
        with pytest.raises(ValueError, match=re.escape(way)):
            ask()
    for give in given:
        with pytest.raises(RecordInvalid, match=re.escape(NO_ID)):
            give()
    with pytest.raises(RecordInvalid, match="parent_task has to be a record"):
        AgentTask(name="n", description="d", agent_id="a", parent_task_id="Report").save()

    assert stored.unsaved_changes == {}
    assert AgentTask.find_by(parent_task=report).ids() == [stored.id]
    assert AgentTask.where(c.parent_task.name == "Report").ids() == [stored.id]


def test_a_link_to_one_is_compared_with_a_record(connection: Connection) -> None:
    """The record itself, its id, or None for a missing link."""
    report = task(name="Report")
    chart = task(name="Chart", parent_task=report)
    parent = AgentTask.c.parent_task

    assert AgentTask.where(parent == report).ids() == [chart.id]
    assert AgentTask.where(parent == report.id).ids() == [chart.id]
    assert AgentTask.where(parent != report).ids() == [report.id]
    assert AgentTask.where(parent == None).ids() == [report.id]  # noqa: E711  # a condition


class Parents(measures.Statistics):
    """How many different parents there are."""

    parents: int


def test_count_distinct_counts_linked_records(connection: Connection) -> None:
    """A link to one stands for its record, as in a schema; missing links are left out."""
    first, second = task(name="one"), task(name="two")
    for parent in (first, first, second):
        task(parent_task=parent)

    found = AgentTask.where().measure(
        Parents, parents=measures.count_distinct(AgentTask.c.parent_task)
    )

    assert found.parents == 2
