"""What handlers raise and return, where it is itself broken or tells too much."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, connect
from tablewright.runtime.passwords import passwords_in
from tablewright.worker import Worker, WorkerSettings
from tablewright.worker.errors import MOST_LOGGED, error_text, hidden, secrets_of


def fill(number: int) -> list[AgentTask]:
    return AgentTask.bulk_create(
        {"name": f"n{one}", "description": "d", "agent_id": "a"} for one in range(number)
    )


def work(handler: Callable[[Any], Any], model: Any = AgentTask, **settings: Any) -> Worker:
    worker = Worker(model, handler, WorkerSettings(once=True, **settings))
    worker.run()
    return worker


def errors(task: AgentTask) -> str:
    """The error of a task's first attempt."""
    said = task.refresh().history()[1].error
    assert said is not None
    return said


TOKEN = "pat1234567890.abcdef"
TELLING = """
import os

def handle(task):
    try:
        raise KeyError("first " + os.environ["AIRTABLE_ACCESS_TOKEN"])
    except KeyError as error:
        raise RuntimeError("then " + os.environ["CRM_TOKEN"]) from error
"""


class Speechless(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise SystemExit(3)


class Mute:
    """An answer whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("mute")


def raises_speechless(_: AgentTask) -> None:
    raise Speechless


async def raises_speechless_later(_: AgentTask) -> None:
    raise Speechless


def gives_mute(_: AgentTask) -> Any:
    return {"answer": Mute()}


def gives_a_circle(_: AgentTask) -> Any:
    found: dict[str, Any] = {}
    found["itself"] = found
    return found


def gives_pairs(_: AgentTask) -> Any:
    return {(1, 2): 3}


@pytest.mark.parametrize(
    ("handler", "error"),
    [
        (raises_speechless, "Speechless: its text cannot be made, since that raised SystemExit"),
        (raises_speechless_later, "Speechless: its text cannot be made"),
        (gives_mute, "what the handler returned cannot be stored: RuntimeError: mute"),
        (gives_a_circle, "what the handler returned cannot be stored: ValueError: Circular"),
        (gives_pairs, "what the handler returned cannot be stored: TypeError: keys must be str"),
    ],
)
def test_what_cannot_be_written_down_fails_its_attempt(
    connection: Connection, handler: Callable[[Any], Any], error: str
) -> None:
    """The one slot lives on, the next task is worked on, and the worker ends."""
    tasks = fill(2)

    worker = work(handler)

    assert worker.metrics.counts["failed"] == 2
    for task in tasks:
        assert errors(task).startswith(error)


def test_a_slot_outlives_what_goes_wrong_while_a_task_ends(
    connection: Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that breaks at an error costs no slot: it is told of, and the other tasks are worked on."""
    fill(3)

    def broken(*_: object) -> None:
        raise RuntimeError("no frames")

    monkeypatch.setattr("tablewright.worker.slots._own_frames", broken)

    def handle(task: AgentTask) -> str:
        if task.name == "n0":
            raise ValueError("no good")
        return "fine"

    worker = work(handle)

    assert (worker.metrics.counts["completed"], worker.metrics.counts["failed"]) == (2, 1)
    (record,) = [one for one in caplog.records if "went wrong" in one.getMessage()]
    assert record.__dict__["error"] == "RuntimeError: no frames"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_token_of_the_configuration_is_told(
    connection: Connection,
    url: str,
    start_work: Callable[..., subprocess.Popen[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    log_format: str,
) -> None:
    """Neither by the log, with the tracebacks of the error and of its cause, nor by the record and its history."""
    (task,) = fill(1)
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", TOKEN)
    monkeypatch.setenv("CRM_TOKEN", "pat-of-the-crm")
    (tmp_path / "tablewright.toml").write_text(
        '[environments.crm]\nbase = "appAAAAAAAAAAAAAA"\ntoken_variable = "CRM_TOKEN"\n'
    )

    worker = start_work(TELLING, url, "--once", "--log-format", log_format)
    worker.wait(60)

    assert errors(task) == "RuntimeError: then ***"
    log = (tmp_path / "work.log").read_text()
    assert "RuntimeError: then ***" in log
    assert "KeyError: 'first ***'" in log
    assert "in handle" in log
    assert TOKEN not in log
    assert "pat-of-the-crm" not in log


def test_what_a_worker_is_told_to_keep_is_kept(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Of two secrets the longer one is blanked whole; what the schema refuses of an answer is told without them."""
    first, second = fill(2)

    def handle(task: AgentTask) -> Any:
        if task.name == "n0":
            raise ValueError("swordfish and swordfish-2")
        return {"output": "x", "execution_time": "swordfish"}

    work(handle, secrets=("swordfish", "swordfish-2", ""))

    assert errors(first) == "ValueError: *** and ***"
    assert "swordfish" not in errors(second)
    assert "swordfish" not in caplog.text


def test_passwords_are_found_in_urls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As they are written and as they are meant, before the host and among the options, given or configured."""
    monkeypatch.chdir(tmp_path)
    for name in ("AIRTABLE_ACCESS_TOKEN", "TABLEWRIGHT_STORE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TABLEWRIGHT_LEASES", "postgresql://u:of-leases@db/leases")

    with connect("sqlite:///:memory:") as connection:
        connection.store.passwords = passwords_in(
            (
                None,
                "postgresql+psycopg://ann:p%40ss/w0rd@db:5432/tasks",
                "postgresql:///tasks?user=ann&password=by+option&prepare=off",
                "airtable://appAAAAAAAAAAAAAA?endpoint=http://me:of-proxy@127.0.0.1:8642",
                "sqlite:///C:/tasks@home.db",
                "postgresql://ann@db/tasks",
            )
        )
        found = secrets_of(connection.store)

    assert set(found) == {
        "p%40ss/w0rd", "p@ss/w0rd", "by+option", "by option", "of-proxy", "of-leases",
    }  # fmt: skip
    assert hidden("postgresql://ann:p%40ss/w0rd@db", found) == "postgresql://ann:***@db"
    assert error_text(ValueError("p@ss/w0rd"), found) == "ValueError: ***"


def test_a_misspelt_argument_fails_the_attempt(connection: Connection) -> None:
    """Where another key of the dict is an argument, the error names both; without any the dict is a value as others."""
    answers: dict[str, Any] = {
        "n0": {"output": "x", "execution_tme": 1.5},
        "n1": {"output": "x", 7: "seven"},
        "n2": {"answr": "x"},
        "n3": {},
    }
    first, second, third, fourth = fill(4)

    worker = work(lambda task: answers[task.name])

    assert (worker.metrics.counts["completed"], worker.metrics.counts["failed"]) == (2, 2)
    assert "complete_execution(): execution_tme is no argument, while other keys" in errors(first)
    assert "did you mean 'execution_time'?" in errors(first)
    assert "complete_execution(): 7 is no argument" in errors(second)
    assert (third.refresh().output, fourth.refresh().output) == ('{"answr": "x"}', "{}")


@pytest.mark.parametrize(
    ("url", "leases", "password"),
    [
        ("postgresql://ann:swordfish@db/tasks", None, "swordfish"),
        ("local:", "postgresql://ann:of-leases@db/leases", "of-leases"),
    ],
)
def test_a_password_given_to_connect_is_kept(url: str, leases: str | None, password: str) -> None:
    """Of the store and of its leases; nothing is opened for that."""
    with connect(url, leases=leases) as connection:
        assert password in secrets_of(connection.store)


def test_an_error_of_any_length_leaves_a_line_that_can_be_read(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """An error may quote a whole page; neither the line nor its traceback do, and the history has its begin."""
    (task,) = fill(1)

    def handle(_: AgentTask) -> None:
        raise RuntimeError("page " * 1_000_000)

    work(handle)

    (record,) = [one for one in caplog.records if one.getMessage() == "task failed"]
    said = vars(record)
    assert said["error"].startswith("RuntimeError: page page ")
    assert "raise RuntimeError" in said["traceback"]
    assert record.exc_info is None
    assert len(said["error"]) == MOST_LOGGED >= len(said["traceback"])
    assert errors(task).startswith("RuntimeError: page page ")
