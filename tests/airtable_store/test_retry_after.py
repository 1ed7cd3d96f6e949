"""How long a service asks to be left alone: as seconds, as a date, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tablewright.runtime.stores.airtable_client import Client
from tablewright.runtime.stores.airtable_open import api_for
from tablewright.runtime.stores.limiter import SharedLimiter

DATE = "Fri, 15 Jan 2027 08:00:00 GMT"
"""The moment of the still clock."""


class Refusing(ThreadingHTTPServer):
    """Refuses one request in a way of its own, and answers the next."""

    status: int
    headers: dict[str, str]
    asked = 0


class Answers(BaseHTTPRequestHandler):
    """What it answers."""

    server: Refusing

    def do_GET(self) -> None:
        self.server.asked += 1
        is_first = self.server.asked == 1
        self.send_response_only(self.server.status if is_first else 200)
        for name, value in self.server.headers.items() if is_first else ():
            self.send_header(name, value)
        body = b'{"error": "x"}' if is_first else b'{"records": []}'
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its own name
        """Keep quiet."""


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    """A service of this machine."""
    with Refusing(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({}, 30),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:10 GMT"}, 70),
        ({"Retry-After": "Friday, 15-Jan-27 08:01:10 GMT"}, 70),
        ({"Retry-After": "Fri, 15 Jan 2027 08:01:10 -0000"}, 70),
        # The service's clock is an hour ahead of ours: what counts is the span that it names.
        ({"Date": "Fri, 15 Jan 2027 09:00:00 GMT", "Retry-After": "Fri, 15 Jan 2027 09:00:20 GMT"}, 20),
        ({"Date": "soon", "Retry-After": "Fri, 15 Jan 2027 08:00:20 GMT"}, 20),
        ({"Retry-After": "Fri, 15 Jan 2027 07:00:00 GMT"}, 30),
        ({"Retry-After": "0"}, 30),
        ({"Retry-After": "-5"}, 30),
        ({"Retry-After": "soon"}, 30),
        ({"Retry-After": "Fri, 15 Jan 99999 08:00:00 GMT"}, 30),
        ({"Retry-After": "86400"}, 3600),
        ({"Retry-After": "9" * 400}, 3600),
        ({"Retry-After": "Sat, 15 Jan 2028 08:00:00 GMT"}, 3600),
    ],
)  # fmt: skip
def test_after_too_many_requests_the_wait_is_what_the_service_asks_for(
    refusing: Refusing, tmp_path: Path, clock: Any, headers: dict[str, str], waited: float
) -> None:
    """Seconds or a date, an hour at most; thirty seconds where it names no time to come."""
    refusing.status, refusing.headers = 429, headers

    assert _asked(refusing, tmp_path, clock) == [pytest.approx(waited)]
    assert refusing.asked == 2


@pytest.mark.parametrize(
    ("text", "least", "most"), [("3", 3, 3), ("Fri, 15 Jan 2027 08:00:09 GMT", 9, 9), ("0", 0, 20), ("Fri, 15 Jan 2027 07:00:00 GMT", 0, 20)]
)  # fmt: skip
def test_a_fault_of_the_service_is_waited_for_too(
    refusing: Refusing, tmp_path: Path, clock: Any, text: str, least: float, most: float
) -> None:
    """Where it names no time to come, for a short random time."""
    refusing.status, refusing.headers = 503, {"Retry-After": text}

    assert least <= sum(_asked(refusing, tmp_path, clock)) <= most
    assert refusing.asked == 2


def _asked(refusing: Refusing, folder: Path, clock: Any) -> list[float]:
    """Return the waits of one list."""
    limiter = SharedLimiter(folder / "base", clock=clock)
    api = api_for("token", f"http://127.0.0.1:{refusing.server_port}")
    client = Client(api, "appAAAAAAAAAAAAAA", limiter, clock)
    assert list(client.pages("read", client.table("Tasks"), {})) == [[]]
    client.close()
    waits: list[float] = clock.waits
    return waits
