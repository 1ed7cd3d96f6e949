"""Answers leave whole, and what leaves alone is not kept back."""

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
import requests

from tablewright.server.serve import LocalAirtable

_PAGE_BYTES = 65_536


@pytest.fixture
def connection(airtable: LocalAirtable) -> Iterator[socket.socket]:
    """A bare connection to the server."""
    host, port = airtable.url.removeprefix("http://").split(":")
    with closing(socket.create_connection((host, int(port)), timeout=10)) as opened:
        yield opened


def _asked(airtable: LocalAirtable, method: str, path: str, more: str = "") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {airtable.token}\r\n"
    return f"{head}{more}\r\n".encode()


def test_an_answer_comes_in_one_piece(airtable: LocalAirtable, connection: socket.socket) -> None:
    """One call to read takes head and body, request after request."""
    for _ in range(20):
        connection.sendall(_asked(airtable, "GET", "/v0/meta/whoami"))
        head, _, body = connection.recv(_PAGE_BYTES).partition(b"\r\n\r\n")

        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert f"content-length: {len(body)}".encode() in head.lower()


def test_requests_sent_together_are_answered_in_order(
    airtable: LocalAirtable, connection: socket.socket
) -> None:
    """No answer waits for a request that is not there, and none is lost behind another."""
    connection.sendall(
        _asked(airtable, "GET", "/v0/meta/whoami") + _asked(airtable, "GET", "/v0/nothing/x")
    )

    got = b""
    while b"404" not in got or not got.endswith(b"}"):
        got += connection.recv(_PAGE_BYTES)

    assert got.index(b" 200 ") < got.index(b" 404 ")


def test_a_client_that_waits_for_leave_gets_it_at_once(
    airtable: LocalAirtable, connection: socket.socket
) -> None:
    """`100 Continue` comes alone, before the body is sent."""
    more = "Expect: 100-continue\r\nContent-Length: 2\r\n"
    connection.sendall(_asked(airtable, "POST", "/v0/meta/bases", more))
    assert connection.recv(_PAGE_BYTES).startswith(b"HTTP/1.1 100 ")

    connection.sendall(b"{}")
    assert connection.recv(_PAGE_BYTES).startswith(b"HTTP/1.1 422 ")


def test_a_connection_that_is_to_end_ends_after_its_answer(
    airtable: LocalAirtable, connection: socket.socket
) -> None:
    """Closing sends what was held."""
    connection.sendall(_asked(airtable, "GET", "/v0/meta/whoami", "Connection: close\r\n"))

    got = b""
    while piece := connection.recv(_PAGE_BYTES):
        got += piece

    assert got.endswith(b"}")


@pytest.mark.parametrize(("forwarded", "status"), [(None, 200), ("203.0.113.7", 403)])
def test_behind_a_proxy_the_pages_are_shown_to_this_machine_alone(
    airtable: LocalAirtable, forwarded: str | None, status: int
) -> None:
    """Who the proxy speaks for decides, not the proxy's own address."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}

    assert requests.get(f"{airtable.url}/calls", headers=headers, timeout=5).status_code == status
