"""Errors that are longer than their field, results that cannot be stored, and attempts that are counted by a claim."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tablewright.runtime import Connection
from tablewright.worker import Worker, WorkerSettings
from tablewright.worker.logs import JsonLines

SCHEMA = Path(__file__).parents[1] / "schemas" / "notes.yaml"
CANNOT = "what the handler returned cannot be stored: "


class Lines:
    """An answer that is shown on two lines."""

    def __repr__(self) -> str:
        return "first\n  second"


@pytest.fixture(scope="module")
def notes(
    written_package: Callable[[Path, Path], str],
    imported_package: Callable[[str, Path], AbstractContextManager[ModuleType]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ModuleType]:
    """The package of tasks with little room for errors."""
    folder = tmp_path_factory.mktemp("notes")
    written_package(SCHEMA, folder)
    with imported_package("notes", folder) as package:
        yield package


pytestmark = pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)


def work(handler: Callable[[Any], Any], model: Any, **settings: Any) -> Worker:
    worker = Worker(model, handler, WorkerSettings(once=True, **settings))
    worker.run()
    return worker


def test_a_long_error_is_cut_to_what_its_field_holds(
    connection: Connection, notes: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the transition puts words before it; the attempt ends at once, and the policy gives another one."""
    note = notes.Note.create(name="n")

    def handle(_: Any) -> None:
        raise ValueError("connection refused " * 30)

    worker = work(handle, notes.Note)
    while worker.metrics.counts["failed"] < 2 and note.refresh().state is notes.State.NEW:
        worker = Worker(notes.Note, handle, WorkerSettings(once=True), worker.metrics)
        worker.run()

    assert (worker.metrics.counts["failed"], worker.metrics.counts["lost"]) == (2, 0)
    ended = note.refresh()
    assert (ended.state, ended.lease_until) == (notes.State.BAD, None)
    assert ended.error == f"failed: {('ValueError: ' + 'connection refused ' * 3)[:51]}…"
    assert len(ended.error) == 60
    assert not [one for one in caplog.records if "cannot be ended" in one.getMessage()]


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"tokens": 1, "tokns": 2}, "Note: finish(): tokns is no argument, while other keys"),
        ({"tokens": object()}, "Note: finish(): tokens has to be an integer, not <object object"),
        ({"tokens": Lines()}, "Note: finish(): tokens has to be an integer, not first second"),
    ],
)
def test_the_log_has_what_was_wrong_with_a_result(
    connection: Connection,
    notes: ModuleType,
    caplog: pytest.LogCaptureFixture,
    value: Any,
    error: str,
) -> None:
    """On one line and without the record's id, so that the same mistake has the same text in all records."""
    for name in "ab":
        notes.Note.create(name=name, attempts=9)

    with caplog.at_level(logging.WARNING, "tablewright.worker"):
        work(lambda _: value, notes.Note)

    lines = [json.loads(JsonLines().format(one)) for one in caplog.records]
    failed = [one for one in lines if one["message"] == "task failed"]
    assert len(failed) == 2
    assert len({one["error"] for one in failed}) == 1
    assert failed[0]["error"].startswith(CANNOT + error)
    assert "\n" not in failed[0]["error"]


def test_attempts_that_a_claim_counts_are_not_claimed_beforehand(
    connection: Connection, notes: ModuleType
) -> None:
    """A task that was claimed early and given back would have lost one of its attempts."""
    notes.Note.bulk_create({"name": str(one)} for one in range(40))
    queues: Any = connection.store.queues  # type: ignore[attr-defined]
    claim, sizes = queues.claim, list[int]()

    def counted(*given: Any) -> Any:
        found = claim(*given)
        sizes.append(len(found))
        return found

    queues.claim = counted
    work(lambda _: None, notes.Note)
    queues.claim = claim

    assert max(sizes) == 1
    assert {(one.state, one.attempts) for one in notes.Note.all()} == {(notes.State.DONE, 1)}
