"""`@pytest.mark.airtable`: what it does to the local Airtable of a test, and how its mistakes are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection, WriteIncomplete
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory

Make = Callable[..., Factory[Any]]
HEAD = "import pytest\nfrom generated.agent_tasks import AgentTask\n"


@pytest.mark.airtable(fail="500 method=POST nth=1; 500 method=GET nth=1", rate_limit=True)
def test_faults_count_the_requests_of_the_test(
    airtable_store: Connection, local_airtable: LocalAirtable, make: Make
) -> None:
    """The tables are made by the fixture, which no fault hits, no limit counts and no log shows."""
    with pytest.raises(WriteIncomplete):
        make(AgentTask).create()

    assert [(one.method, one.fault) for one in local_airtable.calls] == [("POST", "500")]
    assert make(AgentTask).create().id
    assert [one.status for one in local_airtable.calls] == [500, 200]


@pytest.mark.airtable(rate_limit=True)
def test_the_limit_is_for_the_requests_of_the_test(
    airtable_store: Connection, local_airtable: LocalAirtable, make: Make
) -> None:
    """Five requests in a second are there for it from the start."""
    make(AgentTask).create_many(41)

    assert [one.status for one in local_airtable.calls] == [200] * 5


def test_a_base_that_programs_ask_for_is_logged_as_ever(
    airtable_store: Connection, local_airtable: LocalAirtable
) -> None:
    """The log leaves out what the fixture does, and nothing else."""
    AgentTask.count()
    client: Any = airtable_store.store.client  # type: ignore[attr-defined]  # of Airtable
    url = client.api.build_url("meta", "bases", local_airtable.base_id, "tables")

    client.ask("read the base", lambda: client.api.get(url))

    assert [one.path.split("/")[2] for one in local_airtable.calls][-1] == "meta"
    assert len(local_airtable.calls) == 2


@pytest.mark.airtable(leases="sqlite://", rate_limit=True)
class TestMarksOfAClass:
    """A mark of a class and one of its test come together."""

    @pytest.mark.airtable(leases="best effort")
    def test_the_nearer_one_counts(
        self, airtable_store: Connection, local_airtable: LocalAirtable
    ) -> None:
        """For each argument by itself."""
        assert airtable_store.capabilities.claims == "best effort"

    def test_leases_are_kept_where_it_says(self, airtable_store: Connection, make: Make) -> None:
        """In a database in memory, whose claims are exclusive."""
        made = make(AgentTask).create()

        assert airtable_store.capabilities.claims == "exclusive"
        assert [one.id for one in AgentTask.claim("w1", 2)] == [made.id]
        assert AgentTask.claim("w2") == []


@pytest.mark.slow
def test_mistakes_of_a_mark_are_told_with_what_it_takes(ran: Callable[[str], str]) -> None:
    """A misspelt argument, one without a name, and leases that nobody keeps."""
    said = ran(f"""{HEAD}
@pytest.mark.airtable(fial="x")
def test_one(local_airtable): pass
@pytest.mark.airtable("500 nth=1")
def test_two(local_airtable): pass
@pytest.mark.airtable(leases="redis")
def test_three(airtable_store): pass
""")

    assert "@pytest.mark.airtable has no argument 'fial': did you mean 'fail'? known here: " in said
    assert "shuffle, leases" in said
    assert "takes arguments by name, not '500 nth=1': @pytest.mark.airtable(fail=" in said
    assert "'redis' is neither" in said
    assert "3 errors in" in said


@pytest.mark.slow
def test_suites_tell_what_they_lack(ran: Callable[[str], str]) -> None:
    """A model, a queue, a store with claims: nothing is skipped."""
    said = ran(f"""{HEAD}
from tablewright.runtime import AirtableModel
from tablewright.testing import QueueContract, StoreContract
class TestBare(QueueContract): pass
class TestStore(StoreContract): model = "AgentTask"
class TestClaims(QueueContract): model = AgentTask
class Plain(AgentTask): table = __import__("dataclasses").replace(AgentTask.table, queue=None)
class TestPlain(QueueContract): model = Plain
""")

    assert "TestBare names no model: write 'model = …' in it, with a generated class" in said
    assert "TestStore has the model 'AgentTask': write 'model = …' in it" in said
    assert (
        "TestClaims needs a store with claims, and the one of 'store_connection' has none" in said
    )
    assert '@pytest.mark.airtable(leases="sqlite://"), or override' in said
    assert "Plain has no queue in its schema" in said
    assert "passed" not in said
    assert "skipped" not in said
