"""Limits of the service: how long a call waits, and which limit is not waited for."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tablewright.provision.errors import Refused
from tablewright.provision.ports.airtable import AirtablePort
from tablewright.server.serve import LocalAirtable


class Busy(HTTPAdapter):
    """Refuses the first request, with headers and an error of its own."""

    def __init__(self, status: int, headers: dict[str, str], error: Any) -> None:
        super().__init__()
        self._refusal: tuple[int, dict[str, str], Any] | None = (status, headers, error)
        self.asked = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        self.asked += 1
        if self._refusal is None:
            return super().send(request, *args, **more)
        answer = requests.Response()
        answer.status_code, headers, error = self._refusal
        self._refusal = None
        answer.url, answer.request, answer.reason = str(request.url), request, "Too Many Requests"
        answer.headers.update(headers)
        answer._content = json.dumps({"error": error}).encode()
        return answer


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 30),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Fri, 15 Jan 2027 08:00:09 GMT", "Date": "Fri, 15 Jan 2027 08:00:00 GMT"}, 9),
        ({"Retry-After": "soon"}, 30),
    ],
)  # fmt: skip
def test_a_call_waits_as_long_as_the_service_asks(
    local_airtable: LocalAirtable, headers: dict[str, str], seconds: float
) -> None:
    """Seconds or a date; thirty seconds where nothing is said."""
    waits: list[float] = []
    port = AirtablePort(local_airtable.token, endpoint=local_airtable.url, sleep=waits.append)
    port._api.session.mount("http://", Busy(429, headers, "RATE_LIMIT_REACHED"))

    port.bases()
    port.close()

    assert waits == [pytest.approx(seconds, abs=0.5)]


def test_the_limit_of_a_month_is_not_waited_for(local_airtable: LocalAirtable) -> None:
    """No pause within a run outlasts it: it is told at once, with what can be done."""
    waits: list[float] = []
    port = AirtablePort(local_airtable.token, endpoint=local_airtable.url, sleep=waits.append)
    busy = Busy(429, {}, {"type": "PUBLIC_API_BILLING_LIMIT_EXCEEDED", "message": "used up"})
    port._api.session.mount("http://", busy)

    with pytest.raises(Refused, match="used up") as error:
        port.bases()
    port.close()

    assert waits == []
    assert busy.asked == 1
    assert "API calls of this month" in error.value.way_out
