"""Claims on Airtable without a database: what is noted in the records, and what becomes of two that meet."""

from __future__ import annotations

import json
import threading
import time
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, LeaseLost, NotSupported
from tablewright.runtime.stores.airtable_noted_queue import NotedQueue
from tablewright.runtime.stores.airtable_notes import Note


@pytest.fixture
def queue(best_effort: Connection) -> NotedQueue:
    """The queue of the connection."""
    found: Any = best_effort.store
    queues: NotedQueue = found.queues
    return queues


def test_people_see_who_has_a_task(best_effort: Connection, jobs: ModuleType) -> None:
    """The field that the schema names holds the note, and what it says stands in the record."""
    jobs.Job.create(name="n")

    (job,) = jobs.Job.claim("w1")

    note = json.loads(jobs.Job.get(job.id).lease_note)
    assert (note["worker"], note["attempt"], note["token"]) == ("w1", 1, job.fencing_token)
    assert datetime.fromisoformat(note["until"]) > datetime.now(UTC) - timedelta(seconds=5)
    assert job.claim_guarantee == "best effort"


def test_the_later_of_two_writers_has_the_task(
    best_effort: Connection, jobs: ModuleType, queue: NotedQueue
) -> None:
    """Two claims that read at the same moment write one after the other: after the wait one of them has it."""
    queue.settle_seconds = 0.6
    job = jobs.Job.create(name="n")
    taken: list[Any] = []
    both = threading.Barrier(2)

    def claim(name: str) -> None:
        both.wait(10)
        taken.extend(jobs.Job.claim(name))

    threads = [
        threading.Thread(target=copy_context().run, args=(claim, f"w{one}")) for one in (1, 2)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert [one.id for one in taken] == [job.id]
    assert jobs.Job.get(job.id).worker_id == taken[0].worker_id


def test_who_reads_too_long_ago_does_not_write(
    best_effort: Connection, jobs: ModuleType, queue: NotedQueue
) -> None:
    """A claim that would overwrite others' by what it knew long ago is given up."""
    queue.fresh_seconds = -1.0
    job = jobs.Job.create(name="n")

    assert jobs.Job.claim("w") == []
    assert jobs.Job.get(job.id).state is jobs.State.WAITING


def test_who_was_overwritten_is_told(
    best_effort: Connection, jobs: ModuleType, queue: NotedQueue
) -> None:
    """Where two had the task after all, the first one is told at its next step, and the second ends it."""
    jobs.Job.create(name="n")
    (first,) = jobs.Job.claim("w1")
    second = Note("w2", "another token", datetime.now(UTC) + timedelta(minutes=5), 2)
    jobs.Job.get(first.id).update(lease_note=second.text())

    with pytest.raises(LeaseLost):
        first.heartbeat()
    with pytest.raises(LeaseLost):
        first.finish("mine")

    assert jobs.Job.get(first.id).state is jobs.State.RUNNING


def test_people_free_a_task_by_clearing_its_note(best_effort: Connection, jobs: ModuleType) -> None:
    """Back to waiting, and nothing noted: anybody can take it, and its former holder is told."""
    jobs.Job.create(name="n")
    (job,) = jobs.Job.claim("w1")
    read = jobs.Job.get(job.id)
    read.update(lease_note=None)
    read.refresh().break_off("by hand")

    with pytest.raises(LeaseLost):
        job.finish("too late")


@pytest.mark.parametrize("text", ["", None, "no JSON", "[]", '{"until": "soon"}', '{"colour": 1}'])
def test_a_note_that_nobody_can_read_says_nothing(text: str | None) -> None:
    """People may write there what they like."""
    assert Note.read(text) == Note()


@pytest.mark.parametrize(
    "text",
    ['{"attempt": "two"}', '{"until": "2020-01-01T00:00:00"}', '{"stop": "no"}', '{"worker": 7}'],
)
def test_a_note_that_people_wrote_halfway_stops_no_claim(
    best_effort: Connection, jobs: ModuleType, text: str
) -> None:
    """It is as if nothing was noted: the task is taken like any other, and so are those beside it."""
    jobs.Job.create(name="a").update(lease_note=text)
    jobs.Job.create(name="b")

    assert [(one.name, one.attempt) for one in jobs.Job.claim("w", 2)] == [("a", 1), ("b", 1)]


def test_a_note_is_read_as_it_was_written() -> None:
    """Moments to the millisecond."""
    note = Note("w", "t", datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), 3, stop=True)

    assert Note.read(note.text()) == note


def test_leases_go_by_the_clock_of_airtable(
    best_effort: Connection, jobs: ModuleType, queue: NotedQueue
) -> None:
    """A worker whose own clock is two days off is put right by the first answer."""
    queue._clock._ahead = timedelta(days=2)
    jobs.Job.create(name="n")

    (job,) = jobs.Job.claim("w1")

    assert abs(job.lease_until - datetime.now(UTC)) < timedelta(seconds=10)


def test_a_table_without_a_field_for_notes_says_so(best_effort: Connection) -> None:
    """The error names the key of the schema, and the other way."""
    AgentTask.create(name="n", description="d", agent_id="a")

    with pytest.raises(NotSupported, match=r"'lease_field:'.*long_text.*leases='sqlite"):
        AgentTask.claim("w")


def test_a_claim_waits_before_it_believes(
    best_effort: Connection, jobs: ModuleType, queue: NotedQueue
) -> None:
    """For as long as others' writes may be on their way."""
    queue.settle_seconds = 0.4
    jobs.Job.create(name="n")
    began = time.monotonic()

    assert len(jobs.Job.claim("w")) == 1
    assert time.monotonic() - began >= 0.4
