"""What is said where names are used and a field was renamed, and how a server that limits is found."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from pyairtable import Api

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, StoreOutdated, connect
from tablewright.runtime.stores.airtable_names import parts_of
from tablewright.server.serve import LocalAirtable
from tablewright.testing import provision

GIVEN: dict[str, Any] = {"name": "n", "description": "d", "agent_id": "a"}


def renamed(airtable: LocalAirtable) -> None:
    """Rename a field of the table, as people do."""
    base = Api(airtable.token, endpoint_url=airtable.url).base(airtable.base_id)
    field = base.table("AI_Agent_Tasks").schema().field("Description")
    field.name = "Said"
    field.save()


@pytest.fixture
def base(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> LocalAirtable:
    """A base in which a field was renamed, and an empty folder that knows nothing of it."""
    provision(local_airtable, [AgentTask])
    renamed(local_airtable)
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", local_airtable.token)
    monkeypatch.chdir(tmp_path)
    return local_airtable


def test_without_a_lock_file_the_error_says_where_none_is(
    base: LocalAirtable, tmp_path: Path
) -> None:
    """Writing and reading name the folder and what to do, in one exception that has no others behind it."""
    with connect(base.store_url):
        for ask in (
            lambda: AgentTask.create(**GIVEN),
            lambda: AgentTask.where().all(),
            lambda: AgentTask.upsert(on=["description"], **GIVEN),
        ):
            with pytest.raises(StoreOutdated) as found:
                ask()

            said = str(found.value)
            assert "Unknown field name" in said
            assert (
                f"No lock file of this base is in {tmp_path}, so its parts go by their names"
                in said
            )
            assert "start the program where tablewright.lock.….json is" in said
            assert "Run 'tablewright plan' to see what differs" in said
            assert found.value.__cause__ is None
            assert found.value.__suppress_context__


def write_lock_file(base: LocalAirtable, folder: Path, *, without: str = "") -> None:
    """Write the ids of the table's fields; the renamed one has an id that the base has lost."""
    table = Api(base.token, endpoint_url=base.url).base(base.base_id).table("AI_Agent_Tasks")
    fields = {one.name: one.id for one in table.schema().fields}
    spec = AgentTask.table
    known = {
        one.key: fields.get(one.name, "fldXXXXXXXXXXXXXX")
        for one in parts_of(spec)
        if one.key != without
    }
    section = {
        "base": base.base_id,
        "tables": {spec.key: {"id": table.schema().id, "fields": known}},
    }
    lock = {"tablewright_lock": 1, "schemas": {"agent_tasks": section}}
    (folder / "tablewright.lock.live.json").write_text(json.dumps(lock), "utf-8")


def test_with_a_lock_file_that_is_not_said(base: LocalAirtable, tmp_path: Path) -> None:
    """A field that the lock file knows and the base has lost is for `plan` to show."""
    write_lock_file(base, tmp_path)

    with connect(base.store_url), pytest.raises(StoreOutdated) as found:
        AgentTask.create(**GIVEN)

    assert "lock file" not in str(found.value)
    assert "Run 'tablewright plan' to see what differs" in str(found.value)


def test_a_field_that_is_gone_is_named_and_not_told_by_its_id(
    base: LocalAirtable, tmp_path: Path
) -> None:
    """Nobody knows ids by heart, and Airtable's message about a formula has them in small letters."""
    write_lock_file(base, tmp_path)

    with connect(base.store_url):
        for ask in (
            lambda: AgentTask.create(**GIVEN),
            lambda: AgentTask.where(AgentTask.c.description == "d").count(),
        ):
            with pytest.raises(StoreOutdated) as found:
                ask()

            assert "Description" in str(found.value)
            assert "fldxxx" not in str(found.value).lower()


def test_a_table_that_was_renamed_is_found_by_its_id_although_a_field_has_none_yet(
    base: LocalAirtable, tmp_path: Path
) -> None:
    """A program that is ahead of its base is told of the field that is missing, and not that there is no table."""
    write_lock_file(base, tmp_path, without="description")
    schema = Api(base.token, endpoint_url=base.url).base(base.base_id).table("AI_Agent_Tasks").schema()  # fmt: skip
    schema.name = "Tasks of agents"
    schema.save()

    with connect(base.store_url), pytest.raises(StoreOutdated, match="Unknown field name"):
        AgentTask.create(**GIVEN)


@pytest.mark.slow
@pytest.mark.airtable(rate_limit=True)
def test_who_is_told_of_a_server_that_limits_paces_itself(
    local_airtable: LocalAirtable, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the URL and by the environment that it gives: eleven requests take two seconds, and no penalty of 30."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for name, value in local_airtable.environment().items():
        monkeypatch.setenv(name, value)
    start = time.monotonic()

    with connect() as opened:
        client: Any = opened.store.client  # type: ignore[attr-defined]  # of Airtable
        url = client.api.build_url("meta", "bases", local_airtable.base_id, "tables")
        for _ in range(11):
            client.ask("read the base", lambda: client.api.get(url))

    assert local_airtable.store_url.endswith("&rate_limit=on")
    assert 1.5 < time.monotonic() - start < 15
    assert all(call.status == 200 for call in local_airtable.calls)


@pytest.mark.slow
@pytest.mark.airtable(rate_limit=True)
def test_the_store_of_the_fixture_paces_itself_too(
    airtable_store: Connection, local_airtable: LocalAirtable
) -> None:
    """More requests than a second takes come one after the other, and none is refused."""
    for _ in range(8):
        AgentTask.count()

    assert [call.status for call in local_airtable.calls] == [200] * 8
