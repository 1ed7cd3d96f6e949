"""Slips that are made often are answered with the way out, and what the store says of a write cannot be misread."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask, AgentTaskCreate
from tablewright.runtime import (
    Connection,
    NotConfigured,
    RecordInvalid,
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


@pytest.mark.parametrize("name", ["id", "created_time", "is_blocked", "subtasks", "depends_on"])
def test_find_by_and_where_do_not_send_to_one_another(store: Connection, name: str) -> None:
    """What `find_by` does not take is a condition; computed fields and other sides are known by both."""
    model: Any = AgentTask

    with pytest.raises(TypeError) as by_value:
        model.find_by(**{name: 1})
    with pytest.raises(TypeError) as where:
        model.where(**{name: 1})

    way = f"write AgentTask.where() with a condition on AgentTask.c.{name}"
    assert str(by_value.value) == f"find_by() does not take '{name}': {way}"
    assert "find_by" not in str(where.value)
    assert f"AgentTask.c.{name}" in str(where.value)


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("sqlite:/tasks.db", "write sqlite:///tasks.db"),
        ("sqlite:tasks.db", "write sqlite:///tasks.db"),
        ("postgresql:/host/tasks", "write postgresql://user@host/database"),
    ],
)
def test_a_torn_url_is_shown_how_such_a_one_is_written(url: str, way: str) -> None:
    """A file has no user and no host."""
    with pytest.raises(NotConfigured, match=f"URL cannot be read: {way}$"):
        connect(url)


def test_json_is_told_once_what_it_holds(store: Connection) -> None:
    """A key that is no text is told in the words of JSON, as a value is."""
    task: Any = {"name": "n", "description": "d", "agent_id": "a", "parameters": {1: (1, 2)}}

    with pytest.raises(RecordInvalid, match=r"^AgentTask: parameters has to be JSON: [^;]+$"):
        AgentTask.create(**task)


def test_an_input_model_that_is_taken_apart_is_told_where_it_is_stored(store: Connection) -> None:
    """Links have other names there, as ids do: what takes input models as they are is named, and nothing is stored."""
    task = AgentTask.create(name="n", description="d", agent_id="a")
    body = AgentTaskCreate(name="m", description="d", agent_id="a", parent_task_id=task.id)
    model: Any = AgentTask
    record: Any = task
    calls: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: model.create(**body.model_dump(exclude_unset=True)), "bulk_create([…])"),
        (lambda: model.upsert(on="name", **body.given_values()), "bulk_upsert([…], on=…)"),
        (lambda: record.update(depends_on_ids=[]), "bulk_update({id: …})"),
    )

    for call, way in calls:
        with pytest.raises(
            RecordInvalid, match=r"_ids? is '(parent_task|depends_on)' for"
        ) as caught:
            call()
        assert f"AgentTask.{way} stores input models as they are" in str(caught.value)

    assert AgentTask.count() == 1


@pytest.mark.parametrize("method", ["first", "count", "exists"])
def test_what_takes_conditions_tells_who_gives_values(store: Connection, method: str) -> None:
    """The way out names the same question by `find_by`; a name that is no field is told, with the nearest one."""
    asked: Any = getattr(AgentTask, method)
    said = f"{method}() takes conditions: write AgentTask.find_by(status=…).{method}(), or AgentTask.{method}(AgentTask.c.status == …)"

    with pytest.raises(TypeError) as caught:
        asked(status="PENDING")
    with pytest.raises(
        RecordInvalid, match="statsu is not a field of AgentTask: did you mean 'status'"
    ):
        asked(statsu="PENDING")
    with pytest.raises(
        TypeError, match=rf"write AgentTask.{method}\(AgentTask.c.depends_on.contains\(…\)\)"
    ):
        asked(depends_on="recAAAAAAAAAAAAAA")

    assert str(caught.value) == said


def test_a_name_that_is_no_field_is_told_with_the_nearest_one(store: Connection) -> None:
    """Whichever generated method is given it: as where many records are created, and nothing is stored."""
    task = AgentTask.create(name="n", description="d", agent_id="a")
    model: Any = AgentTask
    record: Any = task
    more = {"name": "m", "description": "d", "agent_id": "a"}
    calls: tuple[Callable[[], object], ...] = (
        lambda: model.create(**more, prioriti="x"),
        lambda: model.upsert(on=["name"], **more, prioriti="x"),
        lambda: model.find_by(prioriti="x"),
        lambda: record.update(prioriti="x", name="changed"),
        lambda: asyncio.run(model.aio.create(**more, prioriti="x")),
        lambda: asyncio.run(model.aio.update(record, prioriti="x")),
    )

    for call in calls:
        with pytest.raises(
            RecordInvalid, match="prioriti is not a field of AgentTask: did you mean 'priority'"
        ):
            call()

    assert (AgentTask.count(), task.refresh().name) == (1, "n")


def test_what_a_generated_method_does_not_take_is_told_in_the_words_of_the_schema(
    store: Connection,
) -> None:
    """Missing values, values of the store, the state, what is worked out, and values without their names."""
    model: Any = AgentTask
    record: Any = AgentTask.create(name="n", description="d", agent_id="a")
    more = {"name": "m", "description": "d", "agent_id": "a"}
    invalid: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: model.create(name="m"), "description is required; agent_id is required"),
        (lambda: model.create(**more, status="PENDING"), "status begins at 'Pending' and is moved by transitions only"),
        (lambda: model.create(**more, id="x"), "id is given by the store"),
        (lambda: record.update(is_blocked=True), "is_blocked is calculated, and cannot be given or set"),
        (lambda: record.update(status="PENDING"), "status is moved by transitions only"),
    )  # fmt: skip
    mistaken: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: model.create("m"), r"create\(\) takes fields by name: write create\(name=…\)"),
        (lambda: model.find_by(parameters={}), "with a condition on AgentTask.c.parameters"),
    )

    for call, said in invalid:
        with pytest.raises(RecordInvalid, match=said):
            call()
    for call, said in mistaken:
        with pytest.raises(TypeError, match=said):
            call()
    with pytest.raises(ValueError, match="say on=…"):
        model.upsert(**more)
    assert AgentTask.count() == 1


def test_an_error_inside_of_a_method_stays_what_it_is(
    store: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the call itself is explained, and not what goes wrong while it is carried out."""

    def broken(values: object) -> None:
        raise TypeError("not about the call")

    monkeypatch.setattr(AgentTask, "_create", broken)

    with pytest.raises(TypeError, match="not about the call"):
        AgentTask.create(name="n", description="d", agent_id="a")


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
