"""What the tests of the Airtable store share: a local Airtable, a clock that does not wait, and requests to count."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from generated.agent_tasks import AgentTask
from tablewright.runtime import Connection
from tablewright.server.faults import Faults
from tablewright.server.serve import LocalAirtable
from tablewright.testing import Factory, connected, provision
from tests.airtable_store.faults import LATE, PATIENCE, Break, api_of


class StillClock:
    """A clock that notes how long it was asked to wait, and moves on at once."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.waits: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.waits.append(seconds)
        self.now += seconds


class People:
    """What people do in Airtable itself, past the store: raw requests to the local one."""

    def __init__(self, airtable: LocalAirtable) -> None:
        self._airtable = airtable
        self._table = f"{airtable.url}/v0/{airtable.base_id}/AI_Agent_Tasks"

    def edit(self, record_id: str, **fields: Any) -> None:
        body = {"fields": fields, "typecast": True}
        self._send("PATCH", f"{self._table}/{record_id}", body)

    def add(self, **fields: Any) -> str:
        found: str = self._send("POST", self._table, {"fields": fields, "typecast": True})["id"]
        return found

    def remove(self, record_id: str) -> None:
        self._send("DELETE", f"{self._table}/{record_id}", None)

    def cells(self, record_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._send("GET", f"{self._table}/{record_id}", None)["fields"]
        return found

    def all(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("GET", self._table, None)["records"]
        return found

    def _send(self, method: str, url: str, body: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {self._airtable.token}",
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body)
        answer = requests.request(method, url, data=data, headers=headers, timeout=20)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def clock() -> StillClock:
    """A clock that does not wait."""
    return StillClock()


@pytest.fixture
def patience(request: pytest.FixtureRequest) -> tuple[float, float]:
    """For how many seconds a client waits for a connection, and for an answer: not long for one that comes too late."""
    given = getattr(request.node, "callspec", None)
    return 5, PATIENCE if given is not None and LATE in given.params.values() else 2


@pytest.fixture
def connection(
    local_airtable: LocalAirtable, clock: StillClock, patience: tuple[float, float]
) -> Iterator[Connection]:
    """A connection whose tables exist and whose calls are counted from here on."""
    provision(local_airtable, [AgentTask])
    with connected(local_airtable, clock=clock, timeout=patience) as opened:
        # The names of the tables are read once; that is no part of any operation.
        AgentTask.count()
        local_airtable.calls.clear()
        yield opened


@pytest.fixture
def people(local_airtable: LocalAirtable) -> People:
    """People who work in the same base."""
    return People(local_airtable)


@pytest.fixture
def tasks(connection: Connection) -> Factory[AgentTask]:
    """Tasks with values that fit."""
    return Factory(AgentTask, agent_id="a", description="d")


@pytest.fixture
def sent(local_airtable: LocalAirtable) -> Callable[[], list[str]]:
    """The requests since the last call, as method and what follows the table's name."""

    def requests_since() -> list[str]:
        found = [
            f"{call.method} {call.path.removeprefix(f'/v0/{local_airtable.base_id}/')}"
            for call in local_airtable.calls
        ]
        local_airtable.calls.clear()
        return found

    return requests_since


@pytest.fixture
def one(tasks: Factory[AgentTask]) -> AgentTask:
    """A stored task."""
    return tasks.create(name="one")


@pytest.fixture
def rules(local_airtable: LocalAirtable) -> Callable[[str], None]:
    """Puts rules into the running server, which count from now on."""

    def put(text: str) -> None:
        api_of(local_airtable)._faults = Faults.parse(text, 0)

    return put


@pytest.fixture
def breaking(local_airtable: LocalAirtable, rules: Callable[[str], None]) -> Break:
    """The first request from now on that has this method fails, or those that are named."""

    def put(fault: str, method: str, nth: str = "1") -> None:
        rules(f"{fault} method={method} path=/v0/{local_airtable.base_id}/* nth={nth}")

    return put
