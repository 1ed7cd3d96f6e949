"""Answers that Airtable gives and the local one does not: files left out, requests too large, rights that are missing."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from generated.agent_tasks import AgentTask
from tablewright.runtime import (
    Connection,
    RecordInvalid,
    RecordNotFound,
    StoreError,
    StoreUnavailable,
    WriteIncomplete,
)
from tablewright.server.serve import LocalAirtable
from tablewright.testing import connected, provision

Says = Callable[[requests.PreparedRequest], tuple[int, Any] | None]
Adds = Callable[[requests.PreparedRequest, dict[str, Any]], None]


class Saying(HTTPAdapter):
    """Answers requests itself where *says* does, and adds to other answers what *adds* does."""

    def __init__(self, says: Says | None = None, adds: Adds | None = None) -> None:
        super().__init__()
        self._says = says
        self._adds = adds

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        said = self._says(request) if self._says is not None else None
        if said is None:
            answer = super().send(request, *args, **more)
            content = answer.json()
            if self._adds is not None:
                self._adds(request, content)
        else:
            answer = requests.Response()
            answer.status_code, content = said
            answer.url, answer.request = str(request.url), request
        answer.headers.pop("content-encoding", None)
        answer._content = json.dumps(content).encode()
        return answer


def say(connection: Connection, says: Says | None = None, adds: Adds | None = None) -> None:
    """Put answers of one's own between a store and its Airtable."""
    store: Any = connection.store
    store.client.api.session.mount("http://", Saying(says, adds))


@pytest.fixture
def saying(connection: Connection) -> Callable[..., None]:
    """Puts answers of its own between the store and the local Airtable."""

    return partial(say, connection)


def content_of(request: requests.PreparedRequest) -> bytes:
    """Return what a request sends."""
    body: Any = request.body
    return body.encode() if isinstance(body, str) else body or b""


def records_of(request: requests.PreparedRequest) -> list[Any]:
    """Return the records that a request writes."""
    body = json.loads(content_of(request) or b"{}")
    found: list[Any] = body.get("records", [body])
    return found


def too_large(request: requests.PreparedRequest) -> tuple[int, Any] | None:
    """Refuse to take more than three records in one request."""
    return (413, {}) if request.method != "GET" and len(records_of(request)) > 3 else None


def items(number: int) -> list[dict[str, Any]]:
    """Return so many tasks to create."""
    return [{"name": f"{one:02}", "description": "d", "agent_id": "a"} for one in range(number)]


def test_files_that_airtable_left_out_are_told_of(
    connection: Connection, saying: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    """A record is stored without files that could not be fetched, and the answer's details are the only sign of it."""
    details = {"message": "partialSuccess", "reasons": ["attachmentsFailedUploading"]}

    def add(request: requests.PreparedRequest, content: dict[str, Any]) -> None:
        if request.method in ("POST", "PATCH"):
            content["details"] = details

    saying(adds=add)

    with caplog.at_level(logging.WARNING, "tablewright"):
        (made,) = AgentTask.bulk_create(items(1))
        made.update(retry_count=1)

    told = [one.getMessage() for one in caplog.records]
    assert len(told) == 2
    assert all("some of the files (attachmentsFailedUploading)" in one for one in told)
    assert all(made.id in one for one in told)


def test_a_request_that_is_too_large_is_sent_in_halves(
    connection: Connection, saying: Callable[..., None], sent: Callable[[], list[str]]
) -> None:
    """Airtable does not say how much one request may hold: what it refuses whole it may take in parts."""
    saying(too_large)

    made = AgentTask.bulk_create(items(12))
    changed = AgentTask.bulk_update({one.id: {"retry_count": 1} for one in made})

    assert [one.name for one in made] == [one["name"] for one in items(12)]
    assert [one.id for one in changed] == [one.id for one in made]
    written = [one for one in sent() if not one.startswith("GET")]
    assert len(written) == 2 * (4 + 1)
    assert AgentTask.where(AgentTask.c.retry_count == 1).count() == 12


def test_one_record_that_is_too_large_is_refused(
    connection: Connection, saying: Callable[..., None]
) -> None:
    """One record cannot be halved; those before it are said to be stored."""

    def refuses_07(request: requests.PreparedRequest) -> tuple[int, Any] | None:
        return (413, {}) if b'"07"' in content_of(request) else None

    saying(refuses_07)

    with pytest.raises(WriteIncomplete, match="status 413") as error:
        AgentTask.bulk_create(items(10))

    assert sorted(error.value.stored) == [0, 1, 2, 3, 4, 5, 6]
    assert error.value.in_doubt == ()
    assert AgentTask.count() == 7


def test_a_record_that_comes_on_two_pages_is_one(
    connection: Connection, saying: Callable[..., None]
) -> None:
    """Pages are no snapshot: what somebody changes between two of them can come again."""
    AgentTask.bulk_create(items(120))
    first: list[Any] = []

    def repeats(request: requests.PreparedRequest, content: dict[str, Any]) -> None:
        if "offset" in parse_qs(urlsplit(str(request.url)).query):
            content["records"][:0] = first[-2:]
        else:
            first[:] = content["records"]

    saying(adds=repeats)

    assert len(AgentTask.all()) == len({one.id for one in AgentTask.all()}) == 120
    assert AgentTask.count() == 120


def test_a_list_that_airtable_forgets_each_time_is_given_up(
    connection: Connection, saying: Callable[..., None], sent: Callable[[], list[str]]
) -> None:
    """A list is read again from its start, and not for ever."""
    AgentTask.bulk_create(items(3))

    def forgets(request: requests.PreparedRequest) -> tuple[int, Any] | None:
        if "offset" in parse_qs(urlsplit(str(request.url)).query):
            return 422, {"error": {"type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE"}}
        return None

    def goes_on(request: requests.PreparedRequest, content: dict[str, Any]) -> None:
        content["offset"] = "itrAAAAAAAAAAAAAA/recAAAAAAAAAAAAAA"

    saying(forgets, goes_on)
    sent()

    with pytest.raises(StoreUnavailable, match="forgot 5 times which page came next"):
        AgentTask.all()

    assert len(sent()) == 5


@pytest.mark.parametrize("action", ["create", "save", "delete", "move", "read"])
def test_a_right_that_is_missing_is_told_as_such(
    connection: Connection, one: AgentTask, saying: Callable[..., None], action: str
) -> None:
    """The base and the table are there: nothing is said of making them."""
    said = "You are not permitted to perform this operation"
    saying(lambda _: (403, {"error": {"type": "INVALID_PERMISSIONS", "message": said}}))
    actions: dict[str, Callable[[], object]] = {
        "create": lambda: AgentTask.bulk_create(items(1)),
        "save": lambda: one.update(retry_count=1),
        "delete": one.delete,
        "move": one.start_execution,
        "read": lambda: AgentTask.get(one.id),
    }

    with pytest.raises(StoreError, match=f"{said}.* the scopes data.records:read") as error:
        actions[action]()

    assert "apply" not in str(error.value)


def test_a_value_that_fits_and_is_refused_leads_to_the_plan(
    one: AgentTask, local_airtable: LocalAirtable, saying: Callable[..., None]
) -> None:
    """A field whose type people changed takes other values than the schema's."""
    message = 'Field "Retry Count" cannot accept a value because the field is computed'
    error = {"type": "INVALID_VALUE_FOR_COLUMN", "message": message}
    saying(lambda request: (422, {"error": error}) if request.method == "PATCH" else None)

    with pytest.raises(
        StoreError, match=r"another type in Airtable by now\. Run 'tablewright plan'"
    ):
        one.update(retry_count=1)


def test_json_that_airtable_cannot_hold_is_refused_before_anything_is_sent(
    connection: Connection, sent: Callable[[], list[str]]
) -> None:
    """JSON is kept in a text, which holds 100,000 characters; signs beyond ASCII count as one."""
    fits = {**items(1)[0], "parameters": "é" * 99_998}

    with pytest.raises(
        RecordInvalid, match="parameters has to be JSON of at most 100000 characters"
    ):
        AgentTask.bulk_create([fits, {**fits, "parameters": "é" * 99_999}])

    assert sent() == []
    (made,) = AgentTask.bulk_create([fits])
    assert made.refresh().parameters == fits["parameters"]


def test_a_record_that_is_gone_is_told_as_such_where_airtable_does_not_say(
    one: AgentTask, people: Any, saying: Callable[..., None]
) -> None:
    """It answers 403 to a change of a record that is gone, as to one of a base that the token may not use."""
    unsaid = {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "message": "Invalid permissions, or not found"}  # fmt: skip
    saying(lambda sent: (403, {"error": unsaid}) if sent.method in ("PATCH", "DELETE") else None)

    for refused in (lambda: one.update(retry_count=1), one.start_execution, one.delete):
        with pytest.raises(StoreError, match="the token may not use it") as error:
            refused()
        assert not isinstance(error.value, RecordNotFound)

    before = AgentTask.get(one.id)
    people.remove(one.id)
    with pytest.raises(RecordNotFound):
        one.update(retry_count=1)
    with pytest.raises(RecordNotFound):
        before.start_execution()
    assert AgentTask.bulk_delete([one.id]) == 0


@pytest.mark.parametrize("ends", [True, False])
def test_a_task_that_goes_while_it_is_written_is_no_refusal(
    local_airtable: LocalAirtable, clock: Any, people: Any, ends: bool
) -> None:
    """Neither its claim nor its end fails where Airtable does not say that the record is gone."""
    unsaid = {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND", "message": "not found"}

    def removes(request: requests.PreparedRequest) -> tuple[int, Any] | None:
        record_id = str(request.url).rpartition("/")[2]
        if request.method != "PATCH" or not record_id.startswith("rec"):
            return None
        people.remove(record_id)
        return 403, {"error": unsaid}

    provision(local_airtable, [AgentTask])
    with connected(local_airtable, clock=clock, leases="sqlite://") as leased:
        AgentTask.bulk_create(items(1))
        held = AgentTask.claim("worker") if ends else []
        say(leased, removes)

        for one in held:
            one.complete_execution("done")
        assert AgentTask.claim("other") == []
        assert AgentTask.count() == 0
