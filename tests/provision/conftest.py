"""A local Airtable over real HTTP, schemas from text, and one object that plans and applies them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from tablewright.check.compile import compile_schema
from tablewright.cli.main import cli, main
from tablewright.config import Environment
from tablewright.model.schema import Schema
from tablewright.provision.apply import Applied, apply
from tablewright.provision.drift import Drift, drift
from tablewright.provision.live import LiveBase, live_base
from tablewright.provision.lock import Lock, lock_path, read_lock
from tablewright.provision.plan import Plan
from tablewright.provision.planning import airtable_plan
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.provision.ports.sql import SqlTarget
from tablewright.provision.wanted import wanted_base
from tablewright.runtime.stores.sql_engine import postgres_engine, sqlite_engine
from tablewright.server.serve import LocalAirtable
from tablewright.syntax.source import Source


def no_wait(seconds: float) -> None:
    """Stand for a pause that a test does not take."""


def schema_of(text: str) -> Schema:
    """Return the model of a schema that has no errors."""
    found = compile_schema(Source("schema.yaml", text))
    errors = [one for one in found.findings if one.severity == "error"]
    assert found.schema is not None, errors
    return found.schema


class Project:
    """One base and one lock file, brought to one schema after another."""

    def __init__(self, server: LocalAirtable, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.base = server.base_id
        self.port = AirtablePort(server.token, endpoint=server.url, sleep=no_wait)

    def lock(self, schema: Schema) -> Lock:
        return read_lock(lock_path(self.folder, "dev"), schema.name, "dev")

    def live(self) -> LiveBase:
        return live_base(self.base, self.port.base_schema(self.base))

    def plan(self, schema: Schema, **options: Any) -> Plan:
        return airtable_plan(wanted_base(schema), self.live(), self.lock(schema), **options)

    def apply(self, schema: Schema, **options: Any) -> Applied:
        plan = self.plan(schema)
        return apply(plan, self.port, self.lock(schema), **options)

    def apply_to_new_base(self, schema: Schema, **options: Any) -> Applied:
        """Bring the base that the lock file knows to a schema, or a new one."""
        lock = self.lock(schema)
        live = None
        if lock.base:
            live = live_base(lock.base, self.port.base_schema(lock.base))
        workspace = self.server.workspace.workspace_id
        plan = airtable_plan(wanted_base(schema), live, lock, workspace=workspace)
        return apply(plan, self.port, lock, **options)

    def drift(self, schema: Schema) -> Drift:
        return drift(self.plan(schema), self.live(), self.lock(schema).manual)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return the cells of every row of a table, by field name."""
        answer = self.port._call("GET", f"{self.base}/{table}")
        return [row["fields"] for row in answer["records"]]

    def switch(self, field_id: str, *, single: bool) -> None:
        """Let a link lead to one record alone, or to many, as people do in Airtable."""
        for table in self.server.workspace.bases[self.base].tables.values():
            if field_id in table.fields:
                options = table.fields[field_id].options or {}
                options["prefersSingleRecordLink"] = single

    def write(self, table: str, *rows: dict[str, Any]) -> None:
        """Write rows, cells by field name."""
        self.port.create_rows(self.base, table, rows)


@pytest.fixture
def compiled() -> Callable[[str], Schema]:
    return schema_of


@pytest.fixture
def projects(tmp_path: Path) -> Iterator[Callable[..., Project]]:
    """Start local Airtables with a project each, with the options of `LocalAirtable`."""
    with contextlib.ExitStack() as stack:
        count = 0

        def start(**options: Any) -> Project:
            nonlocal count
            count += 1
            server = stack.enter_context(LocalAirtable(**options))
            project = Project(server, tmp_path / str(count))
            stack.callback(project.port.close)
            return project

        yield start


@pytest.fixture
def project(projects: Callable[..., Project]) -> Project:
    return projects()


@pytest.fixture
def project_on() -> Callable[[LocalAirtable, Path], Project]:
    """Make a project on a server that a test started itself."""
    return Project


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    found: str = request.getfixturevalue("empty_schema")
    return found


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """The database at `url`, as the store opens it."""
    made = sa.make_url(url)
    found = sqlite_engine(made) if url.startswith("sqlite") else postgres_engine(made)
    yield found
    found.dispose()


@pytest.fixture
def bring(url: str) -> Callable[..., tuple[str, ...]]:
    """Bring the database to a schema, and return the lines of the plan; nothing is left to do then."""

    def bring(schema: Schema, *, safeties: list[str] | None = None, **options: Any) -> tuple[str, ...]:  # fmt: skip
        target = SqlTarget(schema, Environment("dev", store=url))
        try:
            plan = target.plan(**options)
            target.apply(plan)
            assert target.plan(**options).steps == ()
        finally:
            target.close()
        if safeties is not None:
            safeties += [one.safety for one in plan.changes]
        return tuple(f"{one.sign} {one.table_name}: {one.text}" for one in plan.changes)  # type: ignore[union-attr]  # of SQL, all of them

    return bring


@pytest.fixture
def write(engine: sa.Engine) -> Callable[..., None]:
    """Run a statement that changes rows. `:now` in it is a moment."""

    def write(statement: str) -> None:
        is_lite = engine.dialect.name == "sqlite"
        now = "2026-01-01T00:00:00.000000Z" if is_lite else datetime(2026, 1, 1, tzinfo=UTC)
        values = {"now": now} if ":now" in statement else {}
        with engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    return write


@pytest.fixture
def read(engine: sa.Engine) -> Callable[[str], list[tuple[Any, ...]]]:
    """Return the rows of a query."""

    def read(query: str) -> list[tuple[Any, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    return read


SHOP = """
tablewright: 1
name: shop
enums: {Status: [OPEN, DONE]}
tables:
  Customer:
    fields: {name: text}
  Order:
    fields: {number: integer, status: Status, serial: auto_number}
    relations: {customer: {to: Customer, inverse: orders}}
"""


class Shell:
    """A project folder, and the command run in it, in this process or one of its own."""

    def __init__(self, folder: Path, server: LocalAirtable) -> None:
        self.folder = folder
        self.server = server
        self.schema = SHOP
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AIRTABLE_ACCESS_TOKEN": server.token,
            "PYTHONPATH": str(Path(__file__).parents[2] / "generator"),
        }
        (folder / "schemas").mkdir()
        self.write(SHOP)
        (folder / "tablewright.toml").write_text(
            f'[environments.dev]\nbase = "{server.base_id}"\nendpoint = "{server.url}"\n'
        )

    def write(self, text: str) -> None:
        (self.folder / "schemas" / "shop.yaml").write_text(text)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "tablewright", *arguments]

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command in this process, which is quicker, with the variables of a process of its own."""
        said, complained = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.folder),
            patch.dict(os.environ, {**self.environment, **variables}, clear=True),
            patch.object(sys, "stdin", io.StringIO()),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(complained),
            pytest.raises(SystemExit) as ended,
        ):
            main(arguments)
        assert isinstance(ended.value.code, int)
        return subprocess.CompletedProcess(
            self.command(*arguments), ended.value.code, said.getvalue(), complained.getvalue()
        )

    def process(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command as a process of its own."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def type(self, *arguments: str, answer: str = "") -> Result:
        """Run the command in this process, which is quicker; it has to end with 0 or 2."""
        with contextlib.chdir(self.folder), pytest.MonkeyPatch.context() as variables:
            for name in ("TABLEWRIGHT_ENVIRONMENT", "TABLEWRIGHT_STORE", "AIRTABLE_BASE_ID"):
                variables.delenv(name, raising=False)
            variables.setenv("AIRTABLE_ACCESS_TOKEN", self.server.token)
            found = CliRunner().invoke(cli, list(arguments), input=answer)
        assert found.exit_code in (0, 2), found.output
        return found

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run the command in this process and return the object that it printed."""
        found: dict[str, Any] = json.loads(self.type(*arguments, "--format", "json").stdout)
        return found

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def lock(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "tablewright.lock.dev.json").read_text())
        return found


@pytest.fixture
def shells(tmp_path: Path) -> Iterator[Callable[..., Shell]]:
    servers: list[LocalAirtable] = []

    def start(**options: Any) -> Shell:
        folder = tmp_path / str(len(servers))
        folder.mkdir()
        servers.append(LocalAirtable(**options).start())
        return Shell(folder, servers[-1])

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def shell(shells: Callable[..., Shell]) -> Shell:
    return shells()
