"""Slips that are made often are answered with the way out, and what the store says of a write cannot be misread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    Connection,
    NotConfigured,
    RecordNotSaved,
    StoreError,
    WriteIncomplete,
    connect,
)
from tablewright.runtime.stores.airtable_client import AnswerLost


@pytest.fixture
def store() -> Iterator[Connection]:
    """An empty store in memory."""
    with connect("sqlite:///:memory:") as opened:
        yield opened


def test_a_transition_of_the_class_wants_its_record_first(store: Connection) -> None:
    """What stands in the place of the record is named, an id as well as nothing; a record is taken."""
    aio: Any = AgentTask.aio
    task = AgentTask.create(name="n", description="d", agent_id="a")

    with pytest.raises(TypeError) as with_id:
        asyncio.run(aio.complete_execution(task.id, "ok"))
    with pytest.raises(TypeError, match="got nothing"):
        asyncio.run(aio.refresh())

    assert str(with_id.value) == (
        f"complete_execution() takes the record first, and got '{task.id}': write aio.complete_execution(record, …)"
    )
    assert asyncio.run(aio.start_execution(task)).status.label == "In Progress"
    with pytest.raises(RecordNotSaved):
        asyncio.run(aio.start_execution(AgentTask(name="n", description="d", agent_id="a")))


def test_where_tells_who_takes_values(store: Connection) -> None:
    """Values by name are for `find_by`; the class and a query say so."""
    model: Any = AgentTask
    said = r"write AgentTask.find_by\(name=…\), or where\(AgentTask.c.name == …\)"

    for where in (model.where, model.where().where):
        with pytest.raises(TypeError, match=said):
            where(name="x")


@pytest.mark.parametrize(
    ("stored", "in_doubt", "unsent", "said"),
    [
        (0, 1, 0, "The record is in doubt, since the answer was lost"),
        (0, 3, 0, "Of the 3 records, by place from 0: 3 are in doubt, since the answer was lost ([0 to 2])"),
        (20, 0, 5, "Of the 25 records, by place from 0: 20 are stored ([0 to 19]); 5 are not stored ([20 to 24])"),
        (1, 1, 1, "Of the 3 records, by place from 0: 1 is stored ([0]); 1 is in doubt, since the answer was lost ([1]); 1 is not stored ([2])"),
    ],
)  # fmt: skip
def test_what_became_of_a_write_cannot_be_misread(
    stored: int, in_doubt: int, unsent: int, said: str
) -> None:
    """How many records are stored, in doubt or not stored stands before which they are."""
    sent = stored + in_doubt
    error = WriteIncomplete(
        "creating", "status 500", stored=dict.fromkeys(range(stored), "rec"),
        in_doubt=range(stored, sent), unsent=range(sent, sent + unsent),
    )  # fmt: skip

    assert str(error) == f"creating stopped: status 500. {said}"


def test_an_answer_that_was_lost_is_an_error_of_the_package() -> None:
    """Whoever sent such a request says what may have become of it; that which is not caught is caught by its base."""
    assert issubclass(AnswerLost, StoreError)


def test_the_file_of_the_environments_is_not_what_programs_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where it lies in the folder, the warning of the default and the error of half a setting say what to set."""
    for name in ("TABLEWRIGHT_STORE", "AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tablewright.toml").write_text("", "utf-8")
    said = "The tablewright.toml here is read by 'tablewright plan' and the like, not by programs: set TABLEWRIGHT_STORE"

    with caplog.at_level(logging.WARNING, "tablewright"):
        connect().close()
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", "patX")
    with pytest.raises(NotConfigured) as half:
        connect()

    assert said in caplog.text
    assert said in str(half.value)
