"""What becomes of the tasks of a queue that move to another store."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from generated.agent_tasks import AgentTask
from tablewright.runtime import connect

if TYPE_CHECKING:
    from tests.provision.conftest import Shell

ROOT = Path(__file__).parents[2]
LATER = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture
def source(shell: Shell) -> str:
    """A database with three tasks: one that waits, one that is postponed, and one that is held."""
    (shell.folder / "schemas" / "shop.yaml").unlink()
    shutil.copy(ROOT / "schemas" / "agent_tasks.yaml", shell.folder / "schemas")
    url = f"sqlite:///{shell.folder}/source.db"
    with connect(url):
        AgentTask.create(name="held", description="d", agent_id="a")
        (held,) = AgentTask.claim("worker", 1)
        held.release()
        AgentTask.claim("worker", 1)
        AgentTask.create(name="waiting", description="d", agent_id="a")
        AgentTask.create(name="postponed", description="d", agent_id="a").postpone(LATER)
    return url


def copied(shell: Shell, source: str, target: str) -> dict[str, object]:
    found = shell.run("copy", "--from", source, "--to", target, "--verify", "--format", "json")
    assert found.returncode == 0, found.stderr
    told: dict[str, object] = json.loads(found.stdout)
    return told


def test_between_databases_tasks_keep_what_the_queue_knows_of_them(
    shell: Shell, source: str, url: str
) -> None:
    """A postponed task is not run at once, attempts go on counting, and a held task is held until its lease runs out."""
    with connect(source):
        before = {one.name: one for one in AgentTask.all()}

    told = copied(shell, source, url)

    assert told["remarks"] == []
    with connect(url):
        after = {one.name: one for one in AgentTask.all()}
        for name, one in before.items():
            assert (one.ready_at, one.attempt, one.lease_until, one.worker_id) == (
                after[name].ready_at,
                after[name].attempt,
                after[name].lease_until,
                after[name].worker_id,
            )
        assert [one.name for one in AgentTask.claim("other", 10)] == ["waiting"]


@pytest.mark.parametrize("retries", [0, 3])
def test_a_held_task_is_taken_again_after_its_lease(
    shell: Shell, source: str, url: str, retries: int
) -> None:
    """As one whose worker died; without attempts left it ends as failed."""
    past = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    engine = sa.create_engine(source)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE agent_task SET lease_until = :past, retry_count = :retries WHERE name = 'held'"
            ),
            {"past": past, "retries": retries},
        )
    engine.dispose()

    copied(shell, source, url)

    with connect(url):
        taken = {one.name for one in AgentTask.claim("other", 10)}
        (held,) = AgentTask.where(AgentTask.c.name == "held")
        assert ("held" in taken) is (retries == 0)
        assert held.status.name == ("IN_PROGRESS" if retries == 0 else "FAILED")
        assert len(held.history()) >= 1


def test_held_tasks_that_no_worker_will_take_are_told_with_a_way_out(
    shell: Shell, source: str
) -> None:
    """Airtable keeps no leases beside its rows: somebody has to settle them."""
    shell.type("apply", "--yes")
    base = f"airtable://{shell.server.base_id}?endpoint={shell.server.url}"

    text = shell.run("copy", "--from", source, "--to", base)
    again = copied(shell, source, base)

    said = (
        "AgentTask: 1 held task came over without a lease, so no worker takes it: end it in the target by "
        "'fail_execution' or another transition, or put it back in line"
    )
    assert text.returncode == 0, text.stderr
    assert said in text.stderr.splitlines()
    assert again["remarks"] == [said]
    assert again["tables"] == [{"table": "AgentTask", "sent": 0, "total": 3, "abandoned": 1}]


def test_leases_in_a_database_go_along_with_the_rows_of_a_base(
    shell: Shell, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where TABLEWRIGHT_LEASES names it, nobody has to settle anything in the target."""
    shell.type("apply", "--yes")
    monkeypatch.setenv("AIRTABLE_ACCESS_TOKEN", shell.server.token)
    base = f"airtable://{shell.server.base_id}?endpoint={shell.server.url}"
    leases = f"sqlite:///{tmp_path}/leases.db"
    with connect(base, leases=leases):
        AgentTask.create(name="held", description="d", agent_id="a")
        AgentTask.claim("worker", 1)
        AgentTask.create(name="late", description="d", agent_id="a").postpone(LATER)

    target = f"sqlite:///{tmp_path}/target.db"
    found = shell.run("copy", "--from", base, "--to", target, TABLEWRIGHT_LEASES=leases)

    assert found.returncode == 0, found.stderr
    assert "lease" not in found.stderr
    with connect(target):
        there = {one.name: one for one in AgentTask.all()}
        assert (there["held"].worker_id, there["held"].attempt) == ("worker", 1)
        assert there["held"].lease_until is not None
        assert there["late"].ready_at == LATER
