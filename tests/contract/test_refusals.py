"""What a database refuses for what is asked of it is told as such, and never as a database that is away."""

from __future__ import annotations

import random
import string

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, StoreError, StoreUnavailable
from tablewright.runtime.stores import sql_errors
from tablewright.runtime.stores.sql import SqlStore


@pytest.fixture(autouse=True)
def sql_store(connection: Connection) -> SqlStore:
    """The store, where it is a database."""
    if not isinstance(connection.store, SqlStore):
        pytest.skip("Airtable has limits of its own")
    return connection.store


def refusal(error: pytest.ExceptionInfo[StoreError]) -> str:
    assert not isinstance(error.value, StoreUnavailable)
    return str(error.value)


def test_more_values_than_a_statement_takes_are_refused(sql_store: SqlStore) -> None:
    """A worker that took this for a database that is away would wait for ever."""
    place = "?" if sql_store.description.startswith("SQLite") else "%s"
    values = (1,) * 300_000
    asked = f"SELECT 1 WHERE 1 IN ({', '.join([place] * len(values))})"

    with (
        pytest.raises(StoreError, match="fewer values at a time") as error,
        sql_errors.translated(sql_store.description),
        sql_store.database.engine.connect() as connection,
    ):
        connection.exec_driver_sql(asked, values)

    assert "refused" in refusal(error)


def test_a_text_that_no_index_holds_is_refused_with_a_way_out(connection: Connection) -> None:
    """PostgreSQL's indexes have room for 2,700 bytes; SQLite's for every text."""
    chance = random.Random(1)
    long = "".join(chance.choices(string.ascii_letters, k=9_000))

    if connection.description.startswith("SQLite"):
        assert AgentTask.create(name="n", description="d", agent_id=long).agent_id == long
        return
    with pytest.raises(StoreError, match="max_length") as error:
        AgentTask.create(name="n", description="d", agent_id=long)

    assert "refused" in refusal(error)


def test_texts_and_numbers_that_no_database_takes_are_refused() -> None:
    """They come as our errors, not as the driver's."""
    for query in (
        AgentTask.where(AgentTask.c.name == "\ud800"),
        AgentTask.where().limit(10**30),
    ):
        with pytest.raises(StoreError) as error:
            query.all()

        assert "refused" in refusal(error)


def test_a_program_that_uses_all_connections_is_told_so(
    sql_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sixteenth thread waits, and then gets an error that a worker waits out."""
    AgentTask.count()
    monkeypatch.setattr(sql_store.database.engine.pool, "_timeout", 0.05)
    held = [sql_store.database.engine.connect() for _ in range(15)]
    try:
        with pytest.raises(StoreUnavailable, match="are in use"):
            AgentTask.count()
    finally:
        for one in held:
            one.close()
