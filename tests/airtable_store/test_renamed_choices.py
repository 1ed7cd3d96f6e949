"""A query by a choice that people renamed in Airtable says so, instead of finding nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyairtable import Api

from generated.agent_tasks import AgentTask, TaskPriority, TaskStatus
from tablewright.runtime import Connection, StoreOutdated, connect
from tablewright.runtime.stores.airtable_choices import LiveChoices
from tablewright.runtime.stores.airtable_client import Refused
from tablewright.runtime.stores.airtable_names import parts_of
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision

GIVEN: dict[str, Any] = {"name": "n", "description": "d", "agent_id": "a"}


def write_lock_file(base: LocalAirtable, folder: Path, start: str = "") -> None:
    """Write the ids of the table's fields and choices, as `apply` does. *start* stands before them."""
    table = Api(base.token, endpoint_url=base.url).base(base.base_id).table("AI_Agent_Tasks")
    schema: Any = table.schema()
    spec = AgentTask.table
    live = {one.name: one for one in schema.fields}
    fields = {one.key: live[one.name].id for one in parts_of(spec)}
    choices = {
        one.key: {
            one.choices(choice.name).name: choice.id for choice in live[one.name].options.choices
        }
        for one in spec.fields
        if one.choices is not None
    }
    entry = {"id": schema.id, "fields": fields, "choices": choices}
    section = {"base": base.base_id, "tables": {spec.key: entry}}
    lock = {"tablewright_lock": 1, "schemas": {"agent_tasks": section}}
    (folder / "tablewright.lock.live.json").write_text(start + json.dumps(lock), "utf-8")


def choices_of(base: LocalAirtable, field: str) -> list[dict[str, Any]]:
    """Return the choices of a field, which people change in Airtable, and the API cannot."""
    for table in base.workspace.bases[base.base_id].tables.values():
        for one in table.fields.values():
            if table.name == "AI_Agent_Tasks" and one.name == field:
                found: list[dict[str, Any]] = (one.options or {})["choices"]
                return found
    raise LookupError(field)


@pytest.fixture
def base(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> LocalAirtable:
    """A base with its table, and a folder with the lock file of it."""
    provision(local_airtable, [AgentTask])
    write_lock_file(local_airtable, tmp_path)
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)
    monkeypatch.chdir(tmp_path)
    return local_airtable


@pytest.fixture
def connection(base: LocalAirtable) -> Iterator[Connection]:
    """A connection to it, with leases, so that tasks can be claimed."""
    with connect(base.store_url, leases="sqlite:///leases.db") as found:
        yield found


@pytest.mark.parametrize(
    "ask",
    [
        lambda: AgentTask.find_by(status=TaskStatus.PENDING).all(),
        lambda: AgentTask.where(AgentTask.c.status.is_in([TaskStatus.PENDING])).first(),
        lambda: AgentTask.get_pending_tasks(agent_id="a").all(),
        lambda: AgentTask.count(AgentTask.c.status == TaskStatus.PENDING),
        lambda: AgentTask.claim("worker 1"),
    ],
    ids=["find_by", "where", "query", "count", "claim"],
)
def test_a_query_by_a_renamed_choice_says_how_it_is_called(
    base: LocalAirtable, connection: Connection, ask: Any
) -> None:
    """Airtable answers such a formula with no record, and a worker would be idle without a word."""
    choices_of(base, "Status")[0]["name"] = "To do"

    with pytest.raises(StoreOutdated) as found:
        ask()

    assert "'Status' of 'AI_Agent_Tasks' in Airtable has no choice 'Pending'" in str(found.value)
    assert "it is called 'To do' by now" in str(found.value)
    assert "'tablewright drift' tells how" in str(found.value)


def test_a_choice_that_is_gone_is_told_too(base: LocalAirtable, connection: Connection) -> None:
    """Its rows are blank by then, and a query by it can find none."""
    del choices_of(base, "Priority")[0]

    with pytest.raises(StoreOutdated, match=r"no choice 'Low'.*it has been removed"):
        AgentTask.find_by(priority=TaskPriority.LOW).all()


def test_a_choice_that_is_new_in_the_schema_is_no_rename(
    base: LocalAirtable, tmp_path: Path
) -> None:
    """A program that is ahead of its base finds no such records, and is told when it writes one."""
    del choices_of(base, "Priority")[0]
    write_lock_file(base, tmp_path)

    with connect(base.store_url):
        assert AgentTask.find_by(priority=TaskPriority.LOW).all() == []


def test_a_query_that_finds_nothing_costs_one_look_in_ten_minutes(
    base: LocalAirtable, connection: Connection
) -> None:
    """The choice is there, and there are no such records: a worker that waits asks for them again and again."""
    base.calls.clear()
    for _ in range(3):
        assert AgentTask.find_by(status=TaskStatus.FAILED).all() == []
    AgentTask.find_by(agent_id="b").all()

    assert len(base.calls.matching(path_part="/meta/")) == 1
    assert len(base.calls) == 5


def test_a_token_that_may_not_see_the_schema_reads_rows_as_before(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look is made for the user's sake, and needs a scope that programs need not have."""

    def refuse(_: LiveChoices) -> None:
        raise Refused(403, "INVALID_PERMISSIONS", "no scope schema.bases:read", "read the choices")

    # The local Airtable knows no scopes.
    monkeypatch.setattr(LiveChoices, "_read", refuse)

    assert AgentTask.find_by(status=TaskStatus.FAILED).all() == []


def test_a_lock_file_may_begin_with_a_byte_order_mark(base: LocalAirtable, tmp_path: Path) -> None:
    """Editors on Windows write one, and programs read the file as commands do."""
    write_lock_file(base, tmp_path, "\ufeff")

    with connect(base.store_url):
        AgentTask.create(**GIVEN)

        assert len(AgentTask.all()) == 1
