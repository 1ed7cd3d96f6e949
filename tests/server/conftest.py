"""A running local Airtable, the clients that talk to it, and raw requests for what clients do not show."""

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pyairtable
import pytest
import requests

from tablewright.server.serve import LocalAirtable

Table = pyairtable.Table


class Raw:
    """Plain HTTP with the server's token: what a client library would hide."""

    def __init__(self, airtable: LocalAirtable) -> None:
        self.airtable = airtable
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {airtable.token}"

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self.session.request(method, f"{self.airtable.url}{path}", timeout=20, **kwargs)

    def refused(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and `error` of a request that is expected to fail."""
        answer = self(method, path, **kwargs)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, answer.json()["error"]


@pytest.fixture
def airtable() -> Iterator[LocalAirtable]:
    with LocalAirtable() as running:
        yield running


@pytest.fixture
def clients() -> Iterator[Callable[[LocalAirtable], pyairtable.Api]]:
    """Makes pyairtable clients whose connections are closed at the end."""
    made: list[pyairtable.Api] = []

    def client(running: LocalAirtable) -> pyairtable.Api:
        api = pyairtable.Api(running.token, endpoint_url=running.url, timeout=(5, 30))
        made.append(api)
        return api

    yield client
    for api in made:
        api.session.close()


@pytest.fixture
def api(
    airtable: LocalAirtable, clients: Callable[[LocalAirtable], pyairtable.Api]
) -> pyairtable.Api:
    return clients(airtable)


@pytest.fixture
def base(api: pyairtable.Api, airtable: LocalAirtable) -> pyairtable.Base:
    return api.base(airtable.base_id)


@pytest.fixture
def raws() -> Iterator[Callable[[LocalAirtable], Raw]]:
    """Makes raw clients whose connections are closed at the end."""
    made: list[Raw] = []

    def client(running: LocalAirtable) -> Raw:
        made.append(Raw(running))
        return made[-1]

    yield client
    for raw in made:
        raw.session.close()


@pytest.fixture
def raw(airtable: LocalAirtable, raws: Callable[[LocalAirtable], Raw]) -> Raw:
    return raws(airtable)


ISO = {"dateFormat": {"name": "iso"}}
ISO_TIME = {**ISO, "timeFormat": {"name": "24hour"}, "timeZone": "utc"}
CHOICES = {
    "choices": [{"name": "todo"}, {"name": "doing", "color": "greenBright"}, {"name": "done"}]
}
EVERY_WRITABLE_FIELD: list[dict[str, Any]] = [
    {"name": "Title", "type": "singleLineText"},
    {"name": "Body", "type": "multilineText"},
    {"name": "Notes", "type": "richText"},
    {"name": "Mail", "type": "email"},
    {"name": "Link", "type": "url"},
    {"name": "Phone", "type": "phoneNumber"},
    {"name": "Count", "type": "number", "options": {"precision": 0}},
    {"name": "Share", "type": "percent", "options": {"precision": 1}},
    {"name": "Price", "type": "currency", "options": {"precision": 2, "symbol": "$"}},
    {"name": "Took", "type": "duration", "options": {"durationFormat": "h:mm:ss"}},
    {"name": "Day", "type": "date", "options": ISO},
    {"name": "Moment", "type": "dateTime", "options": ISO_TIME},
    {"name": "Done", "type": "checkbox", "options": {"icon": "check", "color": "redBright"}},
    {
        "name": "Stars",
        "type": "rating",
        "options": {"icon": "star", "color": "redBright", "max": 5},
    },
    {"name": "State", "type": "singleSelect", "options": CHOICES},
    {"name": "Tags", "type": "multipleSelects", "options": CHOICES},
    {"name": "Owner", "type": "singleCollaborator"},
    {"name": "Team", "type": "multipleCollaborators"},
    {"name": "Files", "type": "multipleAttachments"},
    {"name": "Code", "type": "barcode"},
]


@pytest.fixture
def table(base: pyairtable.Base) -> Table:
    """A table with a field of every type that can be written, links aside."""
    return base.create_table("Tasks", EVERY_WRITABLE_FIELD)


@pytest.fixture
def path(airtable: LocalAirtable, table: Table) -> str:
    """The path of `table` for raw requests."""
    return f"/v0/{airtable.base_id}/Tasks"


@pytest.fixture(autouse=True)
def _no_sockets_left_over() -> Iterator[None]:
    """A socket that a test forgot shows in that test and not in a later one."""
    yield
    gc.collect()
