"""What every store promises about queries: lazy, ordered, cut, and patient with rows that do not fit."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.expressions.evaluate import Evaluator
from tablewright.runtime import Connection, RecordInvalid
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.sql import SqlStore
from tests.contract.tasks import counted, task


def test_the_list_of_all_records_can_be_counted(connection: Connection) -> None:
    """It is a list, and says where what belongs to a query is asked for."""
    made = [task(), task()]

    found = AgentTask.all()

    assert isinstance(found, list)
    assert found == made
    assert found.count() == AgentTask.where().all().count() == 2
    assert found.count(made[0]) == 1
    assert json.dumps([one.id for one in found]) == json.dumps([one.id for one in made])
    with pytest.raises(AttributeError, match=r"call it before all\(\), as in where\(\).order_by"):
        found.order_by("name")
    with pytest.raises(AttributeError, match="'list' object has no attribute 'nothing'"):
        found.nothing  # noqa: B018  # what is tested


def test_queries_are_lazy_and_read_once(connection: Connection) -> None:
    """Building costs no statement; the first use reads, later uses do not."""
    task()

    with counted(connection) as sent:
        query = AgentTask.where(AgentTask.c.retry_count < 3).order_by("-priority").limit(5)
        assert sent == []
        assert (len(query), bool(query), query[0].name, [one.name for one in query]) == (
            1,
            True,
            "n",
            ["n"],
        )

    assert len(sent) == 1


def test_order_is_that_of_the_enum_and_blanks_come_first(connection: Connection) -> None:
    """Enums sort as defined, blanks lowest, and equal records by creation."""
    for name, priority, seconds in (("a", TaskPriority.HIGH, 2), ("b", TaskPriority.LOW, None), ("c", TaskPriority.HIGH, 1), ("d", TaskPriority.URGENT, None)):  # fmt: skip
        task(name=name, priority=priority, execution_time_seconds=seconds)

    def names(*keys: str) -> str:
        return "".join(one.name for one in AgentTask.where().order_by(*keys))

    assert names("priority") == "bacd"
    assert names("-priority") == "dacb"
    assert names("execution_time_seconds") == "bdca"
    assert names("-execution_time_seconds") == "acbd"
    assert names("-priority", "execution_time_seconds") == "dcab"
    with pytest.raises(ValueError, match="did you mean 'priority'"):
        AgentTask.where().order_by("-priorty")


def test_limits_and_offsets_cut_the_result(connection: Connection) -> None:
    """Counting and asking for ids looks at the same records."""
    made = [task(name=str(place)) for place in range(5)]
    query = AgentTask.where().offset(1).limit(3)

    assert query.ids() == [one.id for one in made[1:4]]
    assert (query.count(), AgentTask.where().limit(0).count()) == (3, 0)
    assert AgentTask.where().limit(0).first() is None
    assert not AgentTask.where().limit(0).exists()
    assert query.first() == made[1]


def test_find_by_takes_values_records_and_none(connection: Connection) -> None:
    """None finds blanks; a link is found by record or id."""
    one = task(output="x")
    two = task(parent_task=one, depends_on=[one])

    assert AgentTask.find_by(output=None).all() == [two]
    assert AgentTask.find_by(parent_task=one).all() == [two]
    assert AgentTask.find_by(parent_task=one.id).all() == [two]
    assert AgentTask.find_by(parent_task=None).all() == [one]
    assert AgentTask.where(AgentTask.c.depends_on.contains(one)).all() == [two]
    assert AgentTask.where(AgentTask.c.parent_task.output == "x").all() == [two]


def test_a_plan_can_be_read(connection: Connection) -> None:
    """explain() says what is asked and how the database goes about it."""
    if isinstance(connection.store, AirtableStore):
        pytest.skip("its plans are tested with the store")
    plan = AgentTask.where(AgentTask.c.agent_id == "a").explain()

    assert "agent_task.agent_id = " in plan.request
    assert plan.steps
    assert "after the fetch: nothing" in str(plan)


def test_a_filter_on_an_indexed_field_uses_its_index(connection: Connection) -> None:
    """A plain comparison is not wrapped into anything that would hide the field from its index."""
    if not isinstance(connection.store, SqlStore):
        pytest.skip("Airtable has no indexes")
    AgentTask.bulk_create(
        {"name": "n", "description": "d", "agent_id": f"a{place}"} for place in range(3000)
    )
    store = connection.store
    assert isinstance(store, SqlStore)
    with store.database.writer.begin() as writing:
        writing.execute(sa.text("ANALYZE"))

    plan = AgentTask.where(AgentTask.c.agent_id == "a7", AgentTask.c.retry_count < 3).explain()

    assert any("ix_agent_task_agent_id" in step for step in plan.steps), plan


def test_conditions_can_be_tested_on_records_in_memory(connection: Connection) -> None:
    """The evaluator follows a record's own attributes and agrees with its computed fields."""
    waiting = task(depends_on=[task()])
    evaluator = Evaluator({}, datetime.now(UTC), AgentTask.table.enums())

    for record in AgentTask.all():
        assert (
            evaluator.holds(AgentTask.c.is_blocked.node, record)
            == record.is_blocked
            == (record == waiting)
        )
        assert evaluator.holds(AgentTask.c.is_overdue.node, record) == record.is_overdue


def test_a_row_that_does_not_fit_is_reported_and_left_out(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """One bad row does not sink the read; asking for it by its id says what is wrong."""
    good, bad = task(), task()
    store = connection.store
    if not isinstance(store, SqlStore):
        pytest.skip("what people do in Airtable is tested with the store")
    own = store.database.known(AgentTask.table).schema.tables["AgentTask"]
    with store.database.writer.begin() as writing:
        if "sqlite" in str(store.database.engine.url):
            writing.execute(sa.text("PRAGMA ignore_check_constraints=ON"))
        else:
            writing.execute(
                sa.text("ALTER TABLE agent_task DROP CONSTRAINT ck_agent_task_retry_count_minimum")
            )
        writing.execute(sa.update(own).where(own.c.id == bad.id).values(retry_count=-1))

    assert AgentTask.all() == [good]

    assert f"left out: AgentTask {bad.id}: retry_count has to be at least 0, not -1" in caplog.text
    with pytest.raises(RecordInvalid, match="retry_count"):
        AgentTask.get(bad.id)


def test_letters_of_joined_texts_change_case_as_a_whole(connection: Connection) -> None:
    """What was changed before, too: `lower(lower(name) + 'É')`."""
    made = task(name="ÄB")

    name = AgentTask.c.name
    found = AgentTask.where(((name.lower() + "É").upper() + "ß").lower() == "äbéß")

    assert found.all() == [made]
