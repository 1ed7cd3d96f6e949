"""Airtable as the people's view of leases in SQL: where programs die, whoever comes next puts it right, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import (
    AirtableModel,
    Connection,
    LeaseLost,
    NotConfigured,
    NotSupported,
    StoreOutdated,
    StoreUnavailable,
    TransitionRefused,
    connect,
)
from tablewright.runtime.stores import airtable_queue
from tablewright.runtime.stores.airtable import AirtableStore
from tablewright.runtime.stores.airtable_client import Refused
from tablewright.runtime.stores.airtable_queue import LeasedQueue
from tablewright.server.serve import LocalAirtable


class Died(BaseException):
    """Stands for the end of a process: nothing catches it."""


@pytest.fixture
def connection(leased: Connection) -> Connection:
    """What the fixture `lapse` of the folder above works on."""
    return leased


@pytest.fixture
def queue(leased: Connection) -> LeasedQueue:
    """The queue of the connection."""
    found: Any = leased.store
    queues: LeasedQueue = found.queues
    return queues


def new(**given: Any) -> AgentTask:
    return AgentTask.create(**{"name": "n", "description": "d", "agent_id": "a", **given})


def claimed(worker: str = "w1") -> AgentTask:
    new()
    (task,) = AgentTask.claim(worker)
    return task


def told(task: AgentTask) -> list[tuple[str, str | None, int | None]]:
    return [(one.transition, one.by, one.attempt) for one in task.history()]


def dying(owner: object, name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the process end where it would call a method; what comes back undoes that."""

    def die(*_: object, **__: object) -> None:
        raise Died

    monkeypatch.setattr(owner, name, die)
    return lambda: monkeypatch.undo()


def test_a_claim_that_was_never_written_is_claimed_again(
    queue: LeasedQueue, monkeypatch: pytest.MonkeyPatch, lapse: Callable[[Any], None]
) -> None:
    """Decided in SQL, and the program died: nobody has it while the lease runs, and then the next one does."""
    task = new()
    with monkeypatch.context() as patched:
        dying(queue._records, "write", patched)
        with pytest.raises(Died):
            AgentTask.claim("w1")

    assert AgentTask.claim("w2") == []
    assert AgentTask.get(task.id).status is TaskStatus.PENDING
    lapse(task)
    (again,) = AgentTask.claim("w2")

    assert (again.id, again.attempt, again.retry_count) == (task.id, 2, 0)
    assert told(again) == [("start_execution", "w2", 2)]


def test_a_claim_that_was_written_and_not_heard_of_is_claimed_again(
    leased: Connection,
    queue: LeasedQueue,
    monkeypatch: pytest.MonkeyPatch,
    lapse: Callable[[Any], None],
) -> None:
    """In progress for people, with a worker that never knew: it counts as an attempt that failed."""
    task = new()
    history: Any = queue._history
    with monkeypatch.context() as patched:
        patched.setattr(history, "add_all", lambda *_: (_ for _ in ()).throw(Died()))
        with pytest.raises(Died):
            AgentTask.claim("w1")

    assert AgentTask.get(task.id).status is TaskStatus.IN_PROGRESS
    assert AgentTask.claim("w2") == []
    lapse(task)
    (again,) = AgentTask.claim("w2")

    assert (again.id, again.attempt, again.retry_count) == (task.id, 2, 1)


def test_an_end_that_was_decided_and_not_written_is_written_by_others(
    queue: LeasedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody takes the task, since it is done; after a while the next claim writes it, with its history, once."""
    task = claimed()
    with monkeypatch.context() as patched:
        dying(queue._ends, "write", patched)
        with pytest.raises(Died):
            task.complete_execution("the work")
    assert AgentTask.get(task.id).status is TaskStatus.IN_PROGRESS
    assert AgentTask.claim("w2") == []

    monkeypatch.setattr(airtable_queue, "HAND_OVER", -1.0)
    assert AgentTask.claim("w3") == []

    ended = AgentTask.get(task.id)
    assert (ended.status, ended.output) == (TaskStatus.COMPLETED, "the work")
    assert told(ended) == [("start_execution", "w1", 1), ("complete_execution", "w1", 1)]


def test_an_end_that_was_written_and_not_noted_is_written_twice_alike(
    queue: LeasedQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record stays as it is, and the history has each transition once."""
    task = claimed()
    leases: Any = queue._leases
    with monkeypatch.context() as patched:
        patched.setattr(leases, "written", lambda *_: (_ for _ in ()).throw(Died()))
        with pytest.raises(Died):
            task.complete_execution("the work")

    monkeypatch.setattr(airtable_queue, "HAND_OVER", -1.0)
    AgentTask.claim("w2")

    ended = AgentTask.get(task.id)
    assert (ended.status, ended.output) == (TaskStatus.COMPLETED, "the work")
    assert told(ended) == [("start_execution", "w1", 1), ("complete_execution", "w1", 1)]
    assert leases.unwritten(queue._place(AgentTask.table), -1.0) == []


def test_an_end_counts_while_airtable_is_away(
    queue: LeasedQueue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The worker is done, the log says so, and Airtable shows it later."""
    task = claimed()

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("no connection")

    with monkeypatch.context() as patched:
        patched.setattr(queue._ends, "write", away)
        task.complete_execution("the work")

    assert task.status is TaskStatus.COMPLETED
    assert "which Airtable will show once it can be reached" in caplog.text
    with pytest.raises(TransitionRefused):
        AgentTask.get(task.id).cancel_execution()
    monkeypatch.setattr(airtable_queue, "HAND_OVER", -1.0)
    AgentTask.claim("w2")
    assert AgentTask.get(task.id).output == "the work"


def test_who_writes_after_the_lease_has_not_got_the_task(
    queue: LeasedQueue, monkeypatch: pytest.MonkeyPatch, lapse: Callable[[Any], None]
) -> None:
    """A program that stood still between SQL and Airtable gets nothing, and what holds is written once more."""
    task = new()
    plain: Any = queue._records.write
    waits, goes_on = threading.Event(), threading.Event()
    found: list[Any] = []

    def slow(*given: Any) -> Any:
        if threading.current_thread().name == "slow":
            waits.set()
            goes_on.wait(10)
        return plain(*given)

    monkeypatch.setattr(queue._records, "write", slow)
    monkeypatch.setattr(airtable_queue, "lease_seconds", lambda _: 0.3)
    late = threading.Thread(target=lambda: found.extend(AgentTask.claim("w1")), name="slow")
    late.start()
    waits.wait(10)
    time.sleep(0.4)
    monkeypatch.setattr(airtable_queue, "lease_seconds", lambda _: 300.0)
    (other,) = AgentTask.claim("w2")
    other.complete_execution("by the other")
    goes_on.set()
    late.join(10)

    assert (found, other.id) == ([], task.id)
    assert AgentTask.get(task.id).status is TaskStatus.IN_PROGRESS
    monkeypatch.setattr(airtable_queue, "HAND_OVER", -1.0)
    assert AgentTask.claim("w3") == []
    ended = AgentTask.get(task.id)
    assert (ended.status, ended.output) == (TaskStatus.COMPLETED, "by the other")


def test_what_people_move_is_theirs(leased: Connection, local_airtable: LocalAirtable) -> None:
    """A state that somebody set in Airtable ends the lease: the worker is told, and writes nothing."""
    task = claimed()
    _patched(local_airtable, task.id, {"Status": "Cancelled"})

    with pytest.raises(LeaseLost):
        task.complete_execution("too late")

    read = AgentTask.get(task.id)
    assert (read.status, read.output, read.lease_until) == (TaskStatus.CANCELLED, None, None)


def test_a_task_that_people_put_back_is_taken_again(
    leased: Connection, local_airtable: LocalAirtable, lapse: Callable[[Any], None]
) -> None:
    """Pending again in Airtable while somebody held it: free once the lease is over."""
    task = claimed()
    _patched(local_airtable, task.id, {"Status": "Pending"})
    assert AgentTask.claim("w2") == []

    lapse(task)

    assert [one.id for one in AgentTask.claim("w2")] == [task.id]


def test_a_deleted_task_is_no_trouble(leased: Connection, lapse: Callable[[Any], None]) -> None:
    """Its worker is told, and nothing stays of it."""
    task, other = claimed(), claimed("w2")
    AgentTask.bulk_delete([task.id])

    with pytest.raises(LeaseLost):
        task.complete_execution("for nobody")
    with pytest.raises(LeaseLost):
        task.heartbeat()
    lapse(other)
    AgentTask.get(other.id).delete()

    assert AgentTask.claim("w3") == []


def test_what_airtable_refuses_leaves_the_task_with_its_worker(
    leased: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A choice that the base lacks is no end: the worker still holds the task and can fail it."""
    task = claimed()
    client: Any = leased.store.client  # type: ignore[attr-defined]

    def refuse(*_: object, **__: object) -> None:
        raise Refused(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", "no choice 'Completed'", "change it")

    with monkeypatch.context() as patched:
        patched.setattr(client, "update", refuse)
        with pytest.raises(StoreOutdated, match="no choice 'Completed'"):
            task.complete_execution("the work")

    task.heartbeat()
    task.fail_execution("cannot be said")
    assert AgentTask.get(task.id).status is TaskStatus.PENDING
    assert [one.error for one in task.history()] == [None, "cannot be said", None]


def test_a_release_that_airtable_refuses_leaves_the_task_as_it_was(
    leases: str, airtable_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its worker, its attempt and the moment it was due."""
    with connect(airtable_url, leases=leases) as connection:
        task = new().postpone(timedelta(seconds=-5))
        (task,) = AgentTask.claim("w1")
        before = AgentTask.get(task.id)

        def refuse(*_: object, **__: object) -> None:
            raise Refused(
                422, "INVALID_MULTIPLE_CHOICE_OPTIONS", "no choice 'Pending'", "change it"
            )

        with monkeypatch.context() as patched:
            patched.setattr(connection.store.client, "update", refuse)  # type: ignore[attr-defined]
            with pytest.raises(StoreOutdated, match="no choice 'Pending'"):
                task.release(timedelta(hours=1))

        found = AgentTask.get(task.id)
        for name in ("worker_id", "attempt", "ready_at"):
            assert getattr(found, name) == getattr(before, name)
        task.release()
        assert AgentTask.get(task.id).attempt == 0


def test_an_end_of_a_silent_worker_that_airtable_refuses_is_tried_again(
    leased: Connection, monkeypatch: pytest.MonkeyPatch, lapse: Callable[[AirtableModel], None]
) -> None:
    """Once the base has the choice that it lacked, the next claim after the lease ends the task."""
    AgentTask.create(name="n", description="d", agent_id="a", retry_count=3)
    (task,) = AgentTask.claim("w1")
    lapse(task)
    client: Any = leased.store.client  # type: ignore[attr-defined]

    def refuse(*_: object, **__: object) -> None:
        raise Refused(422, "INVALID_MULTIPLE_CHOICE_OPTIONS", "no choice 'Failed'", "change it")

    with monkeypatch.context() as patched:
        patched.setattr(client, "update", refuse)
        with pytest.raises(StoreOutdated, match="no choice 'Failed'"):
            AgentTask.claim("w2")
    assert AgentTask.get(task.id).lease_until is not None
    lapse(task)

    assert AgentTask.claim("w2") == []

    assert AgentTask.get(task.id).status is TaskStatus.FAILED


def test_a_transition_by_hand_keeps_workers_away(
    leased: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its reading and its write nobody can take the record."""
    task = new()
    taken: list[Any] = []
    plain = AirtableStore.move

    def move(*given: Any) -> Any:
        taken.extend(AgentTask.claim("w1"))
        return plain(*given)

    monkeypatch.setattr(AirtableStore, "move", move)
    task.cancel_execution()

    assert taken == []
    assert AgentTask.get(task.id).status is TaskStatus.CANCELLED


def test_a_long_queue_is_not_read_for_every_claim(
    leased: Connection, local_airtable: LocalAirtable
) -> None:
    """Of 250 waiting tasks three pages are read once; each claim then asks for what it took alone."""
    AgentTask.bulk_create({"name": "n", "description": "d", "agent_id": "a"} for _ in range(250))
    (first,) = AgentTask.claim("w")
    local_airtable.calls.clear()

    taken = [one.id for _ in range(5) for one in AgentTask.claim("w")]

    assert len({first.id, *taken}) == 6
    reads = [one for one in local_airtable.calls if one.method == "GET"]
    assert len(reads) == 5
    assert len(list(local_airtable.calls)) == 15


def test_figures_of_now_ask_for_no_ended_task_and_no_history(
    leased: Connection, local_airtable: LocalAirtable
) -> None:
    """A base takes few requests, and metrics are asked for every few seconds."""
    new()
    (done,) = AgentTask.claim("w")
    done.complete_execution("ok")
    new()
    local_airtable.calls.clear()

    figures = AgentTask.queue_statistics(since=timedelta())

    assert (figures.waiting, figures.completed) == (1, 0)
    assert len(list(local_airtable.calls)) == 2, "what waits, and what of it can be taken"


@pytest.mark.parametrize("few", [0, 1_000])
def test_figures_are_alike_however_leases_are_read(
    leased: Connection, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Those of few records by their ids, and of many all at once."""
    monkeypatch.setattr(airtable_queue, "FEW", few)
    for _ in range(4):
        new()
    done, running, delayed = AgentTask.claim("w", 3)
    done.complete_execution("ok")
    delayed.release(timedelta(hours=1))

    figures = AgentTask.queue_statistics()

    assert (figures.waiting, figures.delayed, figures.running) == (1, 1, 1)
    assert (figures.completed, figures.attempts, figures.workers) == (1, {1: 1}, {"w": 1})
    assert running.fencing_token is not None


def test_two_programs_share_a_queue(airtable_url: str, leases: str, jobs: ModuleType) -> None:
    """Whoever names the same database sees the same leases."""
    with connect(airtable_url, leases=leases):
        jobs.Job.create(name="n")
        (job,) = jobs.Job.claim("w1")
        with connect(airtable_url, leases=leases) as other:
            assert jobs.Job.claim("w2") == []
            assert jobs.Job.get(job.id).worker_id == "w1"
            assert other.capabilities.claims == "exclusive"


def test_without_leases_nothing_is_claimed(airtable_url: str) -> None:
    """The error names both ways, and what the weaker one means."""
    with connect(airtable_url) as connected:
        assert connected.capabilities.claims == "none"
        with pytest.raises(
            NotSupported, match=r"leases='sqlite:///leases.db'.*leases='best effort'.*two holders"
        ):
            AgentTask.claim("w")


@pytest.mark.parametrize(
    ("url", "leases", "said"),
    [
        ("sqlite://", "sqlite:///leases.db", "keeps leases itself"),
        ("local:", "mysql://somewhere/leases", "'mysql' is neither"),
        ("local:", "leases.db", "'leases.db' is neither"),
    ],
)
def test_leases_that_make_no_sense_are_refused(url: str, leases: str, said: str) -> None:
    """At connect, before anything is done."""
    with pytest.raises(NotConfigured, match=said):
        connect(url, leases=leases)


def test_the_environment_names_the_leases(
    airtable_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TABLEWRIGHT_LEASES counts for Airtable, and is nothing to a SQL store."""
    monkeypatch.setenv("TABLEWRIGHT_LEASES", f"sqlite:///{tmp_path / 'leases.db'}")

    with connect(airtable_url) as airtable:
        assert airtable.capabilities.claims == "exclusive"
    with connect(f"sqlite:///{tmp_path / 'tasks.db'}") as sql:
        assert sql.capabilities.claims == "exclusive"
    assert (tmp_path / "leases.db").exists() is False


def test_an_embedded_airtable_has_leases_too(tmp_path: Path) -> None:
    """`local:` beside a file of leases."""
    with connect("local:", leases=f"sqlite:///{tmp_path / 'leases.db'}"):
        claimed().release(timedelta(seconds=1))
        assert AgentTask.claim("w") == []


def _patched(airtable: LocalAirtable, record_id: str, fields: dict[str, str]) -> None:
    url = f"{airtable.url}/v0/{airtable.base_id}/{AgentTask.table.name}/{record_id}"
    head = {"Authorization": f"Bearer {airtable.token}"}
    requests.patch(url, json={"fields": fields}, headers=head, timeout=10).raise_for_status()


@pytest.mark.usefixtures("leased")
def test_records_of_the_other_side_of_a_link_tell_of_their_leases() -> None:
    """They are read as any other records are: with who holds them, and which attempt it is."""
    parent = new(agent_id="b")
    child = new(parent_task=parent)
    (task,) = AgentTask.claim("w1", 1, AgentTask.c.agent_id == "a")

    (read,) = AgentTask.get(parent.id).subtasks

    assert (read.id, read.attempt, read.worker_id) == (task.id, 1, "w1")
    assert task.id == child.id
