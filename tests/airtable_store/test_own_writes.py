"""Readings that lag behind writes: what this program wrote itself is shown, and decides."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from generated.agent_tasks import AgentTask, TaskStatus
from tablewright.runtime import Connection, RecordNotFound
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision


class Lagging(HTTPAdapter):
    """Shows records for a second as they were before the latest write to their table."""

    def __init__(self, clock: Any, records: Callable[[], list[dict[str, Any]]]) -> None:
        super().__init__()
        self._clock = clock
        self._records = records
        self._before: list[dict[str, Any]] = []
        self._until = 0.0

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        table = urlsplit(str(request.url)).path.split("/")[3]
        if table == "AI_Agent_Tasks" and request.method != "GET":
            self._before, self._until = self._records(), self._clock.time() + 1.0
        answer = super().send(request, *args, **more)
        if table == "AI_Agent_Tasks" and request.method == "GET":
            self._lag(answer)
        return answer

    def _lag(self, answer: requests.Response) -> None:
        if self._clock.time() >= self._until:
            return
        before = {one["id"]: one for one in self._before}
        now = answer.json()
        shown = [before[one["id"]] for one in now["records"] if one["id"] in before]
        content = json.dumps({**now, "records": shown}).encode()
        answer.headers.pop("content-encoding", None)
        answer._content = content


@pytest.fixture
def lagging(connection: Connection, clock: Any, people: Any) -> None:
    """Reads of the connection lag a second behind its writes."""
    mount(connection, Lagging(clock, people.all))


def mount(connection: Connection, adapter: HTTPAdapter) -> None:
    """Let the requests of a connection pass through an adapter."""
    store: Any = connection.store
    store.client.api.session.mount("http://", adapter)


def test_a_transition_is_not_taken_back_by_a_reading_that_lags(
    one: AgentTask, lagging: None, clock: Any
) -> None:
    """What Airtable answered to the write counts, and two transitions can follow each other at once."""
    one.start_execution()
    one.complete_execution("all done")

    assert one.status is TaskStatus.COMPLETED
    assert [entry.transition for entry in one.history()] == ["start_execution", "complete_execution"]  # fmt: skip
    assert sum(clock.waits) < 4


def test_a_record_shows_what_was_just_written_to_it(
    one: AgentTask, lagging: None, people: Any
) -> None:
    """Neither `get` nor `refresh` shows a record as it was before this program's own write."""
    one.update(output="new")

    assert AgentTask.get(one.id).output == "new"
    assert one.refresh().output == "new"
    one.retry_count = 2
    assert one.save(if_unchanged=True).retry_count == 2


def test_a_record_is_there_as_soon_as_it_was_created(
    tasks: Factory[AgentTask], lagging: None
) -> None:
    """A reading that lags does not know it yet, and is taken again."""
    made = tasks.create(name="made")

    assert AgentTask.get(made.id).name == "made"


def test_what_somebody_else_wrote_since_is_shown(
    one: AgentTask, people: Any, clock: Any, sent: Callable[[], list[str]]
) -> None:
    """A cell that others changed differs for good: after a second and a half it is taken for theirs."""
    one.update(output="ours")
    people.edit(one.id, Output="theirs")
    sent()

    assert one.refresh().output == "theirs"
    assert sum(clock.waits) == pytest.approx(1.5)
    assert len(sent()) == 4
    assert one.refresh().output == "theirs"
    assert len(sent()) == 1


def test_what_was_deleted_is_not_waited_for(tasks: Factory[AgentTask], clock: Any) -> None:
    """A record that this program deleted is gone, and so are links to it, without another look."""
    parent = tasks.create(name="parent")
    child = tasks.create(name="child", parent_task=parent)
    parent.delete()

    assert child.refresh().parent_task is None
    with pytest.raises(RecordNotFound):
        AgentTask.get(parent.id)
    assert clock.waits == []


@pytest.fixture
def leased(local_airtable: LocalAirtable, clock: Any, people: Any) -> Iterator[Connection]:
    """A connection with leases, whose reads lag a second behind its writes."""
    provision(local_airtable, [AgentTask])
    with connected(local_airtable, clock=clock, leases="sqlite://") as opened:
        mount(opened, Lagging(clock, people.all))
        yield opened


def test_a_short_task_is_ended_by_its_worker(leased: Connection, clock: Any) -> None:
    """Its claim may not be shown yet when its result is written: the lease holds all the same."""
    AgentTask.create(name="short", description="d", agent_id="a")
    clock.sleep(2)

    (task,) = AgentTask.claim("worker")
    task.complete_execution("done at once")

    assert task.status is TaskStatus.COMPLETED
