"""PostgreSQL's distributed kin: a server made to lack what they lack, and to give transactions up as they do.

Every session is SERIALIZABLE. Notifications, advisory locks and table locks are refused by the server itself, which
gives the transaction up as it does after any error.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import psycopg
import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import (
    Connection,
    RecordChanged,
    RecordInvalid,
    StoreUnavailable,
    TransitionRefused,
)
from tablewright.runtime.stores import sql_retries
from tablewright.runtime.stores.sql import SqlStore, open_sql_store
from tablewright.testing import StoreContract

T = TypeVar("T")
LACKING = re.compile(
    r"\b(DISCARD|LISTEN|NOTIFY|pg_notify|pg_\w*advisory\w*|LOCK TABLE)\b", re.IGNORECASE
)


class Kin(psycopg.Cursor[Any]):
    """A cursor whose server lacks what LACKING names."""

    refused: ClassVar[Counter[str]] = Counter()

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        found = LACKING.search(str(query))
        if found is None:
            return super().execute(query, params, **options)
        self.refused[found[0].lower()] += 1
        return super().execute("SELECT what_this_server_lacks()")


class NumberedKin(psycopg.RawCursor[Any], Kin):
    """The same for the queue's own connections."""


@pytest.fixture
def kin(empty_schema: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqlStore]:
    """An empty store whose server behaves so; it is current for the length of a test."""
    serializable = quote(" -cdefault_transaction_isolation=serializable")
    store = open_sql_store(empty_schema + serializable)
    Kin.refused.clear()
    monkeypatch.setattr(psycopg, "RawCursor", NumberedKin)

    @sa.event.listens_for(store.database.engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.cursor_factory = Kin

    with Connection(store):
        yield store


@pytest.fixture
def given_up(kin: SqlStore) -> Counter[str]:
    """How often the server gave a transaction up, by SQLSTATE, as far as the store's engine saw it."""
    found: Counter[str] = Counter()

    @sa.event.listens_for(kin.database.engine, "handle_error")
    def note(context: Any) -> None:
        found[getattr(context.original_exception, "sqlstate", None) or ""] += 1

    return found


def at_once(number: int, work: Callable[[int], T]) -> list[T]:
    """Do the same in so many threads that begin together, and return what each gives."""
    together = threading.Barrier(number)

    def run(place: int) -> T:
        together.wait(timeout=60)
        return work(place)

    with ThreadPoolExecutor(number) as pool:
        running = [pool.submit(copy_context().run, run, place) for place in range(number)]
        return [one.result() for one in running]


def tasks(number: int) -> list[AgentTask]:
    """Create tasks that differ in their names."""
    return AgentTask.bulk_create(
        {"name": str(place), "description": "d", "agent_id": "a"} for place in range(number)
    )


class TestContract(StoreContract):
    """The public contract holds there."""

    model = AgentTask

    @pytest.fixture
    def store_connection(self, kin: SqlStore) -> Connection:
        """The store as it was made."""
        return Connection(kin)


def test_work_goes_on_where_nobody_can_be_notified(kin: SqlStore) -> None:
    """New tasks are stored though the server cannot tell of them, and a worker waits without hearing."""
    tasks(2)
    tasks(1)
    listener = kin.queues.listener(AgentTask.table)
    assert listener is not None
    began = time.monotonic()

    heard = listener.wait(0.05)
    listener.close()

    assert not heard
    assert time.monotonic() - began >= 0.05
    assert (Kin.refused["pg_notify"], Kin.refused["listen"]) == (1, 1)
    (task,) = AgentTask.claim("w")
    task.complete_execution("done")
    assert AgentTask.get(task.id).status is TaskStatus.COMPLETED


def test_changes_of_one_record_wait_for_each_other(kin: SqlStore, given_up: Counter[str]) -> None:
    """What the server gives up for another's sake is done again, until all of it is stored."""
    (task,) = tasks(1)
    names = [f"{place}/{turn}" for place in range(8) for turn in range(10)]

    def work(place: int) -> None:
        own = AgentTask.get(task.id)
        for turn in range(10):
            own.update(name=f"{place}/{turn}")
            child = AgentTask.create(
                name=f"{place}/{turn}", description="d", agent_id="a", parent_task=own
            )
            assert child.parent_task_id == task.id

    at_once(8, work)

    assert sorted(one.name for one in AgentTask.get(task.id).subtasks) == sorted(names)
    assert AgentTask.get(task.id).name.endswith("/9")
    assert given_up["40001"] > 0


def test_of_eight_threads_one_wins_each_transition(kin: SqlStore) -> None:
    """A transaction that is done again sees what the other did, and is refused for it."""
    ids = [one.id for one in tasks(12)]

    def work(place: int) -> list[str]:
        found = []
        for task in [AgentTask.get(one) for one in ids]:
            try:
                task.start_execution(by=str(place))
                found.append("won")
            except (RecordChanged, TransitionRefused):
                found.append("lost")
        return found

    results = at_once(8, work)

    assert [Counter(one)["won"] for one in zip(*results, strict=True)] == [1] * 12
    assert [len(AgentTask.get(one).history()) for one in ids] == [1] * 12


def test_eight_threads_claim_each_task_once(kin: SqlStore) -> None:
    """No claim is given up for good, and every task is finished by the one that has it."""
    tasks(120)

    def work(place: int) -> list[str]:
        finished = []
        while taken := AgentTask.claim(f"w{place}", 3):
            for task in taken:
                task.complete_execution("done")
                finished.append(task.id)
        return finished

    finished = [one for listed in at_once(8, work) for one in listed]

    assert len(finished) == len(set(finished)) == 120
    assert AgentTask.count(AgentTask.c.status == TaskStatus.COMPLETED) == 120


def test_halves_of_a_circle_that_are_written_at_once_are_not_both_stored(
    kin: SqlStore, given_up: Counter[str]
) -> None:
    """Without a lock of the table: the server sees that each looked at what the other wrote."""
    for _ in range(10):
        one, other = tasks(2)

        def work(place: int, pair: tuple[AgentTask, AgentTask] = (one, other)) -> bool:
            own, needed = pair[place], pair[1 - place]
            try:
                AgentTask.get(own.id).update(depends_on=[needed])
            except RecordInvalid:
                return False
            return True

        assert sorted(at_once(2, work)) == [False, True]
    assert "lock table" not in Kin.refused


def test_a_transaction_that_is_given_up_is_stored_once(
    kin: SqlStore, given_up: Counter[str]
) -> None:
    """The server gives up the first two tries of a write; the third one counts, and nothing is there twice."""
    AgentTask.count()
    with kin.database.writer.begin() as connection:
        connection.execute(sa.text("CREATE SEQUENCE tries"))
        connection.execute(sa.text(TRIGGER.format(condition="nextval('tries') <= 2")))
        connection.execute(sa.text(TRIGGERED))

    (task,) = tasks(1)

    assert given_up["40001"] == 2
    assert [one.id for one in AgentTask.all()] == [task.id]


def test_there_is_an_end_to_trying(
    kin: SqlStore, given_up: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transaction that is given up again and again ends in an error that says so, and nothing is stored."""
    AgentTask.count()
    with kin.database.writer.begin() as connection:
        connection.execute(sa.text(TRIGGER.format(condition="true")))
        connection.execute(sa.text(TRIGGERED))
    monkeypatch.setattr(sql_retries, "PATIENCE_SECONDS", 0.3)
    began = time.monotonic()

    with pytest.raises(StoreUnavailable, match="too busy"):
        tasks(1)

    assert 0.05 < time.monotonic() - began < 5
    assert given_up["40001"] > 2
    assert AgentTask.count() == 0


TRIGGER = """
CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF {condition} THEN RAISE EXCEPTION 'restart transaction' USING ERRCODE = '40001'; END IF;
  RETURN NEW;
END $$
"""
TRIGGERED = (
    "CREATE TRIGGER give_up BEFORE INSERT ON agent_task FOR EACH ROW EXECUTE FUNCTION give_up()"
)
