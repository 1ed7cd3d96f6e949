"""Columns on PostgreSQL are of its own types, so that other programs of the database can work with them."""

from __future__ import annotations

import sqlalchemy as sa

from generated.agent_tasks import AgentTask, TaskPriority
from tablewright.runtime import Connection, connect
from tablewright.runtime.stores.sql import SqlStore


def column_types(connection: Connection) -> dict[str, str]:
    """Return the types of the columns of the tasks, as the database calls them."""
    store = connection.store
    assert isinstance(store, SqlStore)
    AgentTask.count()
    query = sa.text(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute "
        "WHERE attrelid = 'agent_task'::regclass AND attnum > 0"
    )
    with store.database.reader.connect() as reading:
        return {str(row[0]): str(row[1]) for row in reading.execute(query)}


def test_json_moments_and_numbers_have_their_own_types(empty_schema: str) -> None:
    """JSONB, timestamptz, bigint and double precision."""
    with connect(empty_schema) as connection:
        types = column_types(connection)

    assert types["parameters"] == "jsonb"
    assert types["started_at"] == types["created_time"] == "timestamp with time zone"
    assert types["retry_count"] == "bigint"
    assert types["execution_time_seconds"] == "double precision"


def test_json_can_be_asked_by_other_programs(empty_schema: str) -> None:
    """Parameters are JSON for the database too."""
    with connect(empty_schema) as connection:
        AgentTask.create(name="n", description="d", agent_id="a", parameters={"to": ["x", 1]})
        store = connection.store
        assert isinstance(store, SqlStore)
        with store.database.reader.connect() as reading:
            query = sa.text("SELECT parameters -> 'to' ->> 0 FROM agent_task")
            assert reading.execute(query).scalar_one() == "x"


def test_enums_sort_in_their_order(empty_schema: str) -> None:
    """By their place in the schema, not by their letters."""
    with connect(empty_schema):
        for priority in ("MEDIUM", "URGENT", "LOW", "HIGH"):
            AgentTask.create(
                name="n", description="d", agent_id="a", priority=TaskPriority[priority]
            )

        read = AgentTask.where(AgentTask.c.priority > TaskPriority.LOW).order_by("-priority")

        assert [one.priority.name for one in read] == ["URGENT", "HIGH", "MEDIUM"]
