"""Each operation takes the least number of requests, counted where they arrive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import current_store
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory

TABLE = "AI_Agent_Tasks"
Sent = Callable[[], list[str]]


@pytest.mark.parametrize(("number", "requests"), [(1, 1), (10, 1), (11, 2), (95, 10)])
def test_creating_takes_one_request_for_ten(
    tasks: Factory[AgentTask], sent: Sent, number: int, requests: int
) -> None:
    """⌈n/10⌉ requests create n records; their ids and times come with the answers."""
    made = tasks.create_many(number)

    assert sent() == [f"POST {TABLE}"] * requests
    assert all(one.id and one.created_time for one in made)


@pytest.mark.parametrize(("number", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_reading_takes_one_request_for_a_hundred(
    tasks: Factory[AgentTask], sent: Sent, number: int, requests: int
) -> None:
    """⌈n/100⌉ requests read n records, and nothing is lost beyond the first page."""
    tasks.create_many(number)
    sent()

    assert len(AgentTask.all()) == number

    assert sent() == [f"GET {TABLE}"] * requests


def test_changes_and_deletions_take_one_request_for_ten(
    tasks: Factory[AgentTask], sent: Sent
) -> None:
    """A change of one record is one request; acyclic relations that did not change are not looked at."""
    made = tasks.create_many(25)
    for one in made:
        one.priority = TaskPriority.LOW
    sent()

    made[0].save()
    assert sent() == [f"PATCH {TABLE}/{made[0].id}"]
    AgentTask.bulk_update(made)
    assert sent() == [f"PATCH {TABLE}"] * 3
    made[0].save()
    assert sent() == []
    made[0].delete()
    AgentTask.bulk_delete(made[1:])
    assert sent() == [f"DELETE {TABLE}/{made[0].id}"] + [f"DELETE {TABLE}"] * 3


def test_a_transition_reads_writes_and_reads_again(tasks: Factory[AgentTask], sent: Sent) -> None:
    """Three requests, and one for the row of history."""
    made = tasks.create()
    sent()

    made.start_execution()

    assert sent() == [
        f"GET {TABLE}",
        f"PATCH {TABLE}/{made.id}",
        f"GET {TABLE}",
        f"PATCH {TABLE} History",
    ]


def test_an_upsert_looks_and_writes(tasks: Factory[AgentTask], sent: Sent) -> None:
    """Two requests, for a new record as for a known one."""
    values = tasks.values(name="one")

    first = AgentTask.upsert(on=["name"], **values)
    assert sent() == [f"GET {TABLE}", f"PATCH {TABLE}"]
    second = AgentTask.upsert(on=["name"], **{**values, "description": "new"})
    assert sent() == [f"GET {TABLE}", f"PATCH {TABLE}/{first.id}"]
    assert (first.id, second.description) == (second.id, "new")
    assert AgentTask.upsert(on=["name"], **{**values, "description": "new"}) == second
    assert sent() == [f"GET {TABLE}"]


def test_an_upsert_writes_what_differs(
    tasks: Factory[AgentTask], people: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a colleague writes to another field meanwhile stays; a record that does not fit can be mended so."""
    made = tasks.create(name="one", output="x")
    store: Any = current_store()
    update = store.client.update

    def written_meanwhile(*given: Any, **named: Any) -> Any:
        people.edit(made.id, Description="by a colleague")
        return update(*given, **named)

    with monkeypatch.context() as patched:
        patched.setattr(store.client, "update", written_meanwhile)
        changed = AgentTask.upsert(on=["name"], **tasks.values(name="one", output="y"))
    assert (changed.output, changed.description) == ("y", "by a colleague")

    people.edit(made.id, Priority="Invented")
    mended = AgentTask.upsert(on=["name"], **tasks.values(name="one", priority=TaskPriority.LOW))
    assert (mended.id, mended.priority) == (made.id, TaskPriority.LOW)


def test_records_by_id_are_read_a_hundred_at_a_time(tasks: Factory[AgentTask], sent: Sent) -> None:
    """Linked records of a whole query come in one list; a long formula goes by POST."""
    parents = tasks.create_many(60)
    for parent in parents:
        tasks.create(name="child", parent_task=parent)
    sent()

    children = AgentTask.find_by(name="child").all()
    names = {child.parent_task.name for child in children if child.parent_task}

    assert len(names) == 60
    assert sent() == [f"GET {TABLE}"] * 2


def test_a_formula_beyond_the_url_goes_by_post(tasks: Factory[AgentTask], sent: Sent) -> None:
    """Airtable takes URLs of up to 16,000 characters."""
    made = tasks.create(name="x")
    sent()

    found = AgentTask.where(
        AgentTask.c.name.is_in([*(f"name {place}" * 10 for place in range(300)), "x"])
    ).all()

    assert found == [made]
    assert sent() == [f"POST {TABLE}/listRecords"]


def test_only_the_fields_that_are_needed_are_asked_for(
    tasks: Factory[AgentTask], local_airtable: LocalAirtable, sent: Sent
) -> None:
    """Counting and ids take one field; statistics those that they look at."""
    tasks.create_many(3, priority=TaskPriority.HIGH)
    sent()

    assert AgentTask.where(AgentTask.c.priority == TaskPriority.HIGH).count() == 3
    (call,) = local_airtable.calls
    assert call.query.count("fields[]") == 1
    sent()
    assert AgentTask.get_agent_stats("a").total_tasks == 3
    (call,) = local_airtable.calls
    parts = call.query.replace("+", " ").split("&")
    asked = {part.partition("=")[2] for part in parts if part.startswith("fields[]")}
    assert asked == {
        "Status", "Priority", "Execution Time Seconds", "Retry Count", "Error Message", "Agent ID",
    }  # fmt: skip


def test_what_cannot_be_is_not_asked(tasks: Factory[AgentTask], sent: Sent) -> None:
    """A condition that no record can meet, and a limit of nothing, cost no request."""
    tasks.create()
    sent()

    assert AgentTask.where(AgentTask.c.name.is_in([])).all() == []
    assert AgentTask.where().limit(0).all() == []
    assert AgentTask.where().limit(0).count() == 0

    assert sent() == []


def test_a_limit_stops_reading_where_the_order_allows(
    tasks: Factory[AgentTask], sent: Sent
) -> None:
    """Numbers sort in Airtable as here: the first page is enough, ties are read to their end."""
    AgentTask.bulk_create(
        tasks.values(retry_count=0, execution_time_seconds=place) for place in range(250)
    )
    sent()

    found = AgentTask.where().order_by("-execution_time_seconds").limit(3).all()
    assert [one.execution_time_seconds for one in found] == [249, 248, 247]
    assert sent() == [f"GET {TABLE}"]
    # Choices can be rearranged by people, so their order is made here, of all records.
    assert len(AgentTask.where().order_by("-priority").limit(3).all()) == 3
    assert sent() == [f"GET {TABLE}"] * 3
    assert AgentTask.where().exists()
    assert sent() == [f"GET {TABLE}"]


def test_a_plan_tells_formula_rest_and_requests(tasks: Factory[AgentTask], sent: Sent) -> None:
    """explain() reads no records; printing it says what is asked, what follows, and how many requests it takes."""
    parent = tasks.create(name="it's")
    sent()

    ready = str(AgentTask.get_ready_tasks(agent_id="x', 1) & ('").explain())
    children = str(AgentTask.find_by(parent_task=parent).explain())

    assert sent() == [f"GET {TABLE}"]
    assert r"{Agent ID}='x\', 1) & (\''" in ready
    assert (
        "after the fetch:\n  - keep where ~c.depends_on.any(lambda task: task.status != TaskStatus.COMPLETED)"
        in ready
    )
    assert "1 request for every 100 records that the formula keeps" in ready
    assert "FIND('it', ({Parent Task}&'')&'')>0" in children
    assert "1 request for the names of 1 linked records" in children


def test_a_plan_tells_what_is_sorted_and_cut_after_the_fetch(tasks: Factory[AgentTask]) -> None:
    """Where Airtable is not asked to sort, every record comes; where it is, nothing is left to do."""
    tasks.create()
    urgent = AgentTask.where(AgentTask.c.retry_count < 3).order_by("-priority", "created_time")

    assert str(urgent.explain()).endswith(
        "after the fetch:\n  - sort by -c.priority, c.created_time"
    )
    assert str(urgent.limit(10).explain()).endswith(
        "  - sort by -c.priority, c.created_time\n  - keep the first 10"
    )
    counted = AgentTask.where().order_by("retry_count").limit(2).explain()
    assert str(AgentTask.where().order_by("execution_time_seconds").limit(2).explain()).endswith(
        "until the limit is reached\nafter the fetch: nothing"
    )
    assert counted.afterwards == ("sort by c.retry_count", "keep the first 2")


def test_any_over_linked_records_is_finished_after_the_fetch(
    tasks: Factory[AgentTask], sent: Sent
) -> None:
    """Blocked tasks are found exactly; what they depend on is read for all of them at once."""
    needs = tasks.create_many(3)
    blocked = [tasks.create(depends_on=[needs[0], one]) for one in needs]
    free = tasks.create()
    sent()

    found = AgentTask.get_ready_tasks().all()
    requests = sent()

    assert {one.id for one in found} == {one.id for one in (*needs, free)}
    assert requests == [f"GET {TABLE}"] * 2
    needs[0].start_execution()
    needs[0].complete_execution("x")
    assert AgentTask.get(blocked[0].id).status is TaskStatus.PENDING
    assert not AgentTask.get(blocked[0].id).is_blocked
