"""Records that do not fit the schema, on Airtable: put back, with one line in the history however often they come back."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection, RecordInvalid, connect
from tablewright.runtime.queue import fencing_token


@pytest.mark.parametrize(
    ("kind", "tick"), [("leased", 0.0), pytest.param("best_effort", 1.1, marks=pytest.mark.slow)]
)
def test_what_stays_as_it_is_leaves_one_line_in_the_history(
    request: pytest.FixtureRequest, jobs: ModuleType, kind: str, tick: float
) -> None:
    """Its claims leave no rows: a base holds so many records and no more. By best effort clocks tick once a second."""
    connection: Connection = request.getfixturevalue(kind)
    job = jobs.Job.create(name="job")
    client: Any = connection.store.client  # type: ignore[attr-defined]
    table = client.table(jobs.Job.table.name)
    table.update(job.id, {"Code": "small"})

    for _ in range(3):
        time.sleep(tick)
        job.postpone(timedelta())
        assert jobs.Job.claim("w", 1) == []

    rows = connection.store.history(jobs.Job.table, job.id)
    assert [one.transition for one in rows] == ["begin", "release"]
    time.sleep(tick)
    table.update(job.id, {"Code": "FINE"})
    job.postpone(timedelta())
    (taken,) = jobs.Job.claim("w", 1)
    assert [one.transition for one in taken.history()] == ["begin", "release", "begin"]
    assert taken.attempt == 1


def test_a_record_that_cannot_be_read_is_told_of_now_and_then(
    leased: Connection, jobs: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker looks every few seconds, and the log is not filled with one record that people have to mend."""
    unfit = jobs.Job.create(name="unfit")
    store: Any = leased.store
    store.client.table(jobs.Job.table.name).update(unfit.id, {"Rank": 1.5})

    for _ in range(3):
        assert jobs.Job.claim("w", 1) == []
    assert [one.getMessage() for one in caplog.records] == [
        f"left out: Job {unfit.id}: rank has to be of type integer, not 1.5"
    ]
    assert jobs.Job.all() == []
    assert len(caplog.records) == 2, "who reads it is told each time"


def test_links_to_records_that_cannot_be_read_lead_to_the_others(
    leased: Connection, jobs: ModuleType
) -> None:
    """What is known of leases is put into rows that can be read; the others come as they are, and are left out."""
    whole, unfit = jobs.Job.create(name="whole"), jobs.Job.create(name="unfit")
    for name, other in (("first", unfit), ("last", whole)):
        jobs.Job.create(name=name, part_of=other)
    store: Any = leased.store
    store.client.table(jobs.Job.table.name).update(unfit.id, {"Rank": 1.5})

    parts = jobs.Job.where(jobs.Job.c.part_of.is_not_none()).order_by("name").all()

    assert [one.part_of for one in parts] == [None, whole]


@pytest.mark.parametrize("leases", ["sqlite", "best effort"])
def test_strict_reading_does_not_end_a_worker(
    airtable_url: str, jobs: ModuleType, tmp_path: Path, leases: str
) -> None:
    """Who asks to be told of records that cannot be read is told, and the others are taken and held."""
    told: list[RecordInvalid] = []
    where = leases if leases == "best effort" else f"sqlite:///{tmp_path / 'leases.db'}"
    with connect(airtable_url, leases=where, strict=True, on_unfit=told.append) as connection:
        store: Any = connection.store
        store.queues.settle_seconds = 0.05
        unfit = jobs.Job.create(name="unfit")
        jobs.Job.create(name="good")
        table = store.client.table(jobs.Job.table.name)
        table.update(unfit.id, {"Rank": 1.5})

        (taken,) = jobs.Job.claim("w", 5)
        assert taken.name == "good"
        assert {one.fields for one in told} == {("rank",)}

        held = {taken.id: fencing_token(taken) or "", unfit.id: "nobody's"}
        assert set(store.queues.beat(jobs.Job.table, held)) == {taken.id}
        taken.finish("done")
        with pytest.raises(RecordInvalid):
            jobs.Job.all()
