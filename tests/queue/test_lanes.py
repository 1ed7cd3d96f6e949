"""The queue's own connections: how many there are, what ends them, and what becomes of statements meanwhile."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, StoreError, StoreUnavailable, connect
from tablewright.runtime.stores import sql_plans, sql_queue_lanes, sql_queue_listen
from tablewright.runtime.stores.sql_plans import Plans
from tablewright.runtime.stores.sql_queue_listen import PostgresListener

TASK = {"name": "n", "description": "d", "agent_id": "a"}


@pytest.fixture
def url(empty_schema: str) -> str:
    """The URL of an empty PostgreSQL store."""
    return empty_schema


@contextmanager
def beside(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection of psycopg's own."""
    with psycopg.connect(url, autocommit=True) as bare:
        yield bare


def lanes_of(connection: Connection) -> Any:
    """Return the queue's connections."""
    store: Any = connection.store
    return store.queues._lanes


def claim_often(times: int = 10) -> None:
    """Claim so often that psycopg has the statement prepared."""
    for _ in range(times):
        AgentTask.claim("w")


@pytest.mark.parametrize("prepare", ["on", "off"])
def test_a_connection_that_died_is_replaced_at_the_next_claim(
    empty_schema: str, prepare: str
) -> None:
    """Whatever is idle is left with it, since the server ended that too."""
    with connect(f"{empty_schema}&prepare={prepare}"), beside(empty_schema) as bare:
        AgentTask.bulk_create(TASK for _ in range(30))
        claim_often()
        for _ in range(2):
            bare.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tablewright'"
            )

            (task,) = AgentTask.claim("w")

            task.heartbeat().complete_execution("done")


def test_a_table_that_changes_below_prepared_statements_stops_no_worker(
    connection: Connection, url: str
) -> None:
    """PostgreSQL refuses a prepared statement whose columns got other types; a new connection prepares it anew."""
    AgentTask.bulk_create(TASK for _ in range(30))
    claim_often()
    with beside(url) as bare:
        bare.execute("ALTER TABLE agent_task ALTER COLUMN agent_id TYPE varchar(300)")

    assert len(AgentTask.claim("w")) == 1


def test_a_table_that_changes_below_prepared_statements_stops_no_query_for_long(
    connection: Connection, url: str
) -> None:
    """The one query that meets the change is refused, and those after it are not."""
    task = AgentTask.create(name="n", description="d", agent_id="a")
    for _ in range(10):
        AgentTask.get(task.id)
    with beside(url) as bare:
        bare.execute("ALTER TABLE agent_task ALTER COLUMN agent_id TYPE varchar(300)")

    with pytest.raises(StoreError, match="cached plan"):
        AgentTask.get(task.id)

    assert AgentTask.get(task.id).agent_id == "a"


def test_after_an_error_the_next_claim_finds_a_sound_connection(connection: Connection) -> None:
    """What a statement was refused for does not stick to the connection, and nothing is left open."""
    AgentTask.bulk_create(TASK for _ in range(3))
    lanes = lanes_of(connection)

    def stumble(cursor: Any) -> None:
        cursor.execute("SELECT $1::int", ["no number"])

    for _ in range(20):
        with pytest.raises(StoreError, match="invalid input syntax for type integer"):
            lanes.run(stumble)

    assert len(AgentTask.claim("w", 5)) == 3
    assert len(lanes._idle) == 1


def test_many_threads_share_few_connections(connection: Connection, url: str) -> None:
    """A worker of a hundred threads does not take all the connections that a server has."""
    AgentTask.count()
    lanes = lanes_of(connection)
    number = 3 * sql_queue_lanes.MOST

    def work() -> None:
        lanes.run(lambda cursor: cursor.execute("SELECT pg_sleep(0.2)"))

    threads = [threading.Thread(target=work) for _ in range(number)]
    most = 0
    with beside(url) as bare:
        for one in threads:
            one.start()
        while any(one.is_alive() for one in threads):
            found = bare.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
                " AND application_name = 'tablewright'"
            ).fetchone()
            assert found is not None
            most = max(most, found[0])
        for one in threads:
            one.join()

    assert most == len(lanes._idle) == sql_queue_lanes.MOST


def test_a_store_that_was_closed_holds_no_connection(url: str) -> None:
    """Not even those that were in use meanwhile."""
    with beside(url) as bare:
        connection = connect(url)
        AgentTask.create(name="n", description="d", agent_id="a")
        AgentTask.claim("w")
        lanes = lanes_of(connection)
        lanes.run(lambda _: connection.close())
        with pytest.raises(StoreUnavailable, match="was closed"):
            lanes.run(lambda cursor: cursor.execute("SELECT 1"))

        deadline = time.monotonic() + 5
        count = -1
        while count and time.monotonic() < deadline:
            found = bare.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tablewright'"
            ).fetchone()
            assert found is not None
            count = found[0]
        assert count == 0


def test_a_connection_keeps_its_mode_however_forgetting_plans_goes(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out of that statement leaves no connection whose transactions are none."""

    class Slow(psycopg.Connection[Any]):
        def execute(self, query: Any, *args: Any, **options: Any) -> Any:
            return super().execute("SELECT pg_sleep(5)", *args, **options)

    monkeypatch.setattr(sql_plans, "KEPT_SECONDS", 0.0)
    plans = Plans(sa.create_engine("postgresql+psycopg://"))
    with Slow.connect(url, options="-cstatement_timeout=50") as lane:
        for _ in range(2):
            plans.renew(lane)
            assert not lane.autocommit
        assert lane.cursor().execute("SELECT 1").fetchone() == (1,)


def test_a_listener_that_was_closed_wakes_nobody(connection: Connection) -> None:
    """Its descriptor may belong to another file by then, into which it does not write."""
    listener = PostgresListener(lanes_of(connection).connection, AgentTask.table)
    listener.close()
    reading, writing = os.pipe()
    os.set_blocking(reading, False)

    listener.wake()
    listener.close()

    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    os.close(reading)
    os.close(writing)


def test_what_was_told_while_nobody_listened_is_looked_for(
    connection: Connection, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listener whose connection was ended opens another one, and then has its worker look at once."""
    AgentTask.bulk_create([TASK])
    listener = PostgresListener(lanes_of(connection).connection, AgentTask.table)
    with beside(url) as bare:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'"
        bare.execute(ended)
    while listener.hears:
        assert not listener.wait(5.0)
    AgentTask.bulk_create([TASK])
    monkeypatch.setattr(sql_queue_listen, "REOPEN_SECONDS", 0.0)

    begin = time.monotonic()
    assert listener.wait(5.0)

    assert listener.hears
    assert time.monotonic() - begin < 4.0
    assert not listener.wait(0.01)
    listener.close()


def test_a_program_with_thousands_of_open_files_is_woken_too(connection: Connection) -> None:
    """Descriptors beyond a thousand are waited for like any others."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 1_200:
        pytest.skip("this system opens no more than a thousand files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1_200), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1_050)]
    try:
        listener = PostgresListener(lanes_of(connection).connection, AgentTask.table)
        AgentTask.create(name="n", description="d", agent_id="a")
        assert listener.wait(5.0)
        listener.wake()
        assert not listener.wait(5.0)
        listener.close()
    finally:
        for one in opened:
            os.close(one)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_is_behind_a_pooler_is_told_what_to_write(connection: Connection, url: str) -> None:
    """A session that does not have a prepared statement is what poolers give, and the URL has a way round it."""
    AgentTask.bulk_create(TASK for _ in range(30))
    claim_often()
    (lane,) = lanes_of(connection)._idle
    lane.connection.pgconn.exec_(b"DEALLOCATE ALL")

    with pytest.raises(StoreError, match=r"prepared statement .* does not exist: .*prepare=off"):
        AgentTask.claim("w")
