"""Rows that do not fit the schema, as after a new required field: put back unharmed, while other tasks go on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa

from tablewright.runtime import AirtableModel, Connection, RecordInvalid, connect
from tablewright.runtime.queue.unreadable import PAUSE
from tablewright.worker import Worker, WorkerSettings

pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def set_code(connection: Connection) -> Callable[[AirtableModel, str], None]:
    """Give a row a code behind the library's back, as a program of another version may; none has small letters."""

    def change(record: AirtableModel, code: str) -> None:
        store: Any = connection.store
        table = store.database.known(type(record).table).statements.table
        with store.database.writer.begin() as running:
            running.execute(sa.update(table).where(table.c.id == record.id).values(code=code))

    return change


@pytest.fixture
def stored(connection: Connection) -> Callable[[AirtableModel, str], Any]:
    """Return what a database has in one column of a row."""

    def read(record: AirtableModel, column: str) -> Any:
        store: Any = connection.store
        table = store.database.known(type(record).table).statements.table
        with store.database.reader.connect() as reading:
            return reading.scalar(sa.select(table.c[column]).where(table.c.id == record.id))

    return read


def test_a_row_that_cannot_be_read_is_put_back_and_another_task_is_taken(
    connection: Connection,
    jobs: ModuleType,
    set_code: Callable[[AirtableModel, str], None],
    stored: Callable[[AirtableModel, str], Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A claim goes on past them, counts no attempt, and says once for each which field of which record is wrong."""
    unfit = [jobs.Job.create(name=f"u{one}", rank=9) for one in range(3)]
    good = jobs.Job.create(name="good")
    for one in unfit:
        set_code(one, "small")

    with caplog.at_level(logging.WARNING, "tablewright"):
        (taken,) = jobs.Job.claim("w", 1)

    assert taken.id == good.id
    assert [(stored(one, "attempt"), stored(one, "lease_until")) for one in unfit] == [
        (0, None)
    ] * 3
    lines = [one.getMessage() for one in caplog.records]
    assert len(lines) == 3
    for one, line in zip(unfit, lines, strict=True):
        assert line.startswith("put back for 5 minutes, to be taken once it fits the schema: ")
        assert f"Job {one.id}: code " in line
    assert jobs.Job.claim("w", 5) == []
    assert len(caplog.records) == 3, "they wait, so nobody looks at them at once again"


def test_what_was_put_back_is_taken_like_any_other_once_it_fits(
    connection: Connection,
    jobs: ModuleType,
    set_code: Callable[[AirtableModel, str], None],
) -> None:
    """Its first attempt is its first; the history has the reason why it waited."""
    job = jobs.Job.create(name="job")
    set_code(job, "small")
    assert jobs.Job.claim("w", 1) == []
    set_code(job, "AGAIN")
    job = jobs.Job.get(job.id)
    assert job.state is jobs.State.WAITING
    assert 0 < (job.ready_at - job.created_time).total_seconds() <= PAUSE + 60
    job.postpone(timedelta())

    (taken,) = jobs.Job.claim("w", 1)

    assert (taken.code, taken.attempt) == ("AGAIN", 1)
    steps = [(one.transition, one.by) for one in taken.history()]
    assert steps == [("begin", "w"), ("release", "w"), ("begin", "w")]
    assert "does not fit the schema: code " in (taken.history()[1].why or "")


def test_what_stays_as_it_is_leaves_one_line_in_the_history(
    connection: Connection,
    jobs: ModuleType,
    set_code: Callable[[AirtableModel, str], None],
    stored: Callable[[AirtableModel, str], Any],
    lapse: Callable[[AirtableModel], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """However often it comes back; the log tells of it each time, another reason is told again, and so is what failed."""
    job = jobs.Job.create(name="job")
    (held,) = jobs.Job.claim("w", 1)
    held.release()

    def come_back(number: int) -> list[tuple[str, int | None]]:
        for _ in range(number):
            job.postpone(timedelta())
            assert jobs.Job.claim("w", 1) == []
        rows = connection.store.history(jobs.Job.table, job.id)
        return [(one.transition, one.attempt) for one in rows]

    begun = [("begin", 1), ("release", 1)]
    set_code(job, "small")
    assert come_back(4) == begun * 2
    assert len(caplog.records) == 4
    set_code(job, "smaller")
    assert come_back(2) == begun * 2, "the field and its rule are what they were"
    other = "the stored row does not fit the schema: name has to be a number"
    (code,) = reasons(connection, jobs.Job, other)
    assert come_back(2) == begun * 3
    assert reasons(connection, jobs.Job, code, other) == [other, code]
    assert come_back(2) == begun * 3, "both are known, whichever was told last"
    set_code(job, "FINE")
    job.postpone(timedelta())
    (held,) = jobs.Job.claim("w", 1)
    set_code(job, "small")
    lapse(held)
    assert jobs.Job.claim("w", 1) == []
    lapsed = [("begin", 1), ("break_off", 1), ("again", 1), ("begin", 2), ("release", 2)]
    assert come_back(2) == [*begun * 3, *lapsed]
    assert (stored(job, "attempt"), stored(job, "lease_until")) == (1, None)


def reasons(connection: Connection, model: type[AirtableModel], *instead: str) -> list[str]:
    """Return why rows were put back, the oldest first, and have the history say something else *instead*."""
    store: Any = connection.store
    log = store.database.known(model.table).schema.history[model.table.key]
    with store.database.writer.begin() as running:
        wanted = sa.select(log.c.number, log.c.why).where(log.c.why.is_not(None))
        found = running.execute(wanted.order_by(log.c.number)).all()
        for (number, _), text in zip(found, instead, strict=True):
            running.execute(sa.update(log).where(log.c.number == number).values(why=text))
    return [why for _, why in found]


def test_a_worker_ends_good_tasks_behind_those_that_cannot_be_read(
    connection: Connection,
    jobs: ModuleType,
    set_code: Callable[[AirtableModel, str], None],
    stored: Callable[[AirtableModel, str], Any],
) -> None:
    """`once` means that nothing is left to take, and no row that cannot be read has failed."""
    unfit = [jobs.Job.create(name=f"u{one}", rank=one % 2) for one in range(12)]
    for one in range(6):
        jobs.Job.create(name=f"g{one}")
    for one in unfit:
        set_code(one, "small")

    worker = Worker(jobs.Job, lambda _: "done", WorkerSettings(once=True))

    assert worker.run() == 6
    assert (worker.metrics.counts["claimed"], worker.metrics.counts["failed"]) == (6, 0)
    assert {stored(one, "state").name for one in unfit} == {"WAITING"}


def test_strict_reading_does_not_end_a_worker(
    url: str,
    connection: Connection,
    jobs: ModuleType,
    set_code: Callable[[AirtableModel, str], None],
) -> None:
    """Who asks to be told of such rows is told, and the others are taken."""
    told: list[RecordInvalid] = []
    set_code(jobs.Job.create(name="u", rank=9), "small")
    jobs.Job.create(name="good")

    with connect(url, strict=True, on_unfit=told.append):
        (taken,) = jobs.Job.claim("w", 5)

    assert taken.name == "good"
    assert [one.fields for one in told] == [("code",)]


def test_the_last_lease_of_a_row_that_cannot_be_read_ends_it(
    connection: Connection,
    jobs: ModuleType,
    set_code: Callable[[AirtableModel, str], None],
    stored: Callable[[AirtableModel, str], Any],
    lapse: Callable[[AirtableModel], None],
) -> None:
    """One with attempts left is put back; one without is failed by its state, and the history says why."""
    for model, state in ((jobs.Job, "WAITING"), (jobs.Errand, "BROKEN")):
        model.create(name="held")
        (held,) = model.claim("w1", 1)
        set_code(held, "small")
        lapse(held)

        assert model.claim("w2", 5) == []

        assert (stored(held, "state").name, stored(held, "lease_until")) == (state, None)
        assert model.claim("w2", 5) == []
