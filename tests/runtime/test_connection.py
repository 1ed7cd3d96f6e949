"""Which store is taken, what is said about it, and what importing the runtime costs."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from contextvars import copy_context
from pathlib import Path

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    ContractMismatch,
    NotConfigured,
    StoreUnavailable,
    connect,
    current_store,
    require_contract,
)
from tablewright.runtime.stores.base import Selection
from tablewright.server.serve import LocalAirtable

ROOT = Path(__file__).parents[2]
VARIABLES = ("TABLEWRIGHT_STORE", "AIRTABLE_ACCESS_TOKEN", "AIRTABLE_BASE_ID")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty folder and an environment that names no store."""
    monkeypatch.chdir(tmp_path)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


PATHS = {"PYTHONPATH": f"{ROOT / 'generator'}{os.pathsep}{ROOT}"}
PROGRAM = """
import tablewright
from generated.agent_tasks import AgentTask

for name in "ab":
    with tablewright.connect(*URL):
        AgentTask.create(name=name, description="d", agent_id="a")
"""


def run(*url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program that sets up no logging and connects twice, in the current folder."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM.replace("URL", repr(url))], capture_output=True, text=True, check=True,
        env={**PATHS, **variables},
    )  # fmt: skip


def test_with_nothing_set_a_program_says_once_where_its_records_are() -> None:
    """Somebody who set up nothing reads on stderr which store was taken, its file, and how to name another."""
    done = run()

    file = Path("tablewright.db").resolve()
    assert file.exists()
    assert done.stdout == ""
    assert done.stderr == (
        f"tablewright keeps records in the embedded default, SQLite in {file}, since no store is named. To name one: "
        "tablewright.connect(URL), or TABLEWRIGHT_STORE in the environment or in .env. What works: "
        "airtable://appXXXXXXXXXXXXXX, local:tasks.airtable, sqlite:///tasks.db, or postgresql://user@host/database\n"
    )


def test_a_program_that_names_its_store_says_nothing() -> None:
    """Neither by an argument, nor by the environment or `.env`, even where it is the very file of the default."""
    by_argument = run("sqlite:///tablewright.db")
    by_environment = run(TABLEWRIGHT_STORE="sqlite:///tablewright.db")
    Path(".env").write_text("TABLEWRIGHT_STORE=local:base.airtable\n", encoding="utf-8")
    by_file = run()

    assert [one.stderr for one in (by_argument, by_environment, by_file)] == ["", "", ""]


def test_a_command_says_it_beside_its_output() -> None:
    """What reads the output of `tablewright stats` reads nothing else."""
    command = ["-m", "tablewright", "stats", "generated.agent_tasks:AgentTask", "--format", "json"]
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True, env=PATHS
    )

    assert json.loads(done.stdout)["queue"]["waiting"] == 0
    assert done.stderr.startswith("tablewright keeps records in the embedded default")
    assert done.stderr.count("\n") == 1


def test_workers_side_by_side_say_it_once() -> None:
    """The processes of `tablewright work --processes` are given the store that was taken for all of them."""
    Path("handlers.py").write_text("def handle(task):\n    return None\n", encoding="utf-8")
    command = ["-m", "tablewright", "work", "generated.agent_tasks:AgentTask", "--handler", "handlers:handle",
               "--once", "--processes", "2"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, check=True, env=PATHS
    )

    assert done.stderr.count("worker ends") == 2
    assert done.stderr.count("embedded default") == 1


def test_the_log_says_which_store_was_taken(caplog: pytest.LogCaptureFixture) -> None:
    """The embedded default is warned of the first time; what was named is told with where it was found."""
    with caplog.at_level(logging.INFO, "tablewright"):
        for _ in range(2):
            with connect() as connected:
                assert connected.description == "SQLite tablewright.db"
        connect("sqlite:///other.db").close()

    warning, *told = [(one.levelname, one.getMessage()) for one in caplog.records]
    assert warning[0] == "WARNING"
    assert told == [
        ("INFO", "records are in SQLite tablewright.db (the embedded default)"),
        ("INFO", "records are in SQLite tablewright.db (the embedded default)"),
        ("INFO", "records are in SQLite other.db (given)"),
    ]


def test_a_line_of_the_file_that_cannot_be_read_is_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """By file and line, without what stands in it; the lines around it count."""
    Path(".env").write_text(
        "A='x'\n\n\npat SECRET = 'torn\nTABLEWRIGHT_STORE=sqlite:///from_file.db\n",
        encoding="utf-8",
    )

    for _ in range(2):
        with connect() as connected:
            assert connected.description == "SQLite from_file.db"

    (warning,) = [one.getMessage() for one in caplog.records]
    here = Path.cwd() / ".env"
    assert warning == f"{here}, line 4 is left out: it cannot be read. Write NAME=value"


def test_a_pipe_in_the_place_of_the_file_is_not_waited_for() -> None:
    """Whoever writes into it may never come; what connects by a URL does not look at it."""
    os.mkfifo(".env")

    with pytest.raises(
        NotConfigured, match=r"\.env is no file but a pipe.*set them in the environment"
    ):
        connect()
    connect("sqlite:///given.db").close()


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """`.env` is read without touching the environment, and loses against it."""
    Path(".env").write_text("TABLEWRIGHT_STORE=sqlite:///from_file.db\n", encoding="utf-8")
    with connect() as connected:
        assert connected.description == "SQLite from_file.db"

    monkeypatch.setenv("TABLEWRIGHT_STORE", "sqlite:///from_environment.db")
    with connect() as connected:
        assert connected.description == "SQLite from_environment.db"


def test_the_innermost_connection_is_current() -> None:
    """A block ends with what was connected before; without anything, the error says what to call."""
    outer = connect("sqlite:///outer.db")
    with connect("sqlite:///inner.db") as inner:
        assert current_store() is inner.store
    assert current_store() is outer.store
    outer.close()

    with pytest.raises(NotConfigured, match="connect"):
        AgentTask.count()


@pytest.mark.parametrize(
    ("url", "words"),
    [("mysql://u:secret@h/d", "What works"), ("tasks.db", "named by a URL"), ("postgresql://u:secret@h:port/d", "cannot be read"),
     ("sqlite:///a.db?mode=ro", "synchronous"), ("sqlite://u:secret@data/a.db", "sqlite:///data/a.db")],
)  # fmt: skip
def test_a_store_that_there_is_not_is_refused(url: str, words: str) -> None:
    """The error says what works and never repeats a password."""
    with pytest.raises(NotConfigured, match=words) as caught:
        connect(url)

    assert "secret" not in str(caught.value)


def test_passwords_are_never_shown() -> None:
    """Neither in the description nor in the error of a server that is not there."""
    with connect("postgresql://user:secret@127.0.0.1:1/nowhere") as connected:
        assert "secret" not in f"{connected} {connected.store!r} {connected.description}"
        with pytest.raises(StoreUnavailable) as caught:
            AgentTask.count()

    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_a_file_that_is_no_database_is_named() -> None:
    """The user sees which file it is, and no traceback of the driver's."""
    Path("notes.db").write_text(
        "this is not a database, however long it may be" * 50, encoding="utf-8"
    )

    with connect("sqlite:///notes.db"), pytest.raises(StoreUnavailable, match=r"notes\.db"):
        AgentTask.count()


def test_a_folder_that_is_not_there_is_what_the_error_speaks_of() -> None:
    """SQLite itself only says that it cannot open the file."""
    with connect("sqlite:///missing/tasks.db"), pytest.raises(StoreUnavailable, match="its folder"):
        AgentTask.count()


def test_a_data_file_that_somebody_serves_is_no_local_store() -> None:
    """The error is one of the package's own, and names the file."""
    words = r"tasks\.airtable is open in another server"
    with LocalAirtable("tasks.airtable"), pytest.raises(StoreUnavailable, match=words):
        connect("local:tasks.airtable")


def test_importing_the_runtime_loads_nothing_heavy() -> None:
    """Stores bring their libraries when they are connected."""
    heavy = {
        "jinja2",
        "yaml",
        "sqlalchemy",
        "pyairtable",
        "requests",
        "black",
        "rich",
        "click",
        "starlette",
    }
    program = f"import sys, tablewright.runtime; print(*sorted({heavy!r} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "generator")}
    )  # fmt: skip

    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("contract", "way_out"), [(0, "run 'tablewright generate'"), (99, "upgrade it")]
)
def test_generated_code_of_another_contract_is_refused(contract: int, way_out: str) -> None:
    """One sentence says which side is older and what to do."""
    with pytest.raises(ContractMismatch, match=way_out):
        require_contract(contract, "generated.old")


def test_threads_started_inside_a_block_find_its_store(tmp_path: Path) -> None:
    """A worker thread asks for the store that the block connected."""
    found: list[int] = []

    with connect(f"sqlite:///{tmp_path}/tasks.db"):
        thread = threading.Thread(target=lambda: found.append(AgentTask.where().count()))
        thread.start()
        thread.join()

    assert found == [0]


@pytest.mark.parametrize(
    ("url", "description"),
    [
        (
            "postgresql://postgres:secret@/postgres?host=/run/one&application_name=x",
            "PostgreSQL postgresql://postgres:***@/postgres?host=/run/one",
        ),
        (
            "postgresql://me:secret@/jobs?host=a:5432&host=b:5433&password=secret",
            "PostgreSQL postgresql://me:***@/jobs?host=a:5432,b:5433",
        ),
        ("postgresql://me@a/jobs?sslmode=require", "PostgreSQL postgresql://me@a/jobs"),
    ],
)
def test_two_servers_are_told_apart_where_the_query_names_them(url: str, description: str) -> None:
    """A socket's folder stands in `?host=`; nothing else of the query is shown, since it may be secret."""
    with connect(url) as connected:
        assert connected.description == description


def test_a_closed_connection_keeps_records_from_being_written(tmp_path: Path) -> None:
    """What was read before cannot be stored after the block, on SQL and on Airtable."""
    for url in (f"sqlite:///{tmp_path}/tasks.db", f"local:{tmp_path}/base.db"):
        with connect(url):
            task = AgentTask.create(name="a", description="b", agent_id="c")
        task.name = "later"

        with pytest.raises(StoreUnavailable, match="was closed"):
            task.save()


def test_closing_in_any_order_leaves_no_closed_store_behind(tmp_path: Path) -> None:
    """The store that is still open is current, whichever was closed first."""
    first = connect(f"sqlite:///{tmp_path}/first.db")
    second = connect(f"sqlite:///{tmp_path}/second.db")
    first.close()
    second.close()

    with pytest.raises(NotConfigured):
        current_store()


def test_a_block_may_end_in_another_context_than_it_began_in(tmp_path: Path) -> None:
    """Web frameworks enter and leave what a request depends on in two threads: the store is closed all the same."""
    connection = connect(f"sqlite:///{tmp_path}/tasks.db")
    copy_context().run(connection.__enter__)
    copy_context().run(connection.__exit__, None, None, None)

    with pytest.raises(NotConfigured):
        current_store()
    with pytest.raises(StoreUnavailable, match="was closed"):
        connection.store.count(Selection(AgentTask.table))
